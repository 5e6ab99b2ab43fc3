//! The publisher: a handle to its socket, with the topic and the metadata of the events that are published through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::{SentCommand, call_target};
use super::endpoints::endpoint_methods;
use super::heartbeats::Heartbeats;
use super::publisher_builder::PublisherBuilder;
use super::publisher_socket::{
    MissingSubscribers, NotPublished, Overflow, PublisherSocket, PublisherStats,
};
use crate::codec::Codec;
use crate::command::{Command, EarlierReceivers, RawArguments, RawMethod, Transport, WithTopic};
use crate::error::{CallTarget, Error, OverloadCause, UnavailableCause};
use crate::socket::{Process, PubSocket as Socket, Registration, RejectedLogins, UnsentCounter};
use crate::wire::{Executed, Limits, MAX_TOPIC, MetadataBuf};

/// Publishes commands as events to every subscriber: a server with a subscription.
///
/// A stub over a publisher has the methods of its trait, which return `Result<(), Error>`: an event is handed over and
/// nothing comes back, whatever the method returns. An event that is published while there is no subscriber is gone. A
/// subscriber gets events from a moment after it has connected; [`wait_subscribers`](Self::wait_subscribers) waits for it.
///
/// A publisher is a handle: clones share its socket, and any number of threads may use one. Only `wait_subscribers` and
/// `flush` block, so tasks may publish, too. The topic that [`with_topic`](Self::with_topic) sets belongs to the new handle
/// alone.
///
/// Each event has the publisher's id and a sequence number of its topic, so that subscribers know what they have lost. At
/// most `high_water` events are queued for each subscriber, 10,000 by default; [`Overflow`] says what happens beyond that.
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

/// The part of a publisher that its clones share.
pub(super) struct PublisherShared {
    pub(super) heartbeats: Option<Heartbeats>,
    pub(super) socket: Registration<PublisherSocket>,
    /// The publisher's id, which its events carry.
    pub(super) id: u64,
    pub(super) overflow: Overflow,
    pub(super) high_water: usize,
    pub(super) limits: Limits,
    pub(super) earlier: EarlierReceivers,
    pub(super) endpoint: Option<Arc<str>>,
    /// The logins of subscribers that this publisher rejected.
    pub(super) denied: RejectedLogins,
    /// The logins of this publisher that subscribers rejected.
    pub(super) unauthenticated: RejectedLogins,
    pub(super) process: Process,
}

impl Drop for PublisherShared {
    fn drop(&mut self) {
        if !self.process.is_current() {
            // In a forked child: socket and thread are the parent's.
            return std::mem::forget(self.heartbeats.take());
        }
        // Stops the thread before closing the socket that it uses.
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

    /// Returns a builder with the default settings.
    pub fn builder() -> PublisherBuilder {
        PublisherBuilder::default()
    }

    /// Creates a publisher that subscribers connect to, with the default settings of [`PublisherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid or in use.
    pub fn bind(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().bind(endpoint.as_ref()).build()
    }

    /// Creates a publisher that connects to a bound subscriber, with the default settings of [`PublisherBuilder`].
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid. That the subscriber is not there yet is no error.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::builder().connect(endpoint.as_ref()).build()
    }

    /// Returns a handle that publishes under `topic`. A subscriber gets the events whose topic begins with one of those that
    /// it has subscribed to. The topic of a new publisher is empty: only subscribers to everything get its events.
    ///
    /// A topic has at most 255 bytes; publishing under a longer one fails with [`Error::Config`].
    #[must_use]
    pub fn with_topic(&self, topic: &str) -> Self {
        Self {
            topic: Arc::from(topic),
            ..self.clone()
        }
    }

    /// Returns a handle whose events carry `value` as metadata under `key`, in place of an earlier value. Services read
    /// it with [`CallContext::metadata`](crate::CallContext::metadata).
    #[must_use]
    pub fn with_metadata(&self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let mut publisher = self.clone();
        publisher.metadata.set(key.as_ref(), value.as_ref());
        publisher
    }

    /// Publishes a command. Returns at once, when libzmq has got the event for all subscribers to its topic. It may
    /// still be in this process then: [`flush`](Self::flush) waits until it has left.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], [`Error::TooLarge`], [`Error::Overloaded`] with [`Overflow::Refuse`] if a subscriber's queue is
    /// full, [`Error::SignatureMismatch`] if the [earlier version](super::PublisherBuilder::earlier) would read it as
    /// something else, and [`Error::Config`] if the topic is too long. In each case no subscriber gets the event.
    pub fn publish<C: Command>(&self, command: &C) -> Result<(), Error> {
        self.send(SentCommand::typed(command))
    }

    /// Publishes a command whose arguments are encoded already: for tools and bridges, which may have it of a
    /// [`RawSubscriber`](crate::pubsub::RawSubscriber). Topic and metadata are those of this handle.
    ///
    /// The arguments are the tuple of them, or a map by their names, as `PROTOCOL.md` says of the codec; nothing is
    /// checked here.
    ///
    /// # Errors
    ///
    /// Those of [`publish`](Self::publish).
    ///
    /// # Examples
    ///
    /// ```
    /// use zmqrpc_runtime::Error;
    /// use zmqrpc_runtime::pubsub::{Publisher, RawEvent};
    ///
    /// fn pass_on(event: &RawEvent, publisher: &Publisher) -> Result<(), Error> {
    ///     let publisher = publisher.with_topic(event.topic());
    ///     publisher.publish_raw(event.method(), event.codec(), event.arguments())
    /// }
    /// ```
    pub fn publish_raw<'a>(
        &self,
        method: impl Into<RawMethod<'a>>,
        codec: Codec,
        arguments: &[u8],
    ) -> Result<(), Error> {
        let arguments = RawArguments(arguments);
        self.send(SentCommand::raw(method.into(), codec, &arguments))
    }

    fn send(&self, command: SentCommand<'_>) -> Result<(), Error> {
        self.check_process()?;
        let PublisherShared {
            id,
            limits,
            earlier,
            overflow,
            ..
        } = &*self.shared;
        if self.topic.len() > MAX_TOPIC {
            let length = self.topic.len();
            let reason = format!("a topic has at most {MAX_TOPIC} bytes, this one has {length}");
            return Err(Error::bad_setting("with_topic", reason));
        }
        let method = command.method;
        let metadata = self.metadata.as_metadata();
        let event = command.event(*id, metadata, limits, earlier)?;
        let topic = self.topic.as_bytes();
        let sent = self
            .shared
            .socket
            .with(|state| state.publish(topic, event, *overflow));
        sent.map_err(|failure| match failure {
            NotPublished::Broken(error) => error.into(),
            NotPublished::Full => Error::Overloaded {
                at: call_target(method, self.shared.endpoint.as_ref()),
                cause: OverloadCause::Subscriber(self.shared.high_water),
            },
        })
    }

    /// Publishes a heartbeat, in addition to those of [`PublisherBuilder::heartbeat_interval`]. It reaches subscribers
    /// of every topic and tells them that the publisher is alive.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the socket fails.
    pub fn send_heartbeat(&self) -> Result<(), Error> {
        self.check_process()?;
        let id = self.shared.id;
        match self.shared.socket.publish_heartbeat(id) {
            Err(NotPublished::Broken(error)) => Err(error.into()),
            Ok(()) | Err(NotPublished::Full) => Ok(()),
        }
    }

    /// Publishes a heartbeat that `counter` tracks.
    pub(super) fn publish_tracked_heartbeat(
        &self,
        counter: &Arc<UnsentCounter>,
    ) -> Result<(), NotPublished> {
        self.shared
            .socket
            .publish_tracked_heartbeat(self.shared.id, counter)
    }

    pub(super) fn endpoint(&self) -> Option<Arc<str>> {
        self.shared.endpoint.clone()
    }

    /// Waits until there are `count` subscribers or more. What is published then reaches all of them from the first
    /// message on: all of their topics are in place.
    ///
    /// A server with a subscription counts, and so does any other peer that subscribes to the topic of heartbeats, the byte
    /// `FF`, after its own topics. Each such subscription counts: libzmq does not report whose it is, so that a foreign peer
    /// which repeats it counts twice, and still once when it has gone.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], which says how many there are, if there are fewer after `timeout`.
    /// [`Error::Unauthenticated`] as soon as every peer that the publisher is connected to has rejected its login.
    pub fn wait_subscribers(&self, count: usize, timeout: Duration) -> Result<(), Error> {
        self.check_process()?;
        let target = || CallTarget::new("wait_subscribers", self.shared.endpoint.clone());
        match self.shared.socket.wait_subscribers(count, timeout)? {
            Ok(()) => Ok(()),
            Err(MissingSubscribers::Rejected(failure)) => Err(Error::Unauthenticated {
                at: target(),
                cause: failure.into(),
            }),
            Err(MissingSubscribers::Only(present, cause)) => Err(Error::Unavailable {
                at: target(),
                cause: UnavailableCause::TooFewSubscribers {
                    present,
                    wanted: count,
                    waited: timeout,
                    lookup: cause.map(Into::into),
                },
                executed: Executed::No,
            }),
        }
    }

    /// Returns the present number of subscribers.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.stats().subscribers
    }

    /// Returns the counters since the publisher was built.
    #[must_use]
    pub fn stats(&self) -> PublisherStats {
        if self.check_process().is_err() {
            return PublisherStats::default();
        }
        PublisherStats {
            logins_rejected: self.shared.denied.get(),
            login_failures: self.shared.unauthenticated.get(),
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
        /// Returns the endpoints, in the order in which they were added, with wildcards resolved.
        endpoints;

        /// Binds another endpoint, and returns it with its wildcards resolved.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is invalid or in use; the publisher is unchanged.
        add_bind;

        /// Connects to another bound subscriber.
        ///
        /// # Errors
        ///
        /// [`Error::Endpoint`] if it is invalid; the publisher is unchanged.
        add_connect;

        /// Closes an endpoint, named as [`endpoints`](Self::endpoints) returns it. Its subscribers lose their connections.
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
