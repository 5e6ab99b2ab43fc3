//! Events: the end where they come in, and the one where they go out.

use std::time::Duration;

use super::{EndOptions, access, endpoints};
use crate::auth::{AuthSettings, SecurityByDirection};
use crate::error::Error;
use crate::publish::Overflow;
use crate::server::{Subscription, ValidSubscription};

/// Events come in, from any number of publishers: [`Subscription`]s, each with a connection of its own.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::{Sub, Subscription};
///
/// let site = Sub::connect("tcp://sampler-a:30001")
///     .and(Subscription::connect("tcp://sampler-b:30001").heartbeat(Duration::from_secs(60)));
/// ```
#[derive(Clone, Debug)]
pub struct Sub {
    pub(in crate::proxy) subscriptions: Vec<Subscription>,
    access: AuthSettings,
}

impl Sub {
    /// Subscribes to everything that the publisher at an endpoint says.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Subscription::connect(endpoint).into()
    }

    /// Listens for publishers that connect.
    pub fn bind(endpoint: impl Into<String>) -> Self {
        Subscription::bind(endpoint).into()
    }

    access!(access: login);

    access!(access: authenticate);

    /// A further subscription. What [`plain`](Self::plain), [`curve`](Self::curve) and [`authenticate`](Self::authenticate)
    /// say is for those that have no such setting of their own.
    #[must_use]
    pub fn and(mut self, subscription: impl Into<Subscription>) -> Self {
        self.subscriptions.push(subscription.into());
        self
    }

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
        let logins = self
            .access
            .for_endpoints(checked.iter().map(ValidSubscription::direction))?;
        let inheriting = checked.iter().filter_map(ValidSubscription::inheriting);
        self.access.warn_if_exposed(inheriting);
        Ok((checked, logins))
    }
}

impl From<Subscription> for Sub {
    fn from(subscription: Subscription) -> Self {
        Self {
            subscriptions: vec![subscription],
            access: AuthSettings::default(),
        }
    }
}

/// Events go out, to everybody who subscribes.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::Pub;
///
/// let news = Pub::bind("tcp://*:30001").topic("eu.");
/// ```
#[derive(Clone, Debug)]
pub struct Pub {
    pub(in crate::proxy) end: EndOptions,
    pub(in crate::proxy) topic: String,
    pub(in crate::proxy) high_water: usize,
    pub(in crate::proxy) overflow: Overflow,
    pub(in crate::proxy) heartbeat: Option<Duration>,
}

impl Pub {
    fn new(end: EndOptions) -> Self {
        Self {
            end,
            topic: String::new(),
            high_water: 10_000,
            overflow: Overflow::Drop,
            heartbeat: None,
        }
    }

    endpoints! {
        /// Listens for subscribers.
        bind;

        /// Connects to a subscriber that listens.
        connect;

        /// Listens on a further endpoint.
        and_bind;

        /// Connects to a further subscriber.
        and_connect;
    }

    access!(end.access: login);

    access!(end.access: authenticate);

    /// The topic of what was a request. Default: the empty one. Events keep theirs.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = topic.into();
        self
    }

    /// Events that are held for each subscriber. Default: 10,000.
    #[must_use]
    pub fn high_water(mut self, events: usize) -> Self {
        self.high_water = events;
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
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = Some(interval);
        self
    }
}
