//! The settings of a subscription.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{EndpointCause, Error};
use crate::logins::{
    AuthSettings, SecurityByDirection, authenticate_method, credentials_method, warn_if_exposed,
};
use crate::socket::{Direction, Endpoint, Security, SocketOptions};
use crate::wire::MAX_TOPIC;

/// Which events to subscribe to, and where: for [`ServerBuilder::subscribe`](crate::ServerBuilder::subscribe) and
/// [`ServerHandle::subscribe`](crate::ServerHandle::subscribe), which execute them, and for a
/// [`RawSubscriber`](crate::pubsub::RawSubscriber), which hands them out still encoded. A string converts to a
/// subscription of everything that the publisher at that endpoint publishes.
///
/// Each subscription has a connection of its own, which is watched and renewed independently of the others.
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::pubsub::Subscription;
///
/// let europe = Subscription::connect("tcp://127.0.0.1:30001")
///     .topic("eu.")
///     .silence_timeout(Duration::from_secs(60))
///     .on_silence(|endpoint| eprintln!("nothing from {endpoint} for a minute"));
/// # let _ = europe;
/// ```
#[derive(Clone)]
#[must_use = "it is subscribed to by a server or a `RawSubscriber`"]
pub struct Subscription {
    endpoint: String,
    direction: Direction,
    topics: Vec<String>,
    silence_timeout: Option<Duration>,
    high_water: usize,
    on_silence: Option<OnSilence>,
    auth: AuthSettings,
}

pub(super) type OnSilence = Arc<dyn Fn(&str) + Send + Sync>;

/// A shorter limit of silence would renew connections before they are established.
const MIN_SILENCE: Duration = Duration::from_millis(100);

const MAX_HIGH_WATER: usize = u16::MAX as usize;

/// A subscription whose settings were checked.
pub(crate) struct ValidSubscription {
    pub(super) endpoint: Endpoint,
    /// The prefixes to subscribe to, at least one.
    pub(super) topics: Vec<String>,
    pub(super) silence_timeout: Option<Duration>,
    high_water: u16,
    pub(super) on_silence: Option<OnSilence>,
    /// `None` if the subscription has no login settings of its own.
    pub(super) security: Option<Security>,
}

impl ValidSubscription {
    pub(crate) fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    pub(crate) fn direction(&self) -> Direction {
        self.endpoint.direction()
    }

    /// Returns the endpoint if the subscription uses the server's login settings.
    pub(crate) fn inheriting(&self) -> Option<&Endpoint> {
        self.security.is_none().then_some(&self.endpoint)
    }

    /// Logs a warning if peers on other machines could publish to it without a login.
    pub(crate) fn warn_if_exposed(&self, options: &SocketOptions) {
        if !options.security.requires_login() {
            warn_if_exposed(std::iter::once(&self.endpoint));
        }
    }

    /// Returns the options for its socket, based on the server's or the proxy's. `logins` apply if the subscription has no
    /// login settings of its own.
    pub(crate) fn options(
        &self,
        options: &SocketOptions,
        logins: &SecurityByDirection,
    ) -> SocketOptions {
        let own = self.security.clone();
        SocketOptions {
            receive_high_water: self.high_water.into(),
            security: own.unwrap_or_else(|| logins.of(self.direction())),
            ..options.clone()
        }
    }
}

impl Subscription {
    /// Subscribes to the publisher that is bound to an endpoint. The publisher need not run yet.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint.into(), Direction::Connect)
    }

    /// Listens for publishers that connect: `tcp://*:30001`, or `tcp://*:*` for any free port, which
    /// [`ServerHandle::subscriptions`](crate::ServerHandle::subscriptions) shows.
    pub fn bind(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint.into(), Direction::Bind)
    }

    fn new(endpoint: String, direction: Direction) -> Self {
        Self {
            endpoint,
            direction,
            topics: Vec::new(),
            silence_timeout: None,
            high_water: 10_000,
            on_silence: None,
            auth: AuthSettings::default(),
        }
    }

    /// Takes events whose topic starts with `prefix`. May be called any number of times. Default: all events. At most
    /// 255 bytes.
    pub fn topic(mut self, prefix: impl Into<String>) -> Self {
        self.topics.push(prefix.into());
        self
    }

    /// How long nothing, neither an event nor a heartbeat, may come from the publisher before it counts as silent: then
    /// the connection is renewed, and again each time that the limit passes. Default: never. At least 100 ms; use twice
    /// the publisher's heartbeat interval or more.
    ///
    /// A connection that is cut without notice (by a cable or a firewall) looks like a publisher that publishes
    /// nothing; renewing it finds a route if there is one. Other subscriptions of the server are not affected, and no
    /// time counts while the server has no room for events. A bound subscription over TCP drops its connections and
    /// listens again, so that its publishers come back; one that is bound over `ipc` or `inproc` has nothing to renew,
    /// and only reports silence.
    pub fn silence_timeout(mut self, timeout: Duration) -> Self {
        self.silence_timeout = Some(timeout);
        self
    }

    /// How many events are held for each publisher, beside those in the server's queue, before the publisher drops
    /// further ones. Default: 10,000; at most 65,535.
    ///
    /// Once the queue has had no room for 50 ms, fewer are held: as many as fit into 256 MiB if each has twice
    /// [`max_message`](crate::ServerBuilder::max_message), the largest size. That is 8 by default; a lower
    /// `max_message` allows more.
    pub fn high_water(mut self, events: usize) -> Self {
        self.high_water = events;
        self
    }

    /// Calls a function with the endpoint each time that [`silence_timeout`](Self::silence_timeout) passes. A panic of the
    /// function is logged.
    ///
    /// A server has one thread for such callbacks, which runs one after the other. A slow callback delays those of the
    /// server's other subscriptions and nothing else; silences that pass meanwhile are reported once, when it has
    /// returned.
    pub fn on_silence(mut self, callback: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_silence = Some(Arc::new(callback));
        self
    }

    credentials_method! {
        auth
        /// A login that is refused is logged and counted, see
        /// [`SubscriptionStats::login_failures`](crate::pubsub::SubscriptionStats::login_failures), and retried after half a
        /// second, then at growing intervals of up to 32 s.
    }

    authenticate_method! {
        auth
        /// Asks everybody for a login who connects to where it is [bound](Self::bind). Without it a server asks for what
        /// [its own](crate::ServerBuilder::authenticate) `authenticate` says.
    }

    pub(crate) fn check(self) -> Result<ValidSubscription, Error> {
        let endpoint = Endpoint::parse(&self.endpoint, self.direction).map_err(|reason| {
            Error::endpoint_error(&self.endpoint, EndpointCause::Malformed(reason.into()))
        })?;
        if self
            .silence_timeout
            .is_some_and(|limit| limit < MIN_SILENCE)
        {
            return Err(Error::bad_setting(
                "silence_timeout",
                format!("it must be {} ms or more", MIN_SILENCE.as_millis()),
            ));
        }
        let high_water = u16::try_from(self.high_water).ok().filter(|&n| n > 0);
        let high_water = high_water.ok_or_else(|| {
            Error::bad_setting(
                "high_water",
                format!("it must be from 1 to {MAX_HIGH_WATER}"),
            )
        })?;
        let mut topics = self.topics;
        if topics.is_empty() {
            topics.push(String::new());
        }
        for topic in &topics {
            check_topic(topic)?;
        }
        let auth = self.auth;
        let own = (!auth.is_empty()).then(|| auth.for_socket([self.direction].into_iter()));
        Ok(ValidSubscription {
            endpoint,
            topics,
            silence_timeout: self.silence_timeout,
            high_water,
            on_silence: self.on_silence,
            security: own.transpose()?,
        })
    }
}

pub(crate) fn check_topic(topic: &str) -> Result<(), Error> {
    if topic.len() > MAX_TOPIC {
        let reason = format!("it has {} bytes, {MAX_TOPIC} are allowed", topic.len());
        return Err(Error::bad_setting("topic", reason));
    }
    Ok(())
}

impl From<&str> for Subscription {
    fn from(endpoint: &str) -> Self {
        Self::connect(endpoint)
    }
}

impl From<String> for Subscription {
    fn from(endpoint: String) -> Self {
        Self::connect(endpoint)
    }
}

impl From<&String> for Subscription {
    fn from(endpoint: &String) -> Self {
        Self::connect(endpoint)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("endpoint", &self.endpoint)
            .field("direction", &self.direction)
            .field("topics", &self.topics)
            .field("silence_timeout", &self.silence_timeout)
            .field("high_water", &self.high_water)
            .finish_non_exhaustive()
    }
}
