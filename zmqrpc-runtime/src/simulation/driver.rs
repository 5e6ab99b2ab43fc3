//! Who makes the calls.

use super::record::Ends;
use crate::clock::Instant;
use crate::connection::CallKind;
use crate::socket::Frame;

/// A call to make.
pub(crate) struct NewRequest {
    /// The number of the call in its world.
    pub(crate) call: u64,
    pub(crate) frame: Frame,
    pub(crate) kind: CallKind,
    pub(crate) deadline: Instant,
}

/// What drives a multiplexer: a client's connection, a proxy's backend.
pub(crate) trait Driver {
    /// Begins a call. Returns its id, or `None` if it was rejected for want of room.
    fn begin(&mut self, request: NewRequest, now: Instant) -> Option<u64>;
    /// Gives a call up that has not ended.
    fn give_up(&mut self, call: u64, id: u64, now: Instant);
    /// Asks which of the notifications that were sent have arrived.
    fn flush(&mut self, _now: Instant) {}
    /// Does what there is to do, and reports which calls have ended.
    fn turn(&mut self, now: Instant, ends: &mut Ends<'_>);
    /// Returns when to take a turn next, if nothing happens before.
    fn due(&self, now: Instant) -> Option<Instant>;
    /// Returns the number of calls that have not ended.
    fn in_flight(&self) -> usize;
    /// Checks that nothing exceeds its bound.
    fn check(&self);
}
