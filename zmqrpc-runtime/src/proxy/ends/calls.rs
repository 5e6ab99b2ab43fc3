//! Calls: the end where they come in, and the one where they go out.

use std::time::{Duration, Instant};

use super::{EndOptions, auth, endpoints};
use crate::connection::Liveness;
use crate::error::Error;
use crate::options::Ping;

/// Requests come in: clients call here as they would call a server.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::proxy::Rep;
///
/// let frontend = Rep::new().bind("tcp://127.0.0.1:*").bind("ipc:///run/frontend.sock");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rep {
    pub(in crate::proxy) end: EndOptions,
    pub(in crate::proxy) high_water: Option<usize>,
}

impl Rep {
    /// Creates an end without endpoints: it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    endpoints! {
        /// Listens on an endpoint: `tcp://127.0.0.1:5555`, `tcp://*:*`, `ipc:///run/name.sock`, `inproc://name`.
        bind;

        /// Connects to a hub (a ROUTER/DEALER device) that hands requests on.
        connect;
    }

    auth!(end.auth: login);

    auth!(end.auth: authenticate);

    /// Replies that libzmq holds for each caller, whatever their size. Default: 500. Further ones wait in the proxy, up to
    /// 65,536 and 64 MiB for a caller. What libzmq still held when a caller left, or when the proxy ends, is lost uncounted.
    #[must_use]
    pub fn high_water(mut self, replies: usize) -> Self {
        self.high_water = Some(replies);
        self
    }
}

/// Calls go out to services. With several endpoints they go to the connected ones in turn.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::proxy::Req;
///
/// let back = Req::new()
///     .connect("tcp://a:5000")
///     .connect("tcp://b:5000")
///     .connect_timeout(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Req {
    pub(in crate::proxy) end: EndOptions,
    pub(in crate::proxy) connect_timeout: Duration,
    ping: Ping,
    pub(in crate::proxy) attempts: u32,
    pub(in crate::proxy) max_age: Duration,
}

impl Default for Req {
    fn default() -> Self {
        Self {
            end: EndOptions::default(),
            connect_timeout: Duration::from_secs(5),
            ping: Ping::default(),
            attempts: 10,
            max_age: Duration::from_secs(60),
        }
    }
}

impl Req {
    /// Creates an end without endpoints: it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    endpoints! {
        /// Connects to a service. The connection is made in the background and made again when it is lost; the service may
        /// start later. With several, calls go to those in turn that are connected.
        connect;
    }

    auth!(end.auth: login);

    /// How long a call waits in the proxy for a connection before it fails with
    /// [`Error::Unavailable`](crate::Error::Unavailable). Default: 5 s, and never longer than its caller waits.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets when a silent target counts as dead. Default: after 3 s, pinged each second.
    #[must_use]
    pub fn ping(mut self, ping: Ping) -> Self {
        self.ping = ping;
        self
    }

    /// How often a call is tried that an event or a job asks for, while the target is connected: after a failure that may
    /// get better, such as an overload or a lost connection. Default: 10. Beyond it the event is given up, and counted.
    /// Out of the queue of a [`BufferedProxy`](crate::proxy::BufferedProxy) only tries count that may have been executed, or were
    /// not allowed; beyond it the request becomes a dead letter. Zero is one.
    ///
    /// Calls of clients are never tried again: their callers are told.
    #[must_use]
    pub fn attempts(mut self, count: u32) -> Self {
        self.attempts = count;
        self
    }

    /// How old an event or a job may become before it is given up. Default: 60 s.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    pub(in crate::proxy) fn liveness(&self) -> Result<Liveness, Error> {
        self.ping.check()?;
        if self.connect_timeout.is_zero() {
            let reason = "a call needs some time, zero is none";
            return Err(Error::bad_setting("connect_timeout", reason));
        }
        Ok(Liveness::new(self.ping, Instant::now()))
    }
}
