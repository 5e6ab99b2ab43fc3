//! The publisher: a handle on its socket, and the topic of what is published through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::{self, site};
use super::endpoints::endpoint_methods;
use super::heartbeats::Heartbeats;
use super::publisher_builder::PublisherBuilder;
use super::publisher_socket::{
    MissingSubscribers, NotPublished, Overflow, PublisherSocket, PublisherStats,
};
use crate::command::{Command, Transport, WithTopic};
use crate::error::{CallTarget, Error, OverloadCause, UnavailableCause};
use crate::socket::{Process, PubSocket as Socket, Registration, RejectedLogins, UnsentCounter};
use crate::wire::{Executed, Limits, MAX_TOPIC, MetadataBuf};

/// Publishes commands to all who have subscribed: servers with a subscription.
///
/// A stub over a publisher has the methods of its trait, which give `Result<(), Error>`: a message is handed over and
/// nothing comes back, whatever the method returns. What is published while nobody subscribes is gone. A subscriber
/// takes part from a moment after it has connected; [`wait_subscribers`](Self::wait_subscribers) waits for it.
///
/// A publisher is a handle: clones share its socket, and any number of threads may use one. No method but
/// `wait_subscribers` blocks, so tasks may publish, too. The topic that [`with_topic`](Self::with_topic) sets belongs to
/// the new handle alone.
///
/// Each event has the publisher's number and a sequence number of its topic, so that subscribers know what they have
/// lost. For each subscriber `high_water` messages are held at most, 10,000 by default; what happens beyond that says
/// [`Overflow`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::{Command, Error};
/// use zmqrpc_runtime::pubsub::Publisher;
///
/// fn announce<C: Command>(news: &C) -> Result<(), Error> {
///     let publisher = Publisher::bind("tcp://127.0.0.1:*")?;
///     publisher.wait_subscribers(1, Duration::from_secs(2))?;
///     publisher.with_topic("eu.").publish(news)
/// }
/// ```
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<PublisherShared>,
    topic: Arc<str>,
    metadata: MetadataBuf,
}

pub(super) struct PublisherShared {
    pub(super) heartbeats: Option<Heartbeats>,
    pub(super) socket: Registration<PublisherSocket>,
    pub(super) id: u64,
    pub(super) overflow: Overflow,
    pub(super) high_water: usize,
    pub(super) limits: Limits,
    pub(super) place: Option<Arc<str>>,
    pub(super) denied: RejectedLogins,
    pub(super) refused: RejectedLogins,
    pub(super) process: Process,
}

impl Drop for PublisherShared {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // The parent's, and so is the thread.
            return std::mem::forget(self.heartbeats.take());
        }
        // The thread goes before the socket that it uses.
        self.heartbeats = None;
        self.socket.close_and_release();
    }
}

impl Publisher {
    pub(super) fn new(shared: PublisherShared, metadata: MetadataBuf) -> Self {
        Self {
            shared: Arc::new(shared),
            topic: Arc::from(""),
            metadata,
        }
    }

    /// Starts the settings of a publisher.
    pub fn builder() -> PublisherBuilder {
        PublisherBuilder::default()
    }

    /// A publisher that subscribers connect to, with the default settings of [`PublisherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong or in use.
    pub fn bind(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().bind(endpoint.as_ref()).build()
    }

    /// A publisher that connects to a bound subscriber, with the default settings of [`PublisherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is wrong. A subscriber that is not there yet is not an error.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect(endpoint.as_ref()).build()
    }

    /// A handle that publishes under `topic`. Subscribers get the topics that begin with what they have subscribed; the
    /// topic of a new publisher is empty, which only those get who subscribe everything.
    ///
    /// A topic has at most 255 bytes: publishing under a longer one is [`Error::Config`].
    #[must_use]
    pub fn with_topic(&self, topic: &str) -> Self {
        Self {
            topic: Arc::from(topic),
            ..self.clone()
        }
    }

    /// A handle whose messages carry `value` under `key`; a value that was there is replaced. Services read it with
    /// [`CallContext::metadata`](crate::CallContext::metadata).
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let mut publisher = self.clone();
        publisher.metadata.set(key.as_ref(), value.as_ref());
        publisher
    }

    /// Publishes a command. Returns at once, when it has been handed over for all who have subscribed its topic. It may
    /// still be in this process then: [`flush`](Self::flush) waits until it has left.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], [`Error::TooLarge`], and [`Error::Overloaded`] with [`Overflow::Refuse`] when a subscriber is
    /// full; [`Error::Config`] if the topic is too long. Nobody has got it then.
    pub fn publish<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.check_process()?;
        let PublisherShared {
            id,
            limits,
            overflow,
            ..
        } = &*self.shared;
        if self.topic.len() > MAX_TOPIC {
            let length = self.topic.len();
            let reason = format!("a topic has at most {MAX_TOPIC} bytes, this one has {length}");
            return Err(Error::bad_setting("with_topic", reason));
        }
        let event = arguments::event(command, *id, self.metadata.as_metadata(), limits)?;
        let topic = self.topic.as_bytes();
        let sent = self
            .shared
            .socket
            .with(|state| state.publish(topic, event, *overflow));
        sent.map_err(|unsent| match unsent {
            NotPublished::Broken(error) => error.into(),
            NotPublished::Full => Error::Overloaded {
                at: site(const { &C::METHOD }, self.shared.place.as_ref()),
                cause: OverloadCause::Subscriber(self.shared.high_water),
            },
        })
    }

    /// Publishes a heartbeat, besides those of [`PublisherBuilder::heartbeat`]. It reaches subscribers of every topic
    /// and tells them that the publisher is alive.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the socket fails.
    pub fn send_heartbeat(&self) -> Result<(), Error> {
        self.check_process()?;
        let id = self.shared.id;
        match self.shared.socket.heartbeat(id) {
            Err(NotPublished::Broken(error)) => Err(error.into()),
            Ok(()) | Err(NotPublished::Full) => Ok(()),
        }
    }

    pub(super) fn publish_mark(&self, counter: &Arc<UnsentCounter>) -> Result<(), NotPublished> {
        self.shared.socket.counter(self.shared.id, counter)
    }

    pub(super) fn place(&self) -> Option<Arc<str>> {
        self.shared.place.clone()
    }

    /// Waits until there are `count` subscribers or more. What is published then reaches all of them from the first
    /// message on: all of their topics are in place.
    ///
    /// Servers with a subscription count, and whatever else subscribes the topic of heartbeats, the byte `FF`, after its
    /// own. Each such subscription counts: libzmq does not tell whose it is, so that a foreign peer which repeats it counts
    /// twice, and once when it has gone.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when there are fewer after `limit`. It says how many. [`Error::Unauthenticated`] as soon as
    /// nobody who is connected to lets this publisher in.
    pub fn wait_subscribers(&self, count: usize, limit: Duration) -> Result<(), Error> {
        self.check_process()?;
        let site = || CallTarget::new("wait_subscribers".into(), self.shared.place.clone());
        match self.shared.socket.wait_subscribers(count, limit)? {
            Ok(()) => Ok(()),
            Err(MissingSubscribers::Denied(denial)) => Err(Error::Unauthenticated {
                at: site(),
                cause: denial.into(),
            }),
            Err(MissingSubscribers::Only(present, obstacle)) => Err(Error::Unavailable {
                at: site(),
                cause: UnavailableCause::TooFewSubscribers {
                    present,
                    wanted: count,
                    waited: limit,
                    lookup: obstacle.map(Into::into),
                },
                executed: Executed::No,
            }),
        }
    }

    /// How many subscribers there are.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.stats().subscribers
    }

    /// Counters since the publisher was built.
    #[must_use]
    pub fn stats(&self) -> PublisherStats {
        if self.check_process().is_err() {
            return PublisherStats::default();
        }
        PublisherStats {
            logins_rejected: self.shared.denied.get(),
            login_failures: self.shared.refused.get(),
            ..self.shared.socket.stats()
        }
    }

    pub(super) fn check_process(&self) -> Result<(), Error> {
        Error::check_process(self.shared.process)
    }

    fn with<R>(&self, act: impl FnOnce(&mut Socket) -> R) -> R {
        self.shared.socket.with(|state| act(&mut state.socket))
    }

    endpoint_methods! {
        /// The endpoints, in the order in which they were added, with wildcards resolved.
        endpoints;

        /// Listens on another endpoint; answers it with its wildcards resolved.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is wrong or in use; the publisher goes on as before.
        add_bind;

        /// Connects to another subscriber, which is bound.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is wrong; the publisher goes on as before.
        add_connect;

        /// Leaves an endpoint, named as [`endpoints`](Self::endpoints) shows it. Its subscribers lose their connections.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if the publisher has no such endpoint.
        remove_endpoint;
    }
}

impl Transport for Publisher {
    type Call<R, F> = Result<(), Error>;

    fn call<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.publish(command)
    }
}

impl WithTopic for Publisher {
    fn with_topic(&self, topic: &str) -> Self {
        Publisher::with_topic(self, topic)
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("endpoints", &self.endpoints())
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}
