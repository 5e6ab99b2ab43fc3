//! Where a stub's calls go.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Command;
use crate::socket::Message;

/// Carries commands. A generated client works over any of these, and over one of yours: a mock, a layer that counts,
/// retries or traces.
///
/// # Examples
///
/// A layer that counts what goes through it:
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
    /// What a call gives: a `Result` for a blocking transport.
    ///
    /// `R` and `F` are a command's reply and failure. They have no bounds here: a reply type that cannot travel is then
    /// reported once, where the command is, and not at every use.
    type Call<R, F>;

    /// Carries out one command.
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

/// Carries each command over both, first over `A`: for services that answer some and inform others.
impl<A: Transport, B: Transport> Transport for (A, B) {
    type Call<R, F> = (A::Call<R, F>, B::Call<R, F>);

    fn call<C: Command>(&self, command: &C) -> Self::Call<C::Reply, C::Failure> {
        (self.0.call(command), self.1.call(command))
    }
}

/// A transport whose calls have a time limit that can be set.
pub trait WithTimeout: Transport {
    /// A handle on the same transport whose calls end after `limit`.
    #[must_use]
    fn with_timeout(&self, limit: Duration) -> Self;
}

/// A transport that publishes under topics, of which each receiver chooses those that it wants.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no topics: it does not publish",
    note = "a stub over a `Publisher` has them"
)]
pub trait WithTopic: Transport {
    /// A handle on the same transport that publishes under `topic`.
    #[must_use]
    fn with_topic(&self, topic: &str) -> Self;
}

/// Answers a request within the process: what a client without a socket talks to.
pub(crate) trait InProcess: Send + Sync {
    /// The reply to a request frame; none where none is wanted.
    fn exchange(&self, request: Message) -> Option<Message>;

    /// The same for a task: an `async` method goes on when the task is polled.
    fn start(self: Arc<Self>, request: Message) -> InProcessResult;
}

/// What came of a request so far.
pub(crate) enum InProcessResult {
    Done(Option<Message>),
    /// Ready with the reply.
    Task(Pin<Box<dyn Future<Output = Option<Message>> + Send>>),
}
