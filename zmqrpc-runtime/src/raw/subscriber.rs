//! Events as they come, from a thread.

use super::builders::RawSubscriberBuilder;
use super::event::RawArrival;
use super::receiver::receiver_methods;
use crate::error::Error;
use crate::reception::{EventReception, Reception};
use crate::subscription::{Subscription, SubscriptionStats};

/// Hands out what is published without knowing its types: each event still encoded, with its method and its topic; what was
/// lost; what is no event. For tools that watch and bridges that pass on.
///
/// A thread of its own takes events in, renews connections and counts what is lost. It holds up to
/// [`max_queue`](RawSubscriberBuilder::max_queue) of them that nobody has received; further ones are left unread, and at
/// [its `high_water`](Subscription::high_water) the publisher drops them: that is a [loss](RawArrival::Lost), in its place.
/// Heartbeats are not handed out; callbacks on silence are called as at a server.
///
/// Threads that share it by reference receive in turns. Dropping it closes it: its endpoints are free then.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::pubsub::{Codec, Publisher, RawArrival, RawSubscriber, Subscription};
///
/// # fn main() -> Result<(), zmqrpc_runtime::Error> {
/// let publisher = Publisher::bind("tcp://127.0.0.1:*")?;
/// let europe = Subscription::connect(&*publisher.endpoints()[0]).topic("eu.");
/// let events = RawSubscriber::open(europe)?;
/// publisher.wait_subscribers(1, Duration::from_secs(5))?;
/// # publisher.with_topic("eu.rome").publish_raw(7, Codec::Postcard, &[42])?;
/// # let publisher = publisher.with_metadata("last", "");
/// # publisher.with_topic("eu.bonn").publish_raw(7, Codec::Postcard, &[43])?;
/// while let Some(arrival) = events.recv()? {
///     match arrival {
///         RawArrival::Event(event) => {
///             let bytes = event.arguments().len();
///             println!("{} under {}: {bytes} bytes", event.method(), event.topic());
///             # if event.metadata("last").is_some() {
///             #     events.close();
///             # }
///         }
///         RawArrival::Lost(lost) => println!("{} of {} lost", lost.count(), lost.topic()),
///         RawArrival::Undecoded(message) => println!("no event: {}", message.reason()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it closes it"]
pub struct RawSubscriber {
    reception: Reception<EventReception>,
}

impl RawSubscriber {
    /// Returns a builder with the default settings, for several subscriptions and for settings of connections.
    pub fn builder() -> RawSubscriberBuilder {
        RawSubscriberBuilder::default()
    }

    /// Subscribes to everything that the publisher publishes that is bound to an endpoint. The publisher need not run yet.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the endpoint is invalid. [`Error::Transport`] if the system gives no more sockets or threads.
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::open(Subscription::connect(endpoint.as_ref()))
    }

    /// Opens a subscription.
    ///
    /// # Errors
    ///
    /// Those of [`RawSubscriberBuilder::build`].
    pub fn open(subscription: impl Into<Subscription>) -> Result<Self, Error> {
        Self::builder().subscribe(subscription).build()
    }

    pub(super) fn new(reception: Reception<EventReception>) -> Self {
        Self { reception }
    }
}

receiver_methods! { RawSubscriber, RawSubscriberIter, RawArrival, SubscriptionStats }
