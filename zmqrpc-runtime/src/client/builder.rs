//! Settings of a client.

use std::sync::Arc;
use std::time::Duration;

use super::agreements::Agreements;
use super::balancer::{Balancer, Channel, Opener};
use super::handle::{CallDefaults, Client};
use super::state::CallLimits;
use crate::codec::Codec;
use crate::command::EarlierReceivers;
use crate::error::{EndpointCause, Error};
use crate::logins::{AuthSettings, authenticate_method, credentials_method};
use crate::options::{ConnectionOptions, Ping, connection_methods};
use crate::socket::{Direction, Endpoint, Security};

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
    endpoints: Vec<(String, Direction)>,
    timeout: Duration,
    connect_timeout: Duration,
    codec: Codec,
    ping: Ping,
    max_calls: usize,
    max_queued_bytes: usize,
    options: ConnectionOptions,
    auth: AuthSettings,
    /// Snapshots of earlier versions.
    earlier: Vec<String>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            codec: Codec::BY_NAME,
            ping: Ping::default(),
            max_calls: 65_536,
            max_queued_bytes: 64 << 20,
            options: ConnectionOptions::default(),
            auth: AuthSettings::default(),
            earlier: Vec::new(),
        }
    }
}

impl ClientBuilder {
    /// Adds an endpoint: `tcp://host:port`, `ipc://path` or `inproc://name`. Calls are dealt out among them in turn,
    /// leaving out those without a connection, or whose server is about to end, while there is one with.
    ///
    /// The connection is made in the background and made again when it is lost; the server may start later.
    pub fn connect(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Connect));
        self
    }

    /// Sends to servers that are of an earlier version of a service: under its keys, where they read nothing as something
    /// else. A value that has no reply and that they would refuse is an [`Error::Encode`], and is not sent. `snapshot` is what [`assert_compatible`](crate::schema::assert_compatible) wrote of that version; one that is no
    /// description is an [`Error::Config`].
    ///
    /// Calls agree with a server on a key in any case. What has no reply cannot, nor what a buffered proxy accepts: with a
    /// snapshot clients may be replaced before their servers. Those that are newer take it if they were given
    /// [the same snapshot](crate::ServerBuilder::earlier). Of several that have a method, the first counts.
    #[cfg(feature = "json")]
    pub fn earlier(mut self, snapshot: impl Into<String>) -> Self {
        self.earlier.push(snapshot.into());
        self
    }

    /// Listens at an endpoint for servers that [work for](crate::ServerBuilder::work_for) this client: `tcp://*:30003`,
    /// `ipc:///run/name.sock`, `inproc://name`. Calls are dealt out among those that have come, in turn; one that a worker
    /// refuses unexecuted another one gets. Beside it, other endpoints may be bound and connected.
    ///
    /// A call waits for a worker as for a connection. To the client all workers at an endpoint are equal: each should offer
    /// the same services. [`Client::workers`] tells who is there, and [`Client::endpoints`] which port a wildcard is.
    pub fn bind(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Bind));
        self
    }

    /// How long a call may take from its start to its reply. Default: 30 s.
    ///
    /// A limit of the method's attribute goes before it, [`Client::with_timeout`] before both.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a call waits for a connection before it fails with [`Error::Unavailable`]. Default: 5 s, and never
    /// longer than the call's timeout.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the codec of calls by name, see [`Client::invoke`]. Default: `MessagePack`; JSON in a build without that. Any
    /// crate of the program may turn the feature `msgpack` on: set it here where a server has JSON alone.
    ///
    /// Must be [self-describing](Codec::is_self_describing), or `build` fails. What is generated calls by key, in postcard,
    /// whatever this is.
    ///
    /// ```
    /// use zmqrpc_runtime::Client;
    /// use zmqrpc_runtime::client::Codec;
    ///
    /// # #[cfg(feature = "json")]
    /// let client = Client::builder().connect("tcp://127.0.0.1:30000").codec(Codec::Json);
    /// ```
    #[cfg(any(feature = "json", feature = "msgpack"))]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Sets when a silent server counts as dead. Default: after 3 s, pinged each second.
    pub fn ping(mut self, ping: Ping) -> Self {
        self.ping = ping;
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

    connection_methods! {
        options;
        /// Sets how many requests libzmq holds per endpoint. Default: 1,000. Further ones wait in the client. Replies are
        /// always taken in.
    }

    credentials_method! {
        auth
        /// A login that is refused is [`Error::Unauthenticated`] for the calls that wait for it, within a second. It is
        /// tried again when a call is made, twice a second at most, and more and more rarely while none is.
    }

    authenticate_method! {
        auth
        /// Asks the servers for a login that come to what this client [binds](Self::bind).
    }

    /// Checks the settings and opens the sockets.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] and [`Error::Config`] name the setting that is wrong; nothing is open then.
    /// [`Error::Transport`] if the system gives no more sockets.
    pub fn build(self) -> Result<Client, Error> {
        let endpoints = self.check()?;
        let directions = endpoints.iter().map(Endpoint::direction);
        let logins = self.auth.for_endpoints(directions)?;
        self.auth.warn_if_exposed(endpoints.iter());
        let options = self.options.socket(1000, 1000, Security::Open);
        let bounds = CallLimits {
            calls: self.max_calls,
            queued_bytes: self.max_queued_bytes,
        };
        let earlier = EarlierReceivers::read(&self.earlier)?;
        let agreements = Arc::new(Agreements::new(earlier));
        let opener = Opener {
            options,
            logins,
            limits: self.options.limits(),
            bounds,
            ping: self.ping,
            agreements: Arc::clone(&agreements),
        };
        let balancer = Balancer::open(opener, &endpoints)?;
        let channel = Channel::Connections(Arc::new(balancer));
        Ok(Client::new(channel, self.call_defaults(), agreements))
    }

    /// Like [`build`](Self::build), for calls from tasks.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_async(self) -> Result<super::AsyncClient, Error> {
        self.build().map(super::AsyncClient::from)
    }

    pub(super) fn call_defaults(&self) -> CallDefaults {
        CallDefaults {
            timeout: self.timeout,
            connect_timeout: self.connect_timeout,
            codec: self.codec,
            limits: self.options.limits(),
        }
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
        if !self.codec.is_self_describing() && Codec::BY_NAME.is_self_describing() {
            let reason = "calls by name need a codec that carries types, which postcard does not";
            return Err(Error::bad_setting("codec", reason));
        }
        self.ping.check()?;
        self.options.check()?;
        if self.max_calls == 0 {
            return Err(Error::bad_setting("max_calls", "it must be 1 or more"));
        }
        self.endpoints
            .iter()
            .map(|(text, direction)| {
                Endpoint::parse(text, *direction).map_err(|reason| {
                    Error::endpoint_error(text, EndpointCause::Malformed(reason.into()))
                })
            })
            .collect()
    }
}
