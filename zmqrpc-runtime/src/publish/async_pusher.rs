//! Pushing from tasks: futures that wait until a puller has room.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::arguments::SentCommand;
use super::pusher::{Pusher, PusherShared, PusherStats};
use super::pusher_builder::PusherBuilder;
use super::pusher_queue::{NotPushed, WaiterId};
use crate::codec::Codec;
use crate::command::{Command, Method, RawArguments, RawMethod, Transport, WithTimeout};
use crate::error::Error;
use crate::socket::Frame;

/// Pushes commands from tasks, on any executor, with the settings and the semantics of [`Pusher`].
///
/// Pushing waits while all pullers are full, so a task that pushes in a loop is as fast as they are.
///
/// Like a [`Pusher`] it is a handle. [`From`] converts either into the other; both then share their socket.
///
/// # Cancellation
///
/// A command is sent when its future is polled and a puller has room. A future that is dropped before it was ready has sent
/// nothing, and does not affect others.
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
    /// Returns a builder with the default settings, for [`PusherBuilder::build_async`].
    pub fn builder() -> PusherBuilder {
        PusherBuilder::default()
    }

    /// Creates a pusher that pullers connect to, see [`Pusher::bind`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid or in use.
    pub fn bind(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Pusher::bind(endpoint).map(Self::from)
    }

    /// Creates a pusher that connects to a bound puller, see [`Pusher::connect`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Pusher::connect(endpoint).map(Self::from)
    }

    /// Returns a handle that waits for room for at most `timeout`, see [`Pusher::with_timeout`].
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.pusher.with_timeout(timeout).into()
    }

    /// Returns a handle whose jobs carry `value` as metadata under `key`, see [`Pusher::with_metadata`].
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.pusher.with_metadata(key, value).into()
    }

    /// Returns a future that pushes a command, and is ready when the job is in a puller's queue. It owns the encoded command,
    /// which may be dropped.
    ///
    /// # Errors
    ///
    /// Those of [`Pusher::push`].
    pub fn push<C: Command>(&self, command: &C) -> AsyncPush {
        self.begin(
            PushedMethod::Typed(const { &C::METHOD }),
            SentCommand::typed(command),
        )
    }

    /// Returns a future that pushes a command whose arguments are encoded already, as [`Pusher::push_raw`] does. It owns
    /// the encoded command.
    ///
    /// # Errors
    ///
    /// Those of [`Pusher::push`].
    pub fn push_raw<'a>(
        &self,
        method: impl Into<RawMethod<'a>>,
        codec: Codec,
        arguments: &[u8],
    ) -> AsyncPush {
        let method = method.into();
        let pushed = PushedMethod::Raw(method.to_string().into());
        let arguments = RawArguments(arguments);
        self.begin(pushed, SentCommand::raw(method, codec, &arguments))
    }

    fn begin(&self, method: PushedMethod, command: SentCommand<'_>) -> AsyncPush {
        let limit = self.pusher.time_limit(command.method);
        let state = match self.pusher.encode(command) {
            Ok(job) => PushState::Waiting(WaitingPush {
                shared: Arc::clone(self.pusher.shared()),
                job: Some(job),
                limit,
                first_polled: None,
                waiter: None,
                rejected_before: None,
            }),
            Err(error) => PushState::Failed(error),
        };
        AsyncPush { method, state }
    }

    /// Returns the counters since the pusher was built.
    #[must_use]
    pub fn stats(&self) -> PusherStats {
        self.pusher.stats()
    }

    /// Returns the endpoints, see [`Pusher::endpoints`].
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
    fn with_timeout(&self, timeout: Duration) -> Self {
        Self::with_timeout(self, timeout)
    }
}

/// The future of [`AsyncPusher::push`], ready when the job is in a puller's queue.
#[must_use = "a command is pushed when it is awaited"]
pub struct AsyncPush {
    method: PushedMethod,
    state: PushState,
}

/// The method of a job, as its errors name it.
enum PushedMethod {
    Typed(&'static Method),
    Raw(Box<str>),
}

impl PushedMethod {
    fn full_name(&self) -> Cow<'static, str> {
        match self {
            Self::Typed(method) => method.full_name(),
            Self::Raw(name) => name.to_string().into(),
        }
    }
}

enum PushState {
    Failed(Error),
    Waiting(WaitingPush),
    Over,
}

struct WaitingPush {
    shared: Arc<PusherShared>,
    /// `None` once it has been sent.
    job: Option<Frame>,
    limit: Duration,
    /// When the future was first polled, from which its time limit counts.
    first_polled: Option<Instant>,
    waiter: Option<WaiterId>,
    /// The number of the pusher's logins that had been rejected when the wait began.
    rejected_before: Option<u64>,
}

impl Future for AsyncPush {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Self { method, state } = &mut *self;
        match std::mem::replace(state, PushState::Over) {
            PushState::Failed(error) => Poll::Ready(Err(error)),
            PushState::Waiting(mut waiting) => {
                let polled = waiting.poll(method, cx);
                if polled.is_pending() {
                    *state = PushState::Waiting(waiting);
                }
                polled
            }
            // The future was polled again after it was ready.
            PushState::Over => Poll::Pending,
        }
    }
}

impl WaitingPush {
    fn poll(&mut self, method: &PushedMethod, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Err(error) = Error::check_process(self.shared.process) {
            return Poll::Ready(Err(error));
        }
        let Some(job) = self.job.take() else {
            return Poll::Pending;
        };
        let now = Instant::now();
        // A limit that the clock cannot express is none.
        let until = self.first_polled.get_or_insert(now).checked_add(self.limit);
        let (waiter, rejected_before) = (&mut self.waiter, &mut self.rejected_before);
        let queue = &self.shared.queue;
        match queue.try_push(job, waiter, rejected_before, cx.waker(), until) {
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

    fn give_up(&mut self, method: &PushedMethod) -> Error {
        let failure = self.cancel_wait();
        self.shared
            .push_error(failure, method.full_name(), self.limit)
    }

    fn cancel_wait(&mut self) -> NotPushed {
        self.shared.queue.cancel_wait(self.waiter.take())
    }
}

impl Drop for WaitingPush {
    fn drop(&mut self) {
        if self.waiter.is_some() && self.shared.process.is_current() {
            self.cancel_wait();
        }
    }
}

impl fmt::Debug for AsyncPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncPush")
            .field("method", &self.method.full_name())
            .finish_non_exhaustive()
    }
}
