//! The options of `#[zmq_service(..)]`, `#[zmq(..)]`, `#[command(..)]` and `#[documented(..)]`.
//!
//! Each attribute is a list of `key` and `key = value`. A wrong option is reported and skipped, so
//! that those after it are still checked. This module must not know what the options mean.

mod list;
mod sets;
mod values;

pub(crate) use list::{is_conditional, read_attribute, read_list};
pub(crate) use sets::{
    CallOptions, CommandOptions, DocumentedOptions, MethodOptions, ServiceOptions,
};
