//! Bytes in, bytes out: what programs exchange that have a format of their own.
//!
//! A message is a call of one built-in command, so that everything that holds for calls holds for messages: deadlines,
//! liveness, limits, errors that tell whether the other side has seen it. It uses clients, servers and publishers, and
//! knows of sockets nothing.

#[cfg(feature = "tokio")]
mod async_receiver;
mod command;
mod receiver;
mod sender;

#[cfg(feature = "tokio")]
pub use async_receiver::{AsyncReceiver, Delivered};
pub use receiver::{Received, Receiver};
pub use sender::Sender;
