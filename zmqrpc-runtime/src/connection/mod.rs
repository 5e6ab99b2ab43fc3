//! What a client and a proxy know of the peers that they send calls to, without I/O.
//!
//! ```text
//! liveness     whether the peer lives
//! drain_state  whether it takes calls, or is about to end
//! ```

mod drain_state;
mod liveness;

pub(crate) use drain_state::DrainState;
pub(crate) use liveness::{Liveness, LivenessAction};
