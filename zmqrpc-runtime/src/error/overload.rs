//! Which bound a call met.

use std::fmt;
use std::time::Duration;

use crate::log::Printable;

/// Which queue is full: the cause of an [`Error::Overloaded`](super::Error::Overloaded).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverloadCause {
    /// So many calls have begun and not ended, see [`ClientBuilder::max_calls`](crate::ClientBuilder::max_calls).
    Calls(usize),
    /// So many bytes of requests wait for a connection, see
    /// [`ClientBuilder::max_queued_bytes`](crate::ClientBuilder::max_queued_bytes).
    QueuedBytes(usize),
    /// A subscriber has so many events waiting, see
    /// [`PublisherBuilder::high_water`](crate::pubsub::PublisherBuilder::high_water).
    Subscriber(usize),
    /// Every puller has had so many jobs waiting for so long, see
    /// [`PusherBuilder::high_water`](crate::push::PusherBuilder::high_water).
    Pullers {
        /// How many jobs wait for each.
        jobs: usize,
        /// How long pushing waited.
        waited: Duration,
    },
    /// What the other side says about its queue.
    Remote(Box<str>),
}

impl fmt::Display for OverloadCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(limit) => {
                write!(f, "{limit} calls have begun and not ended, see `max_calls`")
            }
            Self::QueuedBytes(limit) => write!(
                f,
                "over {limit} bytes of requests wait for a connection, see `max_queued_bytes`"
            ),
            Self::Subscriber(events) => write!(
                f,
                "a subscriber has {events} messages queued, see `high_water`"
            ),
            Self::Pullers { jobs, waited } => write!(
                f,
                "every puller has had {jobs} jobs queued for {waited:?}, see `high_water`"
            ),
            Self::Remote(text) => Printable(text).fmt(f),
        }
    }
}

impl std::error::Error for OverloadCause {}
