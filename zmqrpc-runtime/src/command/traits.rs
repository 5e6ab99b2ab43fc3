//! The trait that every command implements.

use serde::Serialize;

use super::{Answer, Failure, Method, Value};

/// An encoded call: the arguments of one method, and what comes back.
///
/// [`zmq_service`](https://docs.rs/zmqrpc/latest/zmqrpc/attr.zmq_service.html) writes one per method of a trait;
/// `#[derive(Command)]` makes one of a struct of yours. On the wire a command is the tuple of its fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    note = "write `#[derive(serde::Serialize, serde::Deserialize, zmqrpc::Command)]` above it"
)]
pub trait Command: Serialize {
    /// What a caller gets.
    type Reply: Value;
    /// What a caller gets instead: [`Error`](crate::Error), or [`CallError<E>`](crate::CallError).
    type Failure: Failure;
    /// What a service returns: the reply, or a `Result` of it.
    type Answer: Answer<Self::Reply, Self::Failure, Service = <Self::Failure as Failure>::Service>;
    /// Names, signature and options.
    const METHOD: Method;
}
