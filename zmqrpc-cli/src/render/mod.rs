//! Descriptions for people.

mod list;
mod method;
mod types;

pub(crate) use self::list::{list, own};
pub(crate) use self::method::{head, method};
pub(crate) use self::types::types;
