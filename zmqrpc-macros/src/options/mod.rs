//! The options of `#[zmq_service(..)]`, `#[zmq(..)]` and `#[command(..)]`.
//!
//! Each attribute is a list of `key` and `key = value`. A wrong option is reported and skipped, so
//! the ones after it are still looked at. What the options mean is not known here.

mod list;
mod sets;
mod values;

pub(crate) use list::{is_conditional, read_attribute, read_list};
pub(crate) use sets::{CallOptions, CommandOptions, MethodOptions, ServiceOptions};
