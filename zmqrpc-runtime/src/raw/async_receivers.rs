//! Events and jobs as they come, from tasks.

use std::future::poll_fn;
use std::task::{Poll, ready};

use super::builders::{RawPullerBuilder, RawSubscriberBuilder};
use super::event::RawArrival;
use super::job::RawJobArrival;
use crate::error::Error;
use crate::reception::{EventReception, JobReception, PullStats, Puller, Reception};
use crate::subscription::{Subscription, SubscriptionStats};

/// Hands out to a task what is published, on any executor, with the settings and the semantics of a
/// [`RawSubscriber`](super::RawSubscriber).
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), zmqrpc_runtime::Error> {
/// use zmqrpc_runtime::pubsub::{AsyncRawSubscriber, RawArrival};
///
/// let mut events = AsyncRawSubscriber::connect("tcp://127.0.0.1:30001")?;
/// while let Some(arrival) = events.recv().await? {
///     if let RawArrival::Event(event) = arrival {
///         println!("{} under {}", event.method(), event.topic());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it closes it"]
pub struct AsyncRawSubscriber {
    reception: Reception<EventReception>,
}

/// Hands out to a task what is pushed, on any executor, with the settings and the semantics of a
/// [`RawPuller`](super::RawPuller).
#[must_use = "dropping it closes it"]
pub struct AsyncRawPuller {
    reception: Reception<JobReception>,
}

impl AsyncRawSubscriber {
    /// Returns a builder with the default settings, for [`RawSubscriberBuilder::build_async`].
    pub fn builder() -> RawSubscriberBuilder {
        RawSubscriberBuilder::default()
    }

    /// Subscribes as [`RawSubscriber::connect`](super::RawSubscriber::connect) does.
    ///
    /// # Errors
    ///
    /// Those of [`RawSubscriber::connect`](super::RawSubscriber::connect).
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::open(Subscription::connect(endpoint.as_ref()))
    }

    /// Opens a subscription.
    ///
    /// # Errors
    ///
    /// Those of [`RawSubscriberBuilder::build`].
    pub fn open(subscription: impl Into<Subscription>) -> Result<Self, Error> {
        Self::builder().subscribe(subscription).build_async()
    }
}

impl AsyncRawPuller {
    /// Returns a builder with the default settings, for [`RawPullerBuilder::build_async`].
    pub fn builder() -> RawPullerBuilder {
        RawPullerBuilder::default()
    }

    /// Pulls as [`RawPuller::connect`](super::RawPuller::connect) does.
    ///
    /// # Errors
    ///
    /// Those of [`RawPuller::connect`](super::RawPuller::connect).
    pub fn connect(endpoint: impl AsRef<str>) -> Result<Self, Error> {
        Self::open(Puller::connect(endpoint.as_ref()))
    }

    /// Pulls from where a puller says.
    ///
    /// # Errors
    ///
    /// Those of [`RawPullerBuilder::build`].
    pub fn open(puller: Puller) -> Result<Self, Error> {
        Self::builder().pull(puller).build_async()
    }
}

macro_rules! async_receiver_methods {
    ($receiver:ident, $source:ident, $arrival:ident, $stats:ident) => {
        impl $receiver {
            pub(super) fn new(reception: Reception<$source>) -> Self {
                Self { reception }
            }

            /// Returns the next arrival; `None` after [`close`](Self::close), when all have been taken.
            ///
            /// # Cancellation
            ///
            /// Nothing is lost when the future is dropped.
            ///
            /// # Errors
            ///
            /// [`Error::Transport`] if a socket has failed, and [`Error::Forked`]. Nothing comes any more then.
            pub async fn recv(&mut self) -> Result<Option<$arrival>, Error> {
                let next = poll_fn(|cx| {
                    let taken = ready!(self.reception.poll_take(cx))?;
                    Poll::Ready(Ok(taken.map($arrival::from)))
                });
                next.await
            }

            /// Takes nothing more in. What is here can still be received, then there is nothing. The endpoints are free a
            /// moment later, or when it has been dropped.
            pub fn close(&mut self) {
                self.reception.close();
            }

            /// Returns the endpoints, in the order in which they were given, with wildcards resolved.
            #[must_use]
            pub fn endpoints(&self) -> Vec<String> {
                self.reception.endpoints().to_vec()
            }

            /// Returns the counters of each endpoint, in the order of these. Empty after the end.
            #[must_use]
            pub fn stats(&self) -> Vec<$stats> {
                self.reception.stats()
            }
        }

        impl std::fmt::Debug for $receiver {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($receiver))
                    .field("endpoints", &self.reception.endpoints())
                    .finish_non_exhaustive()
            }
        }
    };
}

async_receiver_methods! { AsyncRawSubscriber, EventReception, RawArrival, SubscriptionStats }
async_receiver_methods! { AsyncRawPuller, JobReception, RawJobArrival, PullStats }
