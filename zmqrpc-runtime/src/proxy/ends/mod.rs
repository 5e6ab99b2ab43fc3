//! The two ends of a proxy, as its user names them: patterns, endpoints and what belongs to one end alone.

use std::time::Duration;

use crate::client::Pulse;
use crate::error::Error;
use crate::publish::Overflow;
use crate::server::Subscription;
use crate::socket::{Direction, Endpoint};

/// Endpoints of one end, and how each is used.
pub(super) type Endpoints = Vec<(String, Direction)>;

/// Requests come in: clients call here as they would call a server.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::Rep;
///
/// let front = Rep::bind("tcp://127.0.0.1:*").and_bind("ipc:///run/front.sock");
/// ```
#[derive(Clone, Debug)]
pub struct Rep {
    pub(super) endpoints: Endpoints,
}

impl Rep {
    /// Listens on an endpoint: `tcp://127.0.0.1:5555`, `tcp://*:*`, `ipc:///run/name.sock`, `inproc://name`.
    pub fn bind(endpoint: impl Into<String>) -> Self {
        Self {
            endpoints: vec![(endpoint.into(), Direction::Bind)],
        }
    }

    /// Connects to a hub (a ROUTER/DEALER device) that hands requests on.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Self {
            endpoints: vec![(endpoint.into(), Direction::Connect)],
        }
    }

    /// Listens on a further endpoint.
    #[must_use]
    pub fn and_bind(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Bind));
        self
    }

    /// Connects to a further hub.
    #[must_use]
    pub fn and_connect(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Connect));
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
    pub(super) endpoints: Endpoints,
    pub(super) connect_timeout: Duration,
    ping_interval: Duration,
    ping_limit: Duration,
    pub(super) attempts: u32,
    pub(super) max_age: Duration,
}

impl Req {
    /// Connects to a service. The connection is made in the background and made again when it is lost; the service may
    /// start later.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Self {
            endpoints: vec![(endpoint.into(), Direction::Connect)],
            connect_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(1),
            ping_limit: Duration::from_secs(3),
            attempts: 10,
            max_age: Duration::from_secs(60),
        }
    }

    /// Connects to a further service that does the same.
    #[must_use]
    pub fn and_connect(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Connect));
        self
    }

    /// How long a call waits in the proxy for a connection before it fails with
    /// [`Error::Unavailable`](crate::Error::Unavailable). Default: 5 s, and never longer than its caller waits.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// When a target counts as dead: while calls are under way and nothing is heard from it, it is pinged each
    /// `interval`; after `limit` of silence its calls fail with [`Error::Unavailable`](crate::Error::Unavailable) and
    /// the connection is made anew. Default: 1 s and 3 s.
    #[must_use]
    pub fn ping(mut self, interval: Duration, limit: Duration) -> Self {
        (self.ping_interval, self.ping_limit) = (interval, limit);
        self
    }

    /// How often a call is tried that an event or a job asks for, while the target is connected: after a failure that may
    /// get better, such as an overload or a lost connection. Default: 10. Beyond it the event is given up, and counted.
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

    pub(super) fn pulse(&self) -> Result<Pulse, Error> {
        if self.ping_interval.is_zero() || self.ping_limit < self.ping_interval {
            let reason = "the interval must be above zero and no longer than the limit";
            return Err(Error::bad_setting("ping", reason));
        }
        if self.connect_timeout.is_zero() {
            let reason = "a call needs some time, zero is none";
            return Err(Error::bad_setting("connect_timeout", reason));
        }
        Ok(Pulse::new(self.ping_interval, self.ping_limit))
    }
}

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
    pub(super) subscriptions: Vec<Subscription>,
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

    /// A further subscription.
    #[must_use]
    pub fn and(mut self, subscription: impl Into<Subscription>) -> Self {
        self.subscriptions.push(subscription.into());
        self
    }
}

impl From<Subscription> for Sub {
    fn from(subscription: Subscription) -> Self {
        Self {
            subscriptions: vec![subscription],
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
    pub(super) endpoints: Endpoints,
    pub(super) topic: String,
    pub(super) high_water: usize,
    pub(super) overflow: Overflow,
    pub(super) heartbeat: Option<Duration>,
}

impl Pub {
    fn new(endpoint: String, direction: Direction) -> Self {
        Self {
            endpoints: vec![(endpoint, direction)],
            topic: String::new(),
            high_water: 10_000,
            overflow: Overflow::Drop,
            heartbeat: None,
        }
    }

    /// Listens for subscribers.
    pub fn bind(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint.into(), Direction::Bind)
    }

    /// Connects to a subscriber that listens.
    pub fn connect(endpoint: impl Into<String>) -> Self {
        Self::new(endpoint.into(), Direction::Connect)
    }

    /// Listens on a further endpoint.
    #[must_use]
    pub fn and_bind(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Bind));
        self
    }

    /// Connects to a further subscriber.
    #[must_use]
    pub fn and_connect(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push((endpoint.into(), Direction::Connect));
        self
    }

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

macro_rules! endpoints {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            pub(super) endpoints: Endpoints,
        }

        impl $name {
            /// Listens on an endpoint.
            pub fn bind(endpoint: impl Into<String>) -> Self {
                Self {
                    endpoints: vec![(endpoint.into(), Direction::Bind)],
                }
            }

            /// Connects to an endpoint.
            pub fn connect(endpoint: impl Into<String>) -> Self {
                Self {
                    endpoints: vec![(endpoint.into(), Direction::Connect)],
                }
            }

            /// Listens on a further endpoint.
            #[must_use]
            pub fn and_bind(mut self, endpoint: impl Into<String>) -> Self {
                self.endpoints.push((endpoint.into(), Direction::Bind));
                self
            }

            /// Connects to a further endpoint.
            #[must_use]
            pub fn and_connect(mut self, endpoint: impl Into<String>) -> Self {
                self.endpoints.push((endpoint.into(), Direction::Connect));
                self
            }
        }
    };
}

endpoints! {
    /// Jobs come in: from pushers.
    Pull
}

endpoints! {
    /// Jobs go out: each to one of those who pull.
    Push
}

/// Checks the endpoints of one end.
pub(super) fn parse(endpoints: &Endpoints) -> Result<Vec<Endpoint>, Error> {
    endpoints
        .iter()
        .map(|(text, direction)| {
            Endpoint::parse(text, *direction).map_err(|reason| Error::bad_endpoint(text, reason))
        })
        .collect()
}
