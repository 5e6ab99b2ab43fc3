//! `#[zmq_service]`: a trait becomes commands, a dispatch server and a typed client.
//!
//! `model` reads the trait and `check` applies the rules; both report what is wrong and mark the
//! methods that it is wrong with. `expand` then writes what the marks leave, which without errors
//! is everything, and cannot fail.

mod attribute;
mod check;
mod clashes;
mod expand;
mod model;

pub(crate) use attribute::zmq_service;
