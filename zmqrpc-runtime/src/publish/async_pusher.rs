//! Pushing from tasks: futures that wait for room.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::pusher::{Pusher, PusherShared, PusherStats};
use super::pusher_builder::PusherBuilder;
use super::pusher_queue::{NotPushed, QueueTicket};
use crate::command::{Command, Method, Transport, WithTimeout};
use crate::error::Error;
use crate::socket::Message;

/// Pushes commands from tasks, whatever executor they run on, with the settings and the semantics of [`Pusher`].
///
/// Pushing waits while all who pull are full: a task that pushes in a loop goes no faster than they do.
///
/// Like a [`Pusher`] it is a handle. [`From`] makes one of the other: both then share their socket.
///
/// # Cancellation
///
/// A command is sent when its future is polled and there is room. A future that is dropped before it was ready has sent
/// nothing, and does not disturb others.
///
/// # Examples
///
/// ```no_run
/// # async fn example<C: zmqrpc_runtime::Command>(job: C) -> Result<(), zmqrpc_runtime::Error> {
/// use zmqrpc_runtime::push::AsyncPusher;
///
/// let pusher = AsyncPusher::connect("tcp://127.0.0.1:30002")?;
/// pusher.push(&job).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AsyncPusher {
    pusher: Pusher,
}

impl AsyncPusher {
    /// Starts the settings of a pusher; end them with [`PusherBuilder::build_async`].
    pub fn builder() -> PusherBuilder {
        PusherBuilder::default()
    }

    /// A pusher that pullers connect to, see [`Pusher::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong or in use.
    pub fn bind(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Pusher::bind(endpoint).map(Self::from)
    }

    /// A pusher that connects to a bound puller, see [`Pusher::connect`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Pusher::connect(endpoint).map(Self::from)
    }

    /// A handle that waits for room for at most `limit`, see [`Pusher::with_timeout`].
    #[must_use]
    pub fn with_timeout(&self, limit: Duration) -> Self {
        self.pusher.with_timeout(limit).into()
    }

    /// A handle whose jobs carry `value` under `key`, see [`Pusher::with_metadata`].
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.pusher.with_metadata(key, value).into()
    }

    /// Pushes a command; the future is ready when it has been handed over. It owns its bytes: the command may be
    /// dropped.
    ///
    /// # Errors
    ///
    /// As [`Pusher::push`].
    pub fn push<C: Command>(&self, command: &C) -> AsyncPush {
        let method = const { &C::METHOD };
        let state = match self.pusher.encode(command) {
            Ok(job) => PushState::Waiting(WaitingPush {
                shared: Arc::clone(self.pusher.shared()),
                job: Some(job),
                limit: self.pusher.time_limit(method),
                since: None,
                ticket: None,
                refused: None,
            }),
            Err(error) => PushState::Failed(error),
        };
        AsyncPush { method, state }
    }

    /// Counters since the pusher was built.
    #[must_use]
    pub fn stats(&self) -> PusherStats {
        self.pusher.stats()
    }

    /// The endpoints, see [`Pusher::endpoints`].
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.pusher.endpoints()
    }
}

impl From<Pusher> for AsyncPusher {
    fn from(pusher: Pusher) -> Self {
        Self { pusher }
    }
}

impl From<AsyncPusher> for Pusher {
    fn from(pusher: AsyncPusher) -> Self {
        pusher.pusher
    }
}

impl Transport for AsyncPusher {
    type Call<R, F> = AsyncPush;

    fn call<C: Command>(&self, command: &C) -> AsyncPush {
        self.push(command)
    }
}

impl WithTimeout for AsyncPusher {
    fn with_timeout(&self, limit: Duration) -> Self {
        Self::with_timeout(self, limit)
    }
}

/// A command on its way over an [`AsyncPusher`]: ready when it has been handed over.
#[must_use = "a command is pushed when it is awaited"]
pub struct AsyncPush {
    method: &'static Method,
    state: PushState,
}

enum PushState {
    Failed(Error),
    Waiting(WaitingPush),
    Over,
}

struct WaitingPush {
    shared: Arc<PusherShared>,
    /// Present until it is sent.
    job: Option<Message>,
    limit: Duration,
    /// Since when it waits: when it was first polled.
    since: Option<Instant>,
    ticket: Option<QueueTicket>,
    /// Logins that had been refused when it began to wait.
    refused: Option<u64>,
}

impl Future for AsyncPush {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let method = self.method;
        match std::mem::replace(&mut self.state, PushState::Over) {
            PushState::Failed(error) => Poll::Ready(Err(error)),
            PushState::Waiting(mut waiting) => {
                let polled = waiting.poll(method, cx);
                if polled.is_pending() {
                    self.state = PushState::Waiting(waiting);
                }
                polled
            }
            // As futures do that are polled after they were ready.
            PushState::Over => Poll::Pending,
        }
    }
}

impl WaitingPush {
    fn poll(&mut self, method: &Method, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Err(error) = Error::check_process(self.shared.process) {
            return Poll::Ready(Err(error));
        }
        let Some(job) = self.job.take() else {
            return Poll::Pending;
        };
        let now = Instant::now();
        // A time that the clock cannot express is no limit.
        let until = self.since.get_or_insert(now).checked_add(self.limit);
        let (ticket, refused) = (&mut self.ticket, &mut self.refused);
        let queue = &self.shared.queue;
        match queue.try_push(job, ticket, refused, cx.waker(), until) {
            Err(error) => Poll::Ready(Err(error.into())),
            Ok(Ok(())) => Poll::Ready(Ok(())),
            Ok(Err(refused)) => {
                self.job = Some(refused.message);
                if refused.is_final || until.is_some_and(|until| until <= now) {
                    return Poll::Ready(Err(self.give_up(method)));
                }
                Poll::Pending
            }
        }
    }

    fn give_up(&mut self, method: &Method) -> Error {
        let unsent = self.leave();
        self.shared.unsent(unsent, method, self.limit)
    }

    fn leave(&mut self) -> NotPushed {
        self.shared.queue.leave(self.ticket.take())
    }
}

impl Drop for WaitingPush {
    fn drop(&mut self) {
        if self.ticket.is_some() && self.shared.process.is_current() {
            self.leave();
        }
    }
}

impl fmt::Debug for AsyncPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncPush")
            .field("method", &format_args!("{}", self.method))
            .finish_non_exhaustive()
    }
}
