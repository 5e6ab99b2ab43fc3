//! Charges the [budget](crate::codec::budget) of a message while postcard decodes it.
//!
//! The module also keeps the message with which a type's own `Deserialize` rejected a value, as
//! postcard's error has no room for it.

mod access;
mod deserializer;
mod scope;
mod visitor;

pub(super) use self::scope::decode;
