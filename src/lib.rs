#![doc = include_str!("../README.md")]
//!
//! ## Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `disk-queue` | yes | `DiskQueue`, which keeps what a `BufferedProxy` has accepted in a file. |
//! | `disk-queue-upgrade` | no | `DiskQueue` opens files of format 1 too, which unpublished versions wrote with redb 2, and brings them up to date. |
//! | `msgpack` | yes | MessagePack beside postcard, and with it calls by name: `invoke`. A server without it refuses them. |
//! | `proxy` | yes | The module [`proxy`]. `disk-queue` takes it. |
//! | `tokio` | yes | `async` methods find a tokio runtime: the one that the server is started in, or one of the server's own. Without it, tokio's timers and sockets do not work in them. |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use zmqrpc_macros::{Command, zmq_service};
pub use zmqrpc_runtime::*;

#[doc(hidden)]
pub use zmqrpc_runtime::__private;

/// Compiles and runs what the guide shows.
#[cfg(doctest)]
#[doc = include_str!("../MIGRATING.md")]
mod migrating {}
