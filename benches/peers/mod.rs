//! The other RPC libraries of the comparison, and whatever else is called with `await`.
//!
//! Used by `compare` alone. Everything here is set as it is fastest on one connection; where that is not the
//! library's default, it says so.

mod caller;
mod tarpc;
mod tonic;
mod zmqrpc;

pub(crate) use self::tarpc::{TarpcCaller, serve_tarpc};
pub(crate) use self::tonic::{TonicCaller, serve_tonic};
pub(crate) use self::zmqrpc::{NamedCaller, ZmqrpcCaller};
pub(crate) use caller::{Threads, async_driver, block_on_server};
