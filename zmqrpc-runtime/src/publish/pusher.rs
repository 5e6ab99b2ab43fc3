//! The pusher: a handle to its socket, with the timeout and the metadata of the jobs that are pushed through it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arguments::{SentCommand, SentMethod};
use super::endpoints::endpoint_methods;
use super::pusher_builder::PusherBuilder;
use super::pusher_queue::{NotPushed, PusherQueue};
use crate::codec::Codec;
use crate::command::{
    Command, EarlierReceivers, RawArguments, RawMethod, Transport, WithTimeout, inherited_deadline,
};
use crate::error::{CallTarget, Error, OverloadCause, UnavailableCause};
use crate::socket::{Frame, Process, PushSocket, Registration, RejectedLogins};
use crate::wire::{Executed, Limits, MetadataBuf};

/// Pushes commands as jobs, each to one puller in turn: a server that [pulls](crate::ServerBuilder::pull).
///
/// A stub over a pusher has the methods of its trait, which return `Result<(), Error>`: a job is handed over and nothing
/// comes back, whatever the method returns. While all pullers are full, or there is none, pushing waits up to its time
/// limit.
///
/// **At most once**: a job that was handed over and not executed yet is lost with the process or the connection that holds
/// it, on either side. Where a job must not be lost, make a call instead and look at the reply.
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

/// The part of a pusher that its clones share.
pub(super) struct PusherShared {
    pub(super) queue: Registration<PusherQueue>,
    pub(super) timeout: Duration,
    pub(super) high_water: usize,
    pub(super) limits: Limits,
    pub(super) earlier: EarlierReceivers,
    pub(super) endpoint: Option<Arc<str>>,
    /// The logins of pullers that this pusher rejected.
    pub(super) denied: RejectedLogins,
    /// The logins of this pusher that pullers rejected.
    pub(super) unauthenticated: RejectedLogins,
    pub(super) process: Process,
}

impl Drop for PusherShared {
    fn drop(&mut self) {
        if self.process.is_current() {
            self.queue.close_and_release();
        }
    }
}

/// Counters of a pusher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PusherStats {
    /// Jobs that were handed over.
    pub pushed: u64,
    /// Logins of pullers that this pusher rejected.
    pub logins_rejected: u64,
    /// How often a puller rejected this pusher's login: because it was wrong, missing, or not asked for.
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

    /// Returns a builder with the default settings.
    pub fn builder() -> PusherBuilder {
        PusherBuilder::default()
    }

    /// Creates a pusher that pullers connect to, with the default settings of [`PusherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid or in use.
    pub fn bind(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().bind(endpoint.as_ref()).build()
    }

    /// Creates a pusher that connects to a bound puller, with the default settings of [`PusherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid. That the puller is not there yet is no error.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect(endpoint.as_ref()).build()
    }

    /// Returns a handle that waits for room for at most `timeout`, whatever the methods' own limits are. With zero it never
    /// waits.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    /// Returns a handle whose jobs carry `value` as metadata under `key`, in place of an earlier value. Services read it with
    /// [`CallContext::metadata`](crate::CallContext::metadata).
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let mut pusher = self.clone();
        pusher.metadata.set(key.as_ref(), value.as_ref());
        pusher
    }

    /// Pushes a command. Waits until a puller has room, and returns when the job is in that puller's queue. It may still be
    /// in this process then: [`flush`](Self::flush) waits until it has left.
    ///
    /// # Errors
    ///
    /// [`Error::Overloaded`] if all pullers are full until the time limit, [`Error::Unavailable`] if there is no puller
    /// until then, [`Error::Unauthenticated`] as soon as every peer that the pusher is connected to has rejected its login,
    /// [`Error::Encode`] and [`Error::TooLarge`], and [`Error::SignatureMismatch`] if the
    /// [earlier version](super::PusherBuilder::earlier) would read it as something else. In each case the command was not
    /// and will not be executed.
    pub fn push<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.send(SentCommand::typed(command))
    }

    /// Pushes a command whose arguments are encoded already: for tools and bridges, which may have it of a
    /// [`RawPuller`](crate::push::RawPuller). Time limit and metadata are those of this handle.
    ///
    /// The arguments are the tuple of them, or a map by their names, as `PROTOCOL.md` says of the codec; nothing is
    /// checked here.
    ///
    /// # Errors
    ///
    /// Those of [`push`](Self::push).
    ///
    /// # Examples
    ///
    /// ```
    /// use zmqrpc_runtime::Error;
    /// use zmqrpc_runtime::push::{Pusher, RawJob};
    ///
    /// fn pass_on(job: &RawJob, pusher: &Pusher) -> Result<(), Error> {
    ///     pusher.push_raw(job.method(), job.codec(), job.arguments())
    /// }
    /// ```
    pub fn push_raw<'a>(
        &self,
        method: impl Into<RawMethod<'a>>,
        codec: Codec,
        arguments: &[u8],
    ) -> Result<(), Error> {
        let arguments = RawArguments(arguments);
        self.send(SentCommand::raw(method.into(), codec, &arguments))
    }

    fn send(&self, command: SentCommand<'_>) -> Result<(), Error> {
        self.check_process()?;
        let method = command.method;
        let job = self.encode(command)?;
        let limit = self.time_limit(method);
        // A limit that the clock cannot express is none.
        let deadline = Instant::now().checked_add(limit);
        let pushed = self.shared.queue.push(job, deadline);
        pushed.map_err(|failure| self.shared.push_error(failure, method.full_name(), limit))
    }

    pub(super) fn encode(&self, command: SentCommand<'_>) -> Result<Frame, Error> {
        let shared = &self.shared;
        command.job(self.metadata.as_metadata(), &shared.limits, &shared.earlier)
    }

    /// Returns how long a job may wait: this handle's limit, else the method's, else the pusher's, but never longer than the
    /// remaining time of the call that this thread is serving.
    pub(super) fn time_limit(&self, method: SentMethod<'_>) -> Duration {
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

    /// Returns the counters since the pusher was built.
    #[must_use]
    pub fn stats(&self) -> PusherStats {
        if self.check_process().is_err() {
            return PusherStats::default();
        }
        PusherStats {
            pushed: self.shared.queue.pushed(),
            logins_rejected: self.shared.denied.get(),
            login_failures: self.shared.unauthenticated.get(),
        }
    }

    pub(super) fn check_process(&self) -> Result<(), Error> {
        Error::check_process(self.shared.process)
    }

    fn with<R>(&self, act: impl FnOnce(&mut PushSocket) -> R) -> R {
        self.shared.queue.with(|state| act(&mut state.socket))
    }

    endpoint_methods! {
        /// Returns the endpoints, in the order in which they were added, with wildcards resolved.
        endpoints;

        /// Binds another endpoint, and returns it with its wildcards resolved.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is invalid or in use; the pusher is unchanged.
        add_bind;

        /// Connects to another bound puller.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is invalid; the pusher is unchanged.
        add_connect;

        /// Closes an endpoint, named as [`endpoints`](Self::endpoints) returns it. This happens in the background: jobs that
        /// are pushed right afterwards may still go there. Jobs in the queues of its pullers that have not been sent when
        /// the linger time has passed are lost.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if the pusher has no such endpoint.
        remove_endpoint;
    }
}

impl PusherShared {
    /// Converts a failed push to the user's error.
    pub(super) fn push_error(
        &self,
        failure: NotPushed,
        method: Cow<'static, str>,
        limit: Duration,
    ) -> Error {
        let at = CallTarget::new(method, self.endpoint.clone());
        match failure {
            NotPushed::Broken(error) => error.into(),
            NotPushed::Full => Error::Overloaded {
                at,
                cause: OverloadCause::Pullers {
                    jobs: self.high_water,
                    waited: limit,
                },
            },
            NotPushed::Rejected(failure) => Error::Unauthenticated {
                at,
                cause: failure.into(),
            },
            NotPushed::NoPuller(cause) => Error::Unavailable {
                at,
                cause: UnavailableCause::NoPuller {
                    waited: limit,
                    lookup: cause.map(Into::into),
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
    fn with_timeout(&self, timeout: Duration) -> Self {
        Pusher::with_timeout(self, timeout)
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pusher")
            .field("endpoints", &self.endpoints())
            .finish_non_exhaustive()
    }
}
