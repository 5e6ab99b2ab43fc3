//! Settings of a client.

use std::sync::Arc;
use std::time::Duration;

use super::balancer::{Balancer, Channel};
use super::connection::Connection;
use super::handle::Client;
use super::liveness::Liveness;
use super::state::CallLimits;
use crate::auth::{AuthSettings, CurveClient};
use crate::error::Error;
use crate::socket::{Direction, Endpoint, Keepalive, Registration, SocketOptions};
use crate::wire::{Limits, MIN_MESSAGE};

/// Makes a [`Client`]. Nothing is opened before [`build`](Self::build), which checks every setting.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::Client;
///
/// let client = Client::builder()
///     .connect("tcp://127.0.0.1:30000")
///     .connect("tcp://127.0.0.1:30001")
///     .timeout(Duration::from_secs(2))
///     .build()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is opened before `build`"]
pub struct ClientBuilder {
    endpoints: Vec<String>,
    timeout: Duration,
    connect_timeout: Duration,
    ping_interval: Duration,
    ping_limit: Duration,
    max_message: usize,
    max_calls: usize,
    max_queued_bytes: usize,
    high_water: usize,
    linger: Duration,
    ipv6: bool,
    access: AuthSettings,
    upkeep: Keepalive,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(1),
            ping_limit: Duration::from_secs(3),
            max_message: Limits::default().message,
            max_calls: 65_536,
            max_queued_bytes: 64 << 20,
            high_water: 1000,
            linger: Duration::from_secs(1),
            ipv6: false,
            access: AuthSettings::default(),
            upkeep: Keepalive::default(),
        }
    }
}

impl ClientBuilder {
    /// Adds an endpoint: `tcp://host:port`, `ipc://path` or `inproc://name`. Calls are dealt out among them in turn,
    /// leaving out those without a connection, or whose server is about to end, while there is one with.
    ///
    /// The connection is made in the background and made again when it is lost; the server may start later.
    pub fn connect(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push(endpoint.into());
        self
    }

    /// How long a call may take from its start to its reply. Default: 30 s.
    ///
    /// A limit of the method's attribute goes before it, [`Client::with_timeout`] before both.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How long a call waits for a connection before it fails with [`Error::Unavailable`]. Default: 5 s, and never
    /// longer than the call's timeout.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// When a server counts as dead: while calls are under way and nothing is heard from it, it is pinged each
    /// `interval`; after `limit` of silence its calls fail with [`Error::Unavailable`] and the connection is made anew.
    /// Default: 1 s and 3 s.
    ///
    /// Servers answer pings while all of their workers are busy: a slow method is no silence. One that has said that it ends
    /// is not pinged, but gives signs of life; there `limit` is 3 s at least.
    pub fn ping(mut self, interval: Duration, limit: Duration) -> Self {
        (self.ping_interval, self.ping_limit) = (interval, limit);
        self
    }

    /// Bytes of the largest request that is sent and of the largest reply that is taken. Default: 16 MiB.
    ///
    /// A larger request is [`Error::TooLarge`] before anything is sent. So is a larger reply, up to twice the limit;
    /// beyond that the connection is cut, so that no peer makes this side hold more.
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Calls per endpoint that have begun and not ended, those that nobody waits for included. Default: 65,536.
    /// One more is [`Error::Overloaded`].
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.max_calls = calls;
        self
    }

    /// Bytes of requests per endpoint that wait for a connection. Default: 64 MiB. One more is
    /// [`Error::Overloaded`].
    pub fn max_queued_bytes(mut self, bytes: usize) -> Self {
        self.max_queued_bytes = bytes;
        self
    }

    /// Requests that libzmq holds per endpoint. Default: 1,000. Further ones wait in the client. Replies are always taken
    /// in.
    pub fn high_water(mut self, messages: usize) -> Self {
        self.high_water = messages;
        self
    }

    /// How long dropping the last handle may wait until notifications have left. Default: 1 s.
    pub fn linger(mut self, limit: Duration) -> Self {
        self.linger = limit;
        self
    }

    /// Whether host names resolve to IPv6 addresses. Default: no. Addresses in brackets work in any case.
    pub fn ipv6(mut self, allowed: bool) -> Self {
        self.ipv6 = allowed;
        self
    }

    /// Logs in with a user's name and a password, of 1 to 255 bytes each, at servers that
    /// [`authenticate`](crate::ServerBuilder::authenticate) by [`Passwords`](crate::Passwords). Both travel unencrypted.
    ///
    /// A login that is refused is [`Error::Unauthenticated`] for the calls that wait for it, within a second. It is tried
    /// again when a call is made, twice a second at most, and more and more rarely while none is.
    pub fn plain(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.access.plain(user, password);
        self
    }

    /// Logs in with a key at servers that [`authenticate`](crate::ServerBuilder::authenticate) by a
    /// [`CurveServer`](crate::CurveServer), and encrypts everything. Otherwise as [`plain`](Self::plain), which this
    /// replaces: a client has one way to log in.
    pub fn curve(mut self, keys: CurveClient) -> Self {
        self.access.curve(keys);
        self
    }

    /// How long a server may take from the connection to the end of the login. Default: 10 s. Then the connection is made
    /// again.
    pub fn handshake_limit(mut self, limit: Duration) -> Self {
        self.upkeep.handshake_limit = limit;
        self
    }

    /// After how much silence TCP asks whether the server is still there, and how long it waits for each of 4 answers
    /// before the connection counts as broken. Default: 60 s and 15 s. Whole seconds, rounded up. While calls are under
    /// way, [`ping`](Self::ping) finds out sooner.
    pub fn keepalive(mut self, idle: Duration, interval: Duration) -> Self {
        (self.upkeep.idle, self.upkeep.interval) = (idle, interval);
        self
    }

    /// Checks the settings and opens the sockets.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets.
    pub fn build(self) -> Result<Client, Error> {
        let endpoints = self.check()?;
        self.upkeep
            .check()
            .map_err(|(setting, reason)| Error::bad_setting(setting, reason))?;
        // Nobody has so many more; and none is no bound to libzmq.
        let messages = u32::try_from(self.high_water).unwrap_or(u32::MAX);
        let options = SocketOptions {
            max_frame: self.max_message.saturating_mul(2),
            linger: self.linger,
            send_high_water: messages,
            receive_high_water: messages,
            ipv6: self.ipv6,
            security: self.access.login()?,
            keepalive: self.upkeep,
        };
        let bounds = CallLimits {
            calls: self.max_calls,
            queued_bytes: self.max_queued_bytes,
        };
        let connections: Result<Vec<_>, _> = endpoints
            .iter()
            .map(|endpoint| {
                Connection::open(
                    endpoint,
                    &options,
                    self.limits(),
                    bounds,
                    Liveness::new(self.ping_interval, self.ping_limit),
                )
                .map(|connection| Registration::new(Arc::new(connection)))
                .map_err(|error| Error::bad_endpoint(endpoint.as_str(), error.to_string()))
            })
            .collect();
        let channel = Channel::Connections(Arc::new(Balancer::new(connections?)));
        Ok(Client::new(
            channel,
            self.timeout,
            self.connect_timeout,
            self.limits(),
        ))
    }

    /// Like [`build`](Self::build), for calls from tasks.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_async(self) -> Result<super::AsyncClient, Error> {
        self.build().map(super::AsyncClient::from)
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            message: self.max_message,
            ..Limits::default()
        }
    }

    pub(super) fn timeouts(&self) -> (Duration, Duration) {
        (self.timeout, self.connect_timeout)
    }

    fn check(&self) -> Result<Vec<Endpoint>, Error> {
        if self.endpoints.is_empty() {
            return Err(Error::bad_setting(
                "connect",
                "a client needs at least one endpoint",
            ));
        }
        for (setting, limit) in [
            ("timeout", self.timeout),
            ("connect_timeout", self.connect_timeout),
        ] {
            if limit.is_zero() {
                return Err(Error::bad_setting(
                    setting,
                    "a call needs some time, zero is none",
                ));
            }
        }
        if self.ping_interval.is_zero() || self.ping_limit < self.ping_interval {
            let reason = "the interval must be above zero and no longer than the limit";
            return Err(Error::bad_setting("ping", reason));
        }
        if self.max_message < MIN_MESSAGE {
            return Err(Error::bad_setting(
                "max_message",
                format!("it must be {MIN_MESSAGE} bytes or more"),
            ));
        }
        if self.high_water == 0 {
            let reason = "it must be 1 or more: nothing is held without bound";
            return Err(Error::bad_setting("high_water", reason));
        }
        if self.max_calls == 0 {
            return Err(Error::bad_setting("max_calls", "it must be 1 or more"));
        }
        self.endpoints
            .iter()
            .map(|text| {
                Endpoint::parse(text, Direction::Connect)
                    .map_err(|reason| Error::bad_endpoint(text, reason))
            })
            .collect()
    }
}
