//! Calls: the end where they come in, and the one where they go out.

use std::time::Duration;

use super::{EndOptions, access, endpoints};
use crate::client::Liveness;
use crate::error::Error;
use crate::server::REPLIES_IN_SOCKET;

/// Requests come in: clients call here as they would call a server.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::Rep;
///
/// let frontend = Rep::bind("tcp://127.0.0.1:*").and_bind("ipc:///run/frontend.sock");
/// ```
#[derive(Clone, Debug)]
pub struct Rep {
    pub(in crate::proxy) end: EndOptions,
    pub(in crate::proxy) high_water: usize,
}

impl Rep {
    fn new(end: EndOptions) -> Self {
        Self {
            end,
            high_water: REPLIES_IN_SOCKET as usize,
        }
    }

    endpoints! {
        /// Listens on an endpoint: `tcp://127.0.0.1:5555`, `tcp://*:*`, `ipc:///run/name.sock`, `inproc://name`.
        bind;

        /// Connects to a hub (a ROUTER/DEALER device) that hands requests on.
        connect;

        /// Listens on a further endpoint.
        and_bind;

        /// Connects to a further hub.
        and_connect;
    }

    access!(end.access: login);

    access!(end.access: authenticate);

    /// Replies that libzmq holds for each caller, whatever their size. Default: 500. Further ones wait in the proxy, up to
    /// 65,536 and 64 MiB for a caller. What libzmq still held when a caller left, or when the proxy ends, is lost uncounted.
    #[must_use]
    pub fn high_water(mut self, replies: usize) -> Self {
        self.high_water = replies;
        self
    }
}

/// Calls go out to services. With several endpoints they go to the connected ones in turn.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::Req;
///
/// let back = Req::connect("tcp://a:5000")
///     .and_connect("tcp://b:5000")
///     .connect_timeout(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
pub struct Req {
    pub(in crate::proxy) end: EndOptions,
    pub(in crate::proxy) connect_timeout: Duration,
    ping_interval: Duration,
    ping_limit: Duration,
    pub(in crate::proxy) attempts: u32,
    pub(in crate::proxy) max_age: Duration,
}

impl Req {
    fn new(end: EndOptions) -> Self {
        Self {
            end,
            connect_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(1),
            ping_limit: Duration::from_secs(3),
            attempts: 10,
            max_age: Duration::from_secs(60),
        }
    }

    endpoints! {
        /// Connects to a service. The connection is made in the background and made again when it is lost; the service may
        /// start later.
        connect;

        /// Connects to a further service that does the same.
        and_connect;
    }

    access!(end.access: login);

    /// How long a call waits in the proxy for a connection before it fails with
    /// [`Error::Unavailable`](crate::Error::Unavailable). Default: 5 s, and never longer than its caller waits.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// When a target counts as dead: while calls are under way and nothing is heard from it, it is pinged each
    /// `interval`; after `limit` of silence its calls fail with [`Error::Unavailable`](crate::Error::Unavailable) and
    /// the connection is made anew. Default: 1 s and 3 s. One that has said that it ends is not pinged, but gives signs of
    /// life; there `limit` is 3 s at least.
    #[must_use]
    pub fn ping(mut self, interval: Duration, limit: Duration) -> Self {
        (self.ping_interval, self.ping_limit) = (interval, limit);
        self
    }

    /// How often a call is tried that an event or a job asks for, while the target is connected: after a failure that may
    /// get better, such as an overload or a lost connection. Default: 10. Beyond it the event is given up, and counted.
    /// Out of the queue of a [`BufferedProxy`](crate::BufferedProxy) only tries count that may have been executed, or were
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
    pub fn max_age(mut self, limit: Duration) -> Self {
        self.max_age = limit;
        self
    }

    pub(in crate::proxy) fn liveness(&self) -> Result<Liveness, Error> {
        if self.ping_interval.is_zero() || self.ping_limit < self.ping_interval {
            let reason = "the interval must be above zero and no longer than the limit";
            return Err(Error::bad_setting("ping", reason));
        }
        if self.connect_timeout.is_zero() {
            let reason = "a call needs some time, zero is none";
            return Err(Error::bad_setting("connect_timeout", reason));
        }
        Ok(Liveness::new(self.ping_interval, self.ping_limit))
    }
}
