//! Receiving from tasks.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::command::ReceivedMessage;
use crate::command::CallContext;
use crate::error::Error;
use crate::server::{ServerBuilder, ServerHandle};

/// Gives out the messages that arrive, one [`recv`](Self::recv) each. Takes the feature `tokio`, which is on by default.
///
/// It holds as many messages as it has capacity for. While they are not taken, further ones wait in the server's queue,
/// within the [server's bounds](ServerBuilder::max_queue): beyond them callers are told `Overloaded`, and what is
/// published or pushed waits at its sender. So a slow program slows its senders down, and nothing grows.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::{AsyncClient, Server};
/// use zmqrpc_runtime::message::{AsyncReceiver, Sender};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut receiver = AsyncReceiver::start(Server::builder().bind("tcp://127.0.0.1:*"), 100)?;
/// let sender = Sender::new(AsyncClient::connect(&receiver.endpoints()[0])?);
/// let sending = tokio::spawn(async move { sender.send(b"hello").await });
/// let message = receiver.recv().await.expect("the receiver runs");
/// assert_eq!(message.bytes(), b"hello");
/// message.answer(b"welcome".to_vec());
/// assert_eq!(sending.await??, b"welcome");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping the receiver ends it"]
pub struct AsyncReceiver {
    // Before the server: with nobody left to take messages, those who wait to hand theirs over give up.
    messages: mpsc::Receiver<Untaken>,
    server: ServerHandle,
}

/// A message that nobody has taken yet. Its sender is told so if nobody does.
#[derive(Debug)]
struct Untaken(Option<Delivered>);

/// What senders are told whose messages are not taken any more.
const ENDED: &str = "the receiver has ended";

impl Drop for Untaken {
    fn drop(&mut self) {
        if let Some(message) = self.0.take() {
            message.refuse(ENDED);
        }
    }
}

/// A message that has arrived, and the way to answer it.
///
/// Dropping it without an answer answers a sender that waits with an empty message: it has been received.
#[derive(Debug)]
pub struct Delivered {
    context: CallContext,
    bytes: Vec<u8>,
    answer: oneshot::Sender<Result<Vec<u8>, String>>,
}

impl Delivered {
    /// The message.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Who sent it, how long the sender waits, what it sent along, and under which topic it was published.
    #[must_use]
    pub fn context(&self) -> &CallContext {
        &self.context
    }

    /// Answers. A sender that does not wait any more gets nothing.
    pub fn answer(self, message: Vec<u8>) {
        let _ = self.answer.send(Ok(message));
    }

    /// Refuses, with a text for the sender.
    pub fn refuse(self, reason: impl Into<String>) {
        let _ = self.answer.send(Err(reason.into()));
    }
}

impl AsyncReceiver {
    /// Opens what the settings name. Holds up to `capacity` messages, at least one, that have not been taken yet.
    ///
    /// Must be called within a tokio runtime, or messages are received on one of the server's own.
    ///
    /// # Errors
    ///
    /// Those of [`ServerBuilder::start`].
    pub fn start(settings: ServerBuilder, capacity: usize) -> Result<Self, Error> {
        let (sender, messages) = mpsc::channel(capacity.max(1));
        let handler = move |context: CallContext, ReceivedMessage(bytes): ReceivedMessage| {
            let sender = sender.clone();
            async move {
                let (answer, answered) = oneshot::channel();
                let delivered = Delivered {
                    context,
                    bytes,
                    answer,
                };
                if sender.send(Untaken(Some(delivered))).await.is_err() {
                    return Err(ENDED.to_owned());
                }
                answered.await.unwrap_or(Ok(Vec::new()))
            }
        };
        let server = settings.handler_async(handler).start()?;
        Ok(Self { messages, server })
    }

    /// Returns the next message; `None` after [`close`](Self::close), when all have been taken.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Delivered> {
        self.messages.recv().await?.0.take()
    }

    /// Returns the endpoints that it listens on, with wildcards resolved.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.server.endpoints()
    }

    /// Returns the server behind it: its counters, and its endpoints and subscriptions at run time.
    pub fn server(&self) -> &ServerHandle {
        &self.server
    }

    /// Takes no more messages: senders are refused. Those that are here can still be received, then there is nothing.
    pub fn close(&mut self) {
        self.messages.close();
    }

    /// Ends it within `timeout`, as [`ServerHandle::shutdown_async`] does: those whose messages have been taken are still
    /// answered. Senders of messages that have not been taken are refused; to take these before,
    /// [`close`](Self::close) it and [`recv`](Self::recv) until there is nothing.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the receiver, which ends it as far as that goes without waiting.
    ///
    /// # Errors
    ///
    /// Those of [`ServerHandle::shutdown_async`].
    pub async fn shutdown(self, timeout: Duration) -> Result<(), Error> {
        let Self { messages, server } = self;
        // Refuses what nobody has taken.
        drop(messages);
        server.shutdown_async(timeout).await
    }
}
