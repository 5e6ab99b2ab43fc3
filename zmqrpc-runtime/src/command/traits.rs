//! The trait that every command implements.

use serde::Serialize;

use super::{Answer, ArgumentList, Failure, Method, Value};

/// An encoded call: the arguments of one method, and the types that come back.
///
/// [`zmq_service`](https://docs.rs/zmqrpc/latest/zmqrpc/attr.zmq_service.html) generates one per method of a trait;
/// `#[derive(Command)]` makes one of your own struct. On the wire a command is the tuple of its fields.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    note = "write `#[derive(serde::Serialize, serde::Deserialize, zmqrpc::Command)]` above it"
)]
pub trait Command: Serialize {
    /// The arguments, as a server decodes them.
    type Arguments<'a>: ArgumentList<'a>;
    /// The value that a caller gets.
    type Reply: Value;
    /// The error that a caller gets: [`Error`](crate::Error), or [`CallError<E>`](crate::CallError).
    type Failure: Failure;
    /// The return type of the service: the reply, or a `Result` of it.
    type Answer: Answer<Self::Reply, Self::Failure, Service = <Self::Failure as Failure>::Service>;
    /// The method's names, signature and options.
    const METHOD: Method;
}
