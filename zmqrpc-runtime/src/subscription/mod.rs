//! Subscriptions to publishers, which servers, proxies and who takes events in encoded have: the socket, what was lost,
//! and who is silent.
//!
//! ```text
//! settings       settings of a subscription
//! source_socket  what it has in common with the sockets of jobs
//! socket         a subscription's socket and state
//! loss_tracker   which events were received and lost
//! sequence_runs  the sequence numbers of one publisher and topic
//! bounded_cache  a map of bounded size
//! silence        when a publisher counts as silent
//! callbacks      the thread that runs the callbacks on silence
//! stats          counters for users
//! ```

mod bounded_cache;
mod callbacks;
mod loss_tracker;
mod sequence_runs;
mod settings;
mod silence;
mod socket;
mod source_socket;
mod stats;

pub(crate) use callbacks::CallbackThread;
pub use settings::Subscription;
pub(crate) use settings::{ValidSubscription, check_topic};
pub(crate) use socket::{EventOrigin, SilenceCallback, SubscriptionSocket};
pub(crate) use source_socket::SourceSocket;
pub use stats::{PublisherCounts, SubscriptionStats};
