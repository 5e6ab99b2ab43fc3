//! Services and commands: what is called, and what executes it.
//!
//! `#[zmq_service]` on a trait makes all of this; whoever writes commands and handlers by hand, a transport of their own or
//! a mock, finds the traits here.
//!
//! | | |
//! |---|---|
//! | [`Command`] | an encoded call: the arguments of a method, with its reply and failure types |
//! | [`Service`] | what executes commands; the generated `..Server` is one |
//! | [`Handler`], [`AsyncHandler`] | closures that execute one command, for [`ServerBuilder::handler`](crate::ServerBuilder::handler) |
//! | [`CallContext`] | who calls, what travels beside the arguments, how much time remains |
//! | [`Transport`], [`WithTimeout`], [`WithTopic`] | what carries commands: clients, publishers, pushers, and layers of your own |
//! | [`Value`] | what may travel in a reply |
//! | [`Method`] | names, signature and options of a method |
//! | [`ArgumentList`] | the arguments of a method, as a server decodes them |
//! | [`Failure`], [`Answer`], [`Never`] | the types that a call's end is made of |
//! | [`assert_travels`] | a test's assertion that a type arrives as it was sent |
//!
//! # Examples
//!
//! ```
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! struct Reading {
//!     sensor: String,
//!     celsius: f64,
//! }
//!
//! let reading = Reading {
//!     sensor: "attic".into(),
//!     celsius: 21.5,
//! };
//! zmqrpc_runtime::service::assert_travels([reading]);
//! ```

pub use crate::codec::assert_travels;
pub use crate::command::{
    Answer, ArgumentList, CallContext, Command, Failure, Method, Never, Service, Transport, Value,
    WithTimeout, WithTopic,
};
pub use crate::server::{AsyncHandler, Handler};
