//! Publishing events to everyone who subscribes.
//!
//! A [`Publisher`] sends commands as events under a topic; a server takes part with a [`Subscription`] and executes them
//! with the same services as calls. Events are numbered per publisher and topic, so a subscriber counts what it has
//! missed.
//!
//! | | |
//! |---|---|
//! | [`Publisher`], [`PublisherBuilder`] | sends events; a generated client over it has the methods of the trait |
//! | [`Overflow`] | what becomes of an event that finds a subscriber's queue full |
//! | [`Subscription`] | where events come from, and which; for [`ServerBuilder::subscribe`](crate::ServerBuilder::subscribe) |
//! | [`RawSubscriber`], [`AsyncRawSubscriber`] | hands out events still encoded, without services: for tools and bridges |
//! | [`RawArrival`], [`RawEvent`], [`LostEvents`], [`UndecodedMessage`] | what these hand out |
//! | [`RawMethod`], [`Codec`] | how an event says its method and its arguments |
//! | [`PublisherStats`], [`SubscriptionStats`], [`PublisherCounts`] | counters |
//! | [`WithTopic`] | transports that have a topic |
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use zmqrpc_runtime::pubsub::{Publisher, Subscription};
//!
//! let publisher = Publisher::builder()
//!     .bind("tcp://127.0.0.1:*")
//!     .heartbeat_interval(Duration::from_secs(10))
//!     .build()?;
//! let subscription = Subscription::connect(&*publisher.endpoints()[0])
//!     .topic("eu.")
//!     .silence_timeout(Duration::from_secs(30));
//! # let _ = subscription;
//! # Ok::<(), zmqrpc_runtime::Error>(())
//! ```

pub use crate::codec::Codec;
pub use crate::command::{RawMethod, WithTopic};
pub use crate::publish::{Overflow, Publisher, PublisherBuilder, PublisherStats};
pub use crate::raw::{
    AsyncRawSubscriber, RawArrival, RawEvent, RawSubscriber, RawSubscriberBuilder,
    RawSubscriberIter,
};
pub use crate::reception::{LostEvents, UndecodedMessage};
pub use crate::subscription::{PublisherCounts, Subscription, SubscriptionStats};
