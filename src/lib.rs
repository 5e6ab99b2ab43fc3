#![doc = include_str!("../README.md")]

pub use zmqrpc_macros::{Command, zmq_service};
pub use zmqrpc_runtime::*;

#[doc(hidden)]
pub use zmqrpc_runtime::__private;
