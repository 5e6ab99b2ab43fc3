//! What a server and a proxy know of their callers: who they are, what waits for them, and whether they know of the end.
//!
//! ```text
//! outbox        replies that wait for slow peers
//! draining      how callers learn of the end before it comes
//! active_peers  the callers that have sent something lately
//! counters      what is counted of requests and replies
//! ```

mod active_peers;
mod counters;
mod draining;
mod outbox;

#[cfg(feature = "proxy")]
pub(crate) use counters::Counter;
pub(crate) use counters::ServerCounters;
pub use counters::ServerStats;
pub(crate) use draining::Draining;
pub(crate) use outbox::{Outbox, REPLIES_IN_SOCKET};
