//! The client: a handle on its connections, and the settings of the calls made through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::agreements::Agreements;
use super::balancer::{Channel, Member};
use super::builder::ClientBuilder;
use super::call_info::Callee;
use super::pending::Pending;
use super::reply;
use super::stats::ClientStats;
use crate::codec::Codec;
#[cfg(feature = "tokio")]
use crate::command::blocked_runtime_tag;
use crate::command::{Command, InProcess, Method, Transport, WithTimeout};
use crate::error::Error;
use crate::socket::Process;
#[cfg(feature = "tokio")]
use crate::wire::BLOCKED_KEY;
use crate::wire::{Limits, MetadataBuf};

/// Calls services and blocks until they have answered. Needs no runtime and has no thread of its own; one thread of the
/// process looks after the connections that nobody uses.
///
/// Where it blocks the only thread of a tokio runtime, nothing else on that runtime goes on meanwhile. A call of an `async`
/// method whose server was started on that very runtime is answered [`Error::Unavailable`] at once, and its text says what
/// to do; one that was [begun](Self::begin) before waits until its time is over. [`AsyncClient`](crate::AsyncClient) is
/// made for tasks.
///
/// A client is a handle: clones share its connections, and any number of threads may use one. Settings that
/// [`with_timeout`](Self::with_timeout) and [`with_metadata`](Self::with_metadata) change belong to the new handle
/// alone.
///
/// Every call ends: with a reply, with an error, or when its time is over.
///
/// No call that may have been executed is made again, unless its method is
/// [idempotent](crate::service::Method::idempotent). What surely was not is made elsewhere, if there are several
/// endpoints: one that finds no connection, or whose server begins to end before it is sent, wherever there is one in
/// time; one that is refused with [`Error::ShuttingDown`] or [`Error::Overloaded`], or by a proxy that reaches no
/// service, at each other endpoint that is connected, once. A hub that passes calls on, a `ROUTER` with a `DEALER`, tells
/// of nobody who ends: a call of a command that is refused there with [`Error::ShuttingDown`] is made there again, up to 32
/// times. The error of a call tells what all of its tries may have done.
///
/// A server that ends says so: no further calls are made there, and those that are under way are answered. Calls to the only
/// endpoint wait for it to come back, for the connect timeout.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::{Client, Error};
///
/// # #[cfg(feature = "msgpack")]
/// fn total(client: &Client) -> Result<i64, Error> {
///     client.invoke("Calculator.add", &(2, 3))
/// }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<ClientShared>,
    pub(super) timeout: Option<Duration>,
    pub(super) metadata: MetadataBuf,
}

pub(super) struct ClientShared {
    pub(super) channel: Channel,
    process: Process,
    pub(super) defaults: CallDefaults,
    pub(super) agreements: Arc<Agreements>,
}

/// What holds for all calls of a client, unless a handle or a method says something else.
#[derive(Clone, Debug)]
pub(super) struct CallDefaults {
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    /// Of calls by name.
    #[cfg_attr(not(any(feature = "json", feature = "msgpack")), allow(dead_code))]
    pub(super) codec: Codec,
    pub(super) limits: Limits,
}

impl Client {
    /// Creates a client, whose connections share these agreements.
    pub(super) fn new(
        channel: Channel,
        defaults: CallDefaults,
        agreements: Arc<Agreements>,
    ) -> Self {
        Self {
            shared: Arc::new(ClientShared {
                channel,
                process: Process::current(),
                defaults,
                agreements,
            }),
            timeout: None,
            metadata: MetadataBuf::new(),
        }
    }

    /// A client whose calls are executed within the process.
    pub(crate) fn local(service: Arc<dyn InProcess>) -> Self {
        let defaults = ClientBuilder::default().call_defaults();
        Self::new(Channel::Local(service), defaults, Arc::default())
    }

    /// Starts the settings of a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client of one endpoint, with the default settings of [`ClientBuilder`].
    ///
    /// The connection is made in the background: the server may start later.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect(endpoint.as_ref()).build()
    }

    /// A handle whose calls take at most `timeout`, whatever their methods say. Zero ends every call at once.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    /// A handle whose calls carry `value` under `key`; a value that was there is replaced. Handlers read it with
    /// [`CallContext::metadata`](crate::CallContext::metadata).
    ///
    /// A server takes 64 entries and 8 KiB of them by default; a call with more fails with [`Error::Encode`].
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let mut client = self.clone();
        client.metadata.set(key.as_ref(), value.as_ref());
        client
    }

    /// Calls and waits for the reply.
    ///
    /// # Errors
    ///
    /// What the command's method fails with: [`Error`], or [`CallError`](crate::CallError) where it returns a
    /// `Result`.
    pub fn call<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        if C::METHOD.is_oneway() {
            self.notify(command)?;
            return reply::nothing::<C::Reply>(&C::METHOD).map_err(C::Failure::from);
        }
        let callee = self.callee(const { &C::METHOD });
        let mut call = self.send_blocking(callee, command)?;
        call.outcome(callee, &|| self.encode_again(callee, command))
    }

    /// Returns a method under the key that it is called by.
    #[inline]
    pub(super) fn callee(&self, method: &'static Method) -> Callee<'static> {
        Callee::Method(method, self.shared.agreements.key_to_call(method))
    }

    /// Sends a command and leaves it to [`Pending::wait`] to take the reply, so that many calls can be on their way
    /// at once. Returns when the command has been handed over to a connection.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], [`Error::TooLarge`], [`Error::Overloaded`] when too many calls have begun, and
    /// [`Error::Unavailable`] when there is no connection in time.
    pub fn begin<C: Command>(&self, command: &C) -> Result<Pending<C>, Error> {
        let method = const { &C::METHOD };
        let key = self.shared.agreements.key_to_call(method);
        let callee = Callee::Method(method, key);
        Ok(Pending::new(self.send_kept(callee, command)?, key))
    }

    /// Sends a command whose result is not wanted: it may be executed after, and beside, calls that are made later.
    /// Returns when it has been handed over to a connection; what becomes
    /// of it then is not reported. It may still be in this process: [`flush`](Self::flush) waits until it has arrived, and
    /// so does dropping the last handle, within [`linger`](ClientBuilder::linger).
    ///
    /// # Errors
    ///
    /// Those of [`begin`](Self::begin), [`Error::Unavailable`] when there is no connection in time, and
    /// [`Error::SignatureMismatch`] if the [earlier version](ClientBuilder::earlier) would read it as something else.
    pub fn notify<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.send_notification(const { &C::METHOD }, command)
    }

    /// The handle for calls that are about to block this thread where a server of this process may need it to answer: they
    /// say so.
    #[cfg(feature = "tokio")]
    pub(super) fn blocking(&self) -> Option<Self> {
        let mark = blocked_runtime_tag()?;
        Some(self.with_metadata(BLOCKED_KEY, mark))
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(clippy::unused_self, reason = "without runtimes no thread is needed")]
    pub(super) fn blocking(&self) -> Option<Self> {
        None
    }

    /// Returns the connections; none where calls do not leave the process, and in a forked child, where a lock may be held
    /// for ever.
    pub(super) fn connections(&self) -> Arc<[Member]> {
        match &self.shared.channel {
            Channel::Connections(balancer) if self.check_process().is_ok() => balancer.all(),
            _ => Arc::new([]),
        }
    }

    pub(super) fn channel_stats(&self) -> ClientStats {
        match &self.shared.channel {
            Channel::Connections(balancer) => balancer.stats(),
            Channel::Local(_) => ClientStats::default(),
        }
    }

    pub(super) fn is_local(&self) -> bool {
        matches!(self.shared.channel, Channel::Local(_))
    }

    /// In a child of the process that made them, connections are of no use. A service within the process is.
    pub(super) fn check_process(&self) -> Result<(), Error> {
        match self.shared.channel {
            Channel::Connections(_) => Error::check_process(self.shared.process),
            Channel::Local(_) => Ok(()),
        }
    }
}

impl Transport for Client {
    type Call<R, F> = Result<R, F>;

    fn call<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        Client::call(self, command)
    }
}

impl WithTimeout for Client {
    fn with_timeout(&self, timeout: Duration) -> Self {
        Client::with_timeout(self, timeout)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = match &self.shared.channel {
            Channel::Connections(_) => self.endpoints(),
            Channel::Local(_) => vec!["local".into()],
        };
        f.debug_struct("Client")
            .field("endpoints", &endpoints)
            .finish_non_exhaustive()
    }
}
