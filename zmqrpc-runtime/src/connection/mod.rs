//! What a client and a proxy know of the peers that they send calls to, without I/O.
//!
//! ```text
//! call_table   calls by ids of one's own
//! link         a connection: up, draining, alive
//! liveness     whether the peer lives
//! drain_state  whether it takes calls, or is about to end
//! ```

mod call_table;
mod drain_state;
mod link;
mod liveness;

pub(crate) use call_table::{CallTable, MAX_CALLS};
use drain_state::DrainState;
pub(crate) use link::{Link, LinkNews};
pub(crate) use liveness::{Liveness, LivenessAction};
