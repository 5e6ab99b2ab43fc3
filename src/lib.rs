#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use zmqrpc_macros::{Command, Documented, zmq_service};
pub use zmqrpc_runtime::*;

#[doc(hidden)]
pub use zmqrpc_runtime::__private;

/// Compiles and runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../MIGRATING.md")]
mod migrating {}
