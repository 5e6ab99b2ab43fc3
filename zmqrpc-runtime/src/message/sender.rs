//! The sending side.

use std::time::Duration;

use super::command::MessageCommand;
use crate::client::Client;
use crate::command::{Transport, WithTimeout, WithTopic};
use crate::error::CallError;

/// Sends messages of bytes over any transport, and hands out what the transport gives for a call:
///
/// | over | `send` gives |
/// |---|---|
/// | [`Client`] | the receiver's answer; several endpoints take turns |
/// | [`AsyncClient`](crate::AsyncClient) | a future of it |
/// | [`Publisher`](crate::pubsub::Publisher) | `()`, as soon as it is published |
/// | [`Pusher`](crate::push::Pusher) | `()`, as soon as there was room for it |
/// | [`AsyncPusher`](crate::push::AsyncPusher) | a future that waits for room |
/// | `(A, B)` | both: each message goes over `A` and over `B` |
///
/// Time limits, reconnection, heartbeats and limits are those of the transport.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::{Client, Server};
/// use zmqrpc_runtime::message::{Receiver, Sender};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let receiver = Receiver::start(Server::builder().bind("tcp://127.0.0.1:*"), |message| {
///     Ok(message.bytes().to_ascii_uppercase())
/// })?;
/// let sender = Sender::new(Client::connect(&receiver.endpoints()[0])?);
/// assert_eq!(sender.send(b"hello")?, b"HELLO");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Sender<T = Client> {
    transport: T,
}

impl<T: Transport> Sender<T> {
    /// Sends over `transport`.
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// What it sends over.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// Those of the transport; over a client [`CallError::Service`] with the text that the receiver refused the message
    /// with.
    pub fn send(&self, message: &[u8]) -> T::Call<Vec<u8>, CallError<String>> {
        self.transport.call(&MessageCommand(message))
    }
}

impl<T: WithTimeout> Sender<T> {
    /// A sender whose messages are answered, or have found room, within `timeout`.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self::new(self.transport.with_timeout(timeout))
    }
}

impl<T: WithTopic> Sender<T> {
    /// A sender that publishes under `topic`.
    #[must_use]
    pub fn with_topic(&self, topic: &str) -> Self {
        Self::new(self.transport.with_topic(topic))
    }
}

impl Sender<Client> {
    /// Sends one message to every endpoint and waits for all of them, as [`Client::fan_out`] does.
    #[must_use]
    #[expect(clippy::type_complexity, reason = "a pair per endpoint is what it is")]
    pub fn fan_out(&self, message: &[u8]) -> Vec<(String, Result<Vec<u8>, CallError<String>>)> {
        self.transport.fan_out(&MessageCommand(message))
    }
}
