//! Events: the end where they come in, and the one where they go out.

use std::time::Duration;

use super::{EndOptions, auth, endpoints, no_endpoint};
use crate::error::Error;
use crate::logins::{AuthSettings, SecurityByDirection};
use crate::publish::Overflow;
use crate::subscription::{Subscription, ValidSubscription};

/// Events come in, from any number of publishers: [`Subscription`]s, each with a connection of its own.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::proxy::Sub;
/// use zmqrpc_runtime::pubsub::Subscription;
///
/// let site = Sub::new()
///     .connect("tcp://sampler-a:30001")
///     .subscribe(
///         Subscription::connect("tcp://sampler-b:30001").silence_timeout(Duration::from_secs(60)),
///     );
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sub {
    pub(in crate::proxy) subscriptions: Vec<Subscription>,
    auth: AuthSettings,
}

impl Sub {
    /// Creates an end without subscriptions: it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Subscribes to everything that the publisher at an endpoint publishes.
    #[must_use]
    pub fn connect(self, endpoint: impl Into<String>) -> Self {
        self.subscribe(Subscription::connect(endpoint))
    }

    /// Listens for publishers that connect.
    #[must_use]
    pub fn bind(self, endpoint: impl Into<String>) -> Self {
        self.subscribe(Subscription::bind(endpoint))
    }

    /// Adds a subscription. What [`credentials`](Self::credentials) and [`authenticate`](Self::authenticate) say is for those
    /// that have no such setting of their own.
    #[must_use]
    pub fn subscribe(mut self, subscription: impl Into<Subscription>) -> Self {
        self.subscriptions.push(subscription.into());
        self
    }

    auth!(auth: login);

    auth!(auth: authenticate);

    /// The subscriptions, and what those show or ask for that have no setting of their own.
    pub(in crate::proxy) fn check(
        self,
    ) -> Result<(Vec<ValidSubscription>, SecurityByDirection), Error> {
        let checked: Result<Vec<_>, _> = self
            .subscriptions
            .into_iter()
            .map(Subscription::check)
            .collect();
        let checked = checked?;
        if checked.is_empty() {
            return Err(no_endpoint());
        }
        let logins = self
            .auth
            .for_endpoints(checked.iter().map(ValidSubscription::direction))?;
        let inheriting = checked.iter().filter_map(ValidSubscription::inheriting);
        self.auth.warn_if_exposed(inheriting);
        Ok((checked, logins))
    }
}

impl From<Subscription> for Sub {
    fn from(subscription: Subscription) -> Self {
        Self::new().subscribe(subscription)
    }
}

/// Events go out, to everybody who subscribes.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::proxy::Pub;
///
/// let news = Pub::new().bind("tcp://*:30001").topic("eu.");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Pub {
    pub(in crate::proxy) end: EndOptions,
    pub(in crate::proxy) topic: String,
    pub(in crate::proxy) high_water: Option<usize>,
    pub(in crate::proxy) overflow: Overflow,
    pub(in crate::proxy) heartbeat: Option<Duration>,
}

impl Pub {
    /// Creates an end without endpoints: it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    endpoints! {
        /// Listens for subscribers.
        bind;

        /// Connects to a subscriber that listens.
        connect;
    }

    auth!(end.auth: login);

    auth!(end.auth: authenticate);

    /// The topic of what was a request. Default: the empty one. Events keep theirs.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = topic.into();
        self
    }

    /// Events that are held for each subscriber. Default: 10,000.
    #[must_use]
    pub fn high_water(mut self, events: usize) -> Self {
        self.high_water = Some(events);
        self
    }

    /// What happens to an event when a subscriber has no room. Default: it is dropped for those who have none, who count it
    /// as lost. Refused, it goes to nobody: then a caller gets [`Error::Overloaded`](crate::Error::Overloaded), and what
    /// was an event is given up, and counted.
    #[must_use]
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = policy;
        self
    }

    /// How often to publish a heartbeat of the proxy's own. Default: never. Those of publishers are passed on in any case.
    #[must_use]
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.heartbeat = Some(interval);
        self
    }
}
