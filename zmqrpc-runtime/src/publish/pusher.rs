//! The pusher: a handle on its socket, and the settings of what is pushed through it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arguments::{self, site};
use super::endpoints::endpoint_methods;
use super::pusher_builder::PusherBuilder;
use super::pusher_queue::{NotPushed, PusherQueue};
use crate::command::{Command, Method, Transport, WithTimeout, inherited_deadline};
use crate::error::{Error, OverloadCause, UnavailableCause};
use crate::socket::{Message, Process, PushSocket, Registration, RejectedLogins};
use crate::wire::{Executed, Limits, MetadataBuf};

/// Pushes commands, each to one of those who pull: servers with `pull_bind` or `pull_connect`, in turn.
///
/// A stub over a pusher has the methods of its trait, which give `Result<(), Error>`: a job is handed over and nothing
/// comes back, whatever the method returns. Where all who pull are full, or nobody does, pushing waits for its time
/// limit.
///
/// **At most once**: what was handed over and not executed yet is lost with the process or the connection that holds
/// it, be it here or there. Where a job must not be lost, call instead and look at the reply.
///
/// A pusher is a handle: clones share its socket, any number of threads may use one, and it has no thread of its own.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::{Command, Error};
/// use zmqrpc_runtime::push::Pusher;
///
/// fn submit<C: Command>(job: &C) -> Result<(), Error> {
///     Pusher::connect("tcp://127.0.0.1:30002")?.push(job)
/// }
/// ```
#[derive(Clone)]
pub struct Pusher {
    shared: Arc<PusherShared>,
    timeout: Option<Duration>,
    metadata: MetadataBuf,
}

pub(super) struct PusherShared {
    pub(super) queue: Registration<PusherQueue>,
    pub(super) timeout: Duration,
    pub(super) high_water: usize,
    pub(super) limits: Limits,
    pub(super) place: Option<Arc<str>>,
    pub(super) denied: RejectedLogins,
    pub(super) refused: RejectedLogins,
    pub(super) process: Process,
}

impl Drop for PusherShared {
    fn drop(&mut self) {
        if self.process.is_current() {
            self.queue.close_and_release();
        }
    }
}

/// What a pusher has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PusherStats {
    /// Jobs that were handed over.
    pub pushed: u64,
    /// Logins that were refused here.
    pub logins_rejected: u64,
    /// How often this pusher was not let in: for a wrong login, for having none, or since none was asked for.
    pub login_failures: u64,
}

impl Pusher {
    pub(super) fn new(shared: PusherShared, metadata: MetadataBuf) -> Self {
        Self {
            shared: Arc::new(shared),
            timeout: None,
            metadata,
        }
    }

    /// Starts the settings of a pusher.
    pub fn builder() -> PusherBuilder {
        PusherBuilder::default()
    }

    /// A pusher that pullers connect to, with the default settings of [`PusherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong or in use.
    pub fn bind(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().bind(endpoint.as_ref()).build()
    }

    /// A pusher that connects to a bound puller, with the default settings of [`PusherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong. A puller that is not there yet is not an error.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect(endpoint.as_ref()).build()
    }

    /// A handle that waits for room for at most `limit`, whatever its methods say. Zero never waits.
    #[must_use]
    pub fn with_timeout(&self, limit: Duration) -> Self {
        Self {
            timeout: Some(limit),
            ..self.clone()
        }
    }

    /// A handle whose jobs carry `value` under `key`; a value that was there is replaced. Services read it with
    /// [`CallContext::metadata`](crate::CallContext::metadata).
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let mut pusher = self.clone();
        pusher.metadata.set(key.as_ref(), value.as_ref());
        pusher
    }

    /// Pushes a command. Returns when it has been handed over for one of those who pull; waits until there is room. It may
    /// still be in this process then: [`flush`](Self::flush) waits until it has left.
    ///
    /// # Errors
    ///
    /// [`Error::Overloaded`] when all who pull are full until the time limit, [`Error::Unavailable`] when nobody pulls
    /// until then, [`Error::Unauthenticated`] as soon as nobody who is connected to lets this pusher in,
    /// [`Error::Encode`] and [`Error::TooLarge`]. The command was not and will not be executed then.
    pub fn push<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.check_process()?;
        let job = self.encode(command)?;
        let method = const { &C::METHOD };
        let limit = self.time_limit(method);
        // A time that the clock cannot express is no limit.
        let deadline = Instant::now().checked_add(limit);
        let pushed = self.shared.queue.push(job, deadline);
        pushed.map_err(|unsent| self.shared.unsent(unsent, method, limit))
    }

    pub(super) fn encode<C: Command>(&self, command: &C) -> Result<Message, Error> {
        let limits = &self.shared.limits;
        arguments::job(command, self.metadata.as_metadata(), limits)
    }

    /// How long a job may wait: this handle's limit, the method's or the pusher's; and never longer than what remains of
    /// the call that this thread is serving.
    pub(super) fn time_limit(&self, method: &Method) -> Duration {
        let own = self.timeout.or(method.default_timeout());
        let limit = own.unwrap_or(self.shared.timeout);
        match inherited_deadline() {
            Some(deadline) => limit.min(deadline.saturating_duration_since(Instant::now())),
            None => limit,
        }
    }

    pub(super) fn shared(&self) -> &Arc<PusherShared> {
        &self.shared
    }

    /// Counters since the pusher was built.
    #[must_use]
    pub fn stats(&self) -> PusherStats {
        if self.check_process().is_err() {
            return PusherStats::default();
        }
        PusherStats {
            pushed: self.shared.queue.pushed(),
            logins_rejected: self.shared.denied.get(),
            login_failures: self.shared.refused.get(),
        }
    }

    pub(super) fn check_process(&self) -> Result<(), Error> {
        Error::check_process(self.shared.process)
    }

    fn with<R>(&self, act: impl FnOnce(&mut PushSocket) -> R) -> R {
        self.shared.queue.with(|state| act(&mut state.socket))
    }

    endpoint_methods! {
        /// The endpoints, in the order in which they were added, with wildcards resolved.
        endpoints;

        /// Listens on another endpoint; answers it with its wildcards resolved.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is wrong or in use; the pusher goes on as before.
        add_bind;

        /// Connects to another puller, which is bound.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is wrong; the pusher goes on as before.
        add_connect;

        /// Leaves an endpoint, named as [`endpoints`](Self::endpoints) shows it. That happens in the background: jobs that
        /// are pushed in the next moment may still go there. What was handed over for its pullers and not sent yet is lost
        /// when the linger time is over.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if the pusher has no such endpoint.
        remove_endpoint;
    }
}

impl PusherShared {
    pub(super) fn unsent(&self, unsent: NotPushed, method: &Method, limit: Duration) -> Error {
        let at = site(method, self.place.as_ref());
        match unsent {
            NotPushed::Broken(error) => error.into(),
            NotPushed::Full => Error::Overloaded {
                at,
                cause: OverloadCause::Pullers {
                    jobs: self.high_water,
                    waited: limit,
                },
            },
            NotPushed::Denied(denial) => Error::Unauthenticated {
                at,
                cause: denial.into(),
            },
            NotPushed::Alone(obstacle) => Error::Unavailable {
                at,
                cause: UnavailableCause::NoPuller {
                    waited: limit,
                    lookup: obstacle.map(Into::into),
                },
                executed: Executed::No,
            },
        }
    }
}

impl Transport for Pusher {
    type Call<R, F> = Result<(), Error>;

    fn call<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.push(command)
    }
}

impl WithTimeout for Pusher {
    fn with_timeout(&self, limit: Duration) -> Self {
        Pusher::with_timeout(self, limit)
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pusher")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
