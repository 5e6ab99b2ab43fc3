//! `#[zmq_service]`: makes commands, a dispatch server and a typed client of a trait.
//!
//! `model` parses the trait and `check` applies the rules; both report errors and record the
//! validity of each method. `expand` then generates what the validity allows, which is everything
//! if there are no errors, and cannot fail.

mod attribute;
mod check;
mod clashes;
mod expand;
mod model;

pub(crate) use attribute::zmq_service;
