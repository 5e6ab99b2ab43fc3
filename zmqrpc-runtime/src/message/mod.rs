//! Bytes in, bytes out, for programs that have a format of their own.
//!
//! A message is a call of one built-in command, so that everything that holds for calls holds for messages: deadlines,
//! liveness, limits, errors that say whether the other side has seen it.
//!
//! | | |
//! |---|---|
//! | [`Sender`] | sends bytes over any [`Transport`](crate::service::Transport): clients, publishers, pushers |
//! | [`Receiver`], [`Received`] | hands each message to a callback |
//! | `AsyncReceiver`, `Delivered` | gives messages to tasks |
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use zmqrpc_runtime::message::{Receiver, Sender};
//! use zmqrpc_runtime::{Client, Server};
//!
//! let settings = Server::builder().bind("tcp://127.0.0.1:*");
//! let receiver = Receiver::start(settings, |message| Ok(message.into_bytes()))?;
//! let sender = Sender::new(Client::connect(&receiver.endpoints()[0])?);
//! assert_eq!(sender.send(b"hello").unwrap(), b"hello");
//! receiver.shutdown(Duration::from_secs(1))?;
//! # Ok::<(), zmqrpc_runtime::Error>(())
//! ```

// It uses clients, servers and publishers, and knows nothing of sockets.

#[cfg(feature = "tokio")]
mod async_receiver;
mod command;
mod receiver;
mod sender;

#[cfg(feature = "tokio")]
pub use async_receiver::{AsyncReceiver, Delivered};
pub use receiver::{Received, Receiver};
pub use sender::Sender;
