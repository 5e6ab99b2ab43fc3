//! The receiving side.

use std::time::Duration;

use super::command::ReceivedMessage;
use crate::command::CallContext;
use crate::error::Error;
use crate::server::{ServerBuilder, ServerHandle};

/// Hands every message that arrives to a callback: over REQ/REP, from publishers, from pushers, all at once if need be.
///
/// The callback runs on the server's worker threads, so several messages at once unless
/// [`worker_threads(1)`](ServerBuilder::worker_threads) is set; then one after the other, as they
/// arrived. Its answer goes back to who waits for one: a message that was published or pushed has nobody.
///
/// Ending it is the server's end: [`shutdown`](Self::shutdown), or dropping it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::Server;
/// use zmqrpc_runtime::message::{Receiver, Sender};
/// use zmqrpc_runtime::pubsub::Publisher;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let publisher = Publisher::bind("tcp://127.0.0.1:*")?;
/// let (tell, told) = std::sync::mpsc::channel();
/// let settings = Server::builder().subscribe(&*publisher.endpoints()[0]);
/// let receiver = Receiver::start(settings, move |message| {
///     tell.send(message.bytes().to_vec()).map_err(|gone| gone.to_string())?;
///     Ok(Vec::new())
/// })?;
/// publisher.wait_subscribers(1, Duration::from_secs(5))?;
/// Sender::new(publisher).send(b"21.5")?;
/// assert_eq!(told.recv()?, b"21.5");
/// receiver.shutdown(Duration::from_secs(1))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping the receiver ends it"]
pub struct Receiver {
    server: ServerHandle,
}

/// A message that has arrived, and how.
#[derive(Debug)]
pub struct Received<'a> {
    context: &'a CallContext,
    bytes: Vec<u8>,
}

impl Received<'_> {
    /// The message.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message, to keep.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Who sent it, how long the sender waits, what it sent along, and under which topic it was published.
    #[must_use]
    pub fn context(&self) -> &CallContext {
        self.context
    }
}

impl Receiver {
    /// Opens what the settings name and hands every message to `on_message`, which answers with a message, or refuses
    /// with a text.
    ///
    /// # Errors
    ///
    /// Those of [`ServerBuilder::start`].
    pub fn start(
        settings: ServerBuilder,
        on_message: impl Fn(Received<'_>) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let handler = move |context: &CallContext, ReceivedMessage(bytes): ReceivedMessage| {
            on_message(Received { context, bytes })
        };
        let server = settings.handler(handler).start()?;
        Ok(Self { server })
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

    /// Blocks until it ends: until another thread stops it.
    ///
    /// # Errors
    ///
    /// Those of [`ServerHandle::wait`].
    pub fn wait(&self) -> Result<(), Error> {
        self.server.wait()
    }

    /// Waits until it ends, without blocking the thread. Works on any executor.
    pub async fn wait_async(&self) {
        self.server.wait_async().await;
    }

    /// Ends it as [`ServerHandle::shutdown`] does: what has arrived is still handed over.
    ///
    /// # Errors
    ///
    /// Those of [`ServerHandle::shutdown`].
    pub fn shutdown(&self, timeout: Duration) -> Result<(), Error> {
        self.server.shutdown(timeout)
    }

    /// Ends it as [`shutdown`](Self::shutdown) does, without blocking the thread. Works on any executor.
    ///
    /// # Errors
    ///
    /// Those of [`ServerHandle::shutdown_async`].
    pub async fn shutdown_async(&self, timeout: Duration) -> Result<(), Error> {
        self.server.shutdown_async(timeout).await
    }
}
