//! The calls that a client or a proxy has under way, and what is known of the peers that they are sent to, without I/O.
//!
//! ```text
//! multiplexer    calls over links: numbers them, sends them or lets them wait, ends each of them once
//! calls, call    the calls by id, in the order in which they wait, by when they expire
//! call_table     anything by ids of one's own
//! outcomes       how their owner learns what becomes of them
//! no_reply       how a call ends
//! notifications  which of the notifications that were sent have arrived
//! link           a connection to a peer: up, draining, alive
//! liveness       whether the peer lives
//! drain_state    whether it takes calls, or is about to end
//! ```

mod call;
mod call_table;
mod calls;
mod drain_state;
mod link;
mod liveness;
mod multiplexer;
mod no_reply;
mod notifications;
mod outcomes;

pub(crate) use call::{CallKind, NewCall};
use call_table::CallTable;
pub(crate) use call_table::MAX_CALLS;
use drain_state::DrainState;
pub(crate) use link::Link;
pub(crate) use liveness::{Liveness, LivenessAction};
pub(crate) use multiplexer::{
    Arrivals, CallSettings, LimitExceeded, Multiplexer, Submitted, Transmit,
};
pub(crate) use no_reply::{CallResult, NoReply};
pub(crate) use notifications::{DeliveryCheck, DeliveryOutcome, NotificationTracker};
pub(crate) use outcomes::Outcomes;

/// What requests are sent in.
pub(crate) const DIALECT: crate::dialect::Dialect = crate::dialect::Dialect::Native;
