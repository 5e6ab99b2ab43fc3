//! Who executes the calls.

use super::dice::Dice;
use crate::clock::Instant;
use crate::dialect::MethodRef;
use crate::socket::Frame;

/// A peer that calls are sent to: a server, or what only looks like one. One connection leads to it at a time, and each has a
/// number of its own.
pub(crate) trait Peer {
    /// How its method is called. It takes eight bytes, the number of the call, and returns them.
    const METHOD: MethodRef<'static>;

    /// Makes a peer. If `is_quick`, methods take a moment only, and all are answered.
    fn new(dice: Dice, is_quick: bool, now: Instant) -> Self;
    /// A frame has arrived.
    fn arrive(&mut self, connection: u64, frame: Frame);
    /// A connection has been made.
    fn connect(&mut self, connection: u64);
    /// The connection has been lost.
    fn lose(&mut self);
    /// It is to end in an orderly way.
    fn drain(&mut self, now: Instant);
    /// Does what there is to do. Adds the calls that it executes to `executed`; returns what it sends, each frame with its
    /// connection.
    fn turn(&mut self, now: Instant, executed: &mut Vec<u64>) -> Vec<(u64, Frame)>;
    /// Returns when to take a turn next, if nothing happens before.
    fn due(&self) -> Option<Instant>;
    /// Returns whether it has ended.
    fn has_ended(&self, now: Instant) -> bool;
}
