//! Settings of a subscription.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::{AuthSettings, EachWay, authenticate_method, login_methods, warn_if_exposed};
use crate::error::Error;
use crate::socket::{Direction, Endpoint, Security, SocketOptions};
use crate::wire::MAX_TOPIC;

/// Where to get events from, and which: for [`ServerBuilder::subscribe`](crate::ServerBuilder::subscribe) and
/// [`ServerHandle::subscribe`](crate::ServerHandle::subscribe). A text is a subscription of everything that the
/// publisher at that endpoint says.
///
/// Each subscription has a connection of its own, and is watched and renewed on its own.
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::Subscription;
///
/// let europe = Subscription::connect("tcp://127.0.0.1:30001")
///     .topic("eu.")
///     .heartbeat(Duration::from_secs(60))
///     .on_silence(|endpoint| eprintln!("nothing from {endpoint} for a minute"));
/// # let _ = europe;
/// ```
#[derive(Clone)]
#[must_use = "it is subscribed to by a server"]
pub struct Subscription {
    endpoint: String,
    direction: Direction,
    topics: Vec<String>,
    heartbeat: Option<Duration>,
    high_water: usize,
    on_silence: Option<OnSilence>,
    access: AuthSettings,
}

pub(super) type OnSilence = Arc<dyn Fn(&str) + Send + Sync>;

/// A limit of silence that is shorter would renew connections before they are made.
const MIN_SILENCE: Duration = Duration::from_millis(100);

const MAX_HIGH_WATER: usize = u16::MAX as usize;

/// A subscription whose settings have been checked.
pub(crate) struct ValidSubscription {
    pub(super) endpoint: Endpoint,
    /// Prefixes, at least one.
    pub(super) topics: Vec<String>,
    pub(super) heartbeat: Option<Duration>,
    high_water: u16,
    pub(super) on_silence: Option<OnSilence>,
    /// Nothing if the subscription has no settings of its own.
    pub(super) security: Option<Security>,
}

impl ValidSubscription {
    pub(crate) fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    pub(crate) fn direction(&self) -> Direction {
        self.endpoint.direction()
    }

    /// Where it is, if it does about logins what the server does.
    pub(crate) fn inheriting(&self) -> Option<&Endpoint> {
        self.security.is_none().then_some(&self.endpoint)
    }

    /// Writes one line if somebody from another machine could publish to it without a login.
    pub(in crate::server) fn warn_if_exposed(&self, options: &SocketOptions) {
        if !options.security.requires_login() {
            warn_if_exposed(std::iter::once(&self.endpoint));
        }
    }

    /// What to open it with, among others whose settings are these; `logins` are for those that have none of their own.
    pub(crate) fn options(&self, options: &SocketOptions, logins: &EachWay) -> SocketOptions {
        let own = self.security.clone();
        SocketOptions {
            receive_high_water: self.high_water.into(),
            security: own.unwrap_or_else(|| logins.of(self.direction())),
            ..options.clone()
        }
    }
}

impl Subscription {
    /// Subscribes to the publisher that is bound to an endpoint. It need not be there yet.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint.into(), Direction::Connect)
    }

    /// Listens for publishers that connect: `tcp://*:30001`, or `tcp://*:*` for any free port, which
    /// [`ServerHandle::subscriptions`](crate::ServerHandle::subscriptions) tells.
    pub fn bind(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint.into(), Direction::Bind)
    }

    fn new(endpoint: String, direction: Direction) -> Self {
        Self {
            endpoint,
            direction,
            topics: Vec::new(),
            heartbeat: None,
            high_water: 10_000,
            on_silence: None,
            access: AuthSettings::default(),
        }
    }

    /// Takes events whose topic begins so; may be said any number of times. Without it: everything. At most 255 bytes.
    pub fn topic(mut self, prefix: impl Into<String>) -> Self {
        self.topics.push(prefix.into());
        self
    }

    /// Counts the publisher as silent when it has said nothing for so long, neither an event nor a heartbeat: then the
    /// connection is renewed, and again each time that another such time passes. Default: never. At least 100 ms; use
    /// twice the publisher's interval of heartbeats or more.
    ///
    /// A connection that is cut without a word (a cable, a firewall that forgets) looks like a publisher with nothing to
    /// say; renewing it finds a way if there is one. Other subscriptions of the server are not touched, and nothing is
    /// judged while the server has no room for events. A bound subscription over TCP drops its connections and listens
    /// again, so that its publishers come back; over `ipc` and `inproc` there is nothing to renew where it is bound, and
    /// silence is only told.
    pub fn heartbeat(mut self, limit: Duration) -> Self {
        self.heartbeat = Some(limit);
        self
    }

    /// Events that are held for each publisher, beside those in the server's queue, before the publisher drops further
    /// ones. Default: 10,000; at most 65,535.
    ///
    /// Once the queue has had no room for 50 ms, no more than have room in 256 MiB if each is as large as it may be, twice
    /// [`max_message`](crate::ServerBuilder::max_message): 8 by default. A lower `max_message` leaves room for more.
    pub fn high_water(mut self, events: usize) -> Self {
        self.high_water = events;
        self
    }

    /// Is called with the endpoint each time that the limit of [`heartbeat`](Self::heartbeat) passes. What it panics with
    /// is logged.
    ///
    /// A server has one thread for such calls, which makes one after the other. One that takes its time holds up those of
    /// the server's other subscriptions and nothing else; silences that pass meanwhile are told once, when it is over.
    pub fn on_silence(mut self, callback: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_silence = Some(Arc::new(callback));
        self
    }

    login_methods! {
        access
        /// A login that is refused is logged and counted, see
        /// [`SubscriptionStats::unauthenticated`](crate::SubscriptionStats::unauthenticated), and tried again after half a
        /// second, then more and more rarely, up to every 32 s.
    }

    authenticate_method! {
        access
        /// Asks everybody for a login who connects to where it is [bound](Self::bind). Without it a server asks for what
        /// [its own](crate::ServerBuilder::authenticate) `authenticate` says.
    }

    pub(crate) fn check(self) -> Result<ValidSubscription, Error> {
        let endpoint = Endpoint::parse(&self.endpoint, self.direction)
            .map_err(|reason| Error::bad_endpoint(&self.endpoint, reason))?;
        if self.heartbeat.is_some_and(|limit| limit < MIN_SILENCE) {
            return Err(Error::bad_setting(
                "heartbeat",
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
        let access = self.access;
        let own = (!access.is_open()).then(|| access.of_one([self.direction].into_iter()));
        Ok(ValidSubscription {
            endpoint,
            topics,
            heartbeat: self.heartbeat,
            high_water,
            on_silence: self.on_silence,
            security: own.transpose()?,
        })
    }
}

pub(in crate::server) fn check_topic(topic: &str) -> Result<(), Error> {
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
            .field("heartbeat", &self.heartbeat)
            .field("high_water", &self.high_water)
            .finish_non_exhaustive()
    }
}
