//! Transports, which carry the calls of generated clients.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Command;
use crate::socket::Frame;

/// Carries commands. A generated client works over any transport: the library's, or your own, such as a mock or a layer
/// that counts, retries or traces.
///
/// # Examples
///
/// A layer that counts the calls:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use zmqrpc_runtime::{Client, Command};
/// use zmqrpc_runtime::service::Transport;
///
/// struct Counted { inner: Client, calls: AtomicU64 }
///
/// impl Transport for Counted {
///     type Call<R, F> = Result<R, F>;
///
///     fn call<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
///         self.calls.fetch_add(1, Ordering::Relaxed);
///         self.inner.call(command)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` does not carry commands: it is no transport")]
pub trait Transport {
    /// The result of a call: a `Result` for a blocking transport.
    ///
    /// `R` and `F` are a command's reply and failure. They have no bounds here, so that the compiler reports a reply
    /// type that cannot be sent once, at the command, and not at every use.
    type Call<R, F>;

    /// Calls one command.
    fn call<C: Command>(&self, command: &C) -> Self::Call<C::Reply, C::Failure>;
}

impl<T: Transport> Transport for &T {
    type Call<R, F> = T::Call<R, F>;

    fn call<C: Command>(&self, command: &C) -> Self::Call<C::Reply, C::Failure> {
        T::call(self, command)
    }
}

impl<T: Transport> Transport for std::sync::Arc<T> {
    type Call<R, F> = T::Call<R, F>;

    fn call<C: Command>(&self, command: &C) -> Self::Call<C::Reply, C::Failure> {
        T::call(self, command)
    }
}

/// Carries each command over both, first over `A`: for calling one service and notifying another.
impl<A: Transport, B: Transport> Transport for (A, B) {
    type Call<R, F> = (A::Call<R, F>, B::Call<R, F>);

    fn call<C: Command>(&self, command: &C) -> Self::Call<C::Reply, C::Failure> {
        (self.0.call(command), self.1.call(command))
    }
}

/// A transport with a configurable time limit for its calls.
pub trait WithTimeout: Transport {
    /// Returns a handle on the same transport, whose calls end after `timeout`.
    #[must_use]
    fn with_timeout(&self, timeout: Duration) -> Self;
}

/// A transport that publishes under topics, from which each subscriber chooses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no topics: it does not publish",
    note = "a stub over a `Publisher` has them"
)]
pub trait WithTopic: Transport {
    /// Returns a handle on the same transport, which publishes under `topic`.
    #[must_use]
    fn with_topic(&self, topic: &str) -> Self;
}

/// The server within the process that a client without a socket calls.
pub(crate) trait InProcess: Send + Sync {
    /// Executes a request on the calling thread and returns the reply; `None` for a notification.
    fn exchange(&self, request: Frame) -> Option<Frame>;

    /// Executes a request for a task: an `async` method runs as the task is polled.
    fn start(self: Arc<Self>, request: Frame) -> InProcessResult;
}

/// The state of a request after [`InProcess::start`].
pub(crate) enum InProcessResult {
    Done(Option<Frame>),
    /// An `async` method, whose future yields the reply.
    Task(Pin<Box<dyn Future<Output = Option<Frame>> + Send>>),
}
