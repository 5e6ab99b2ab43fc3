//! What may happen in a world, and what holds in it.

use std::time::Duration;

use crate::options::Ping;
use crate::socket::Frame;

/// What holds in a world for whoever makes calls in it.
pub(crate) struct WorldRules {
    pub(crate) max_calls: usize,
    pub(crate) max_queued_bytes: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) ping: Ping,
}

/// What may happen in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    /// Anything.
    Stormy,
    /// Peers end in an orderly way, and others take their places. Nothing else goes wrong.
    Orderly,
}

/// What happens at a time.
pub(super) enum Happening {
    /// A call is made.
    Call,
    /// A call is given up.
    GiveUp(u64),
    /// What was sent over the connection with this number arrives at a peer.
    Arrive(usize, u64, Frame),
    /// A frame of a peer arrives.
    Answer(usize, u64, Frame),
    Connect(usize),
    /// The connection breaks, and is made again.
    Break(usize),
    /// A peer stops, and goes on later.
    Freeze(usize),
    Thaw(usize),
    /// A peer tells that it is about to end.
    Drain(usize),
    /// It ends, and another one takes its place.
    Restart(usize),
    /// Whoever makes the calls asks which notifications have arrived.
    Flush,
    /// The process of whoever makes the calls stands still for so long.
    Stall(Duration),
}
