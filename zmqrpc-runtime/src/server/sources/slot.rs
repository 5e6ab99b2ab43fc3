//! A source among others: takes turns with them, and is not read while it has nothing.

use std::sync::Arc;
use std::time::Instant;

use super::{CallQueue, CommandSource, SilenceCallback, SourceMessage};
use crate::socket::{Poller, SocketError};

/// Messages per turn of a source.
const TURN: usize = 64;

/// Messages that are received from a source after the end was requested, so that one that never stops does not delay
/// the end.
const LAST_TURN: usize = 1000;

/// A source, with the state of its turns.
pub(super) struct SourceSlot<S: ?Sized> {
    pub(super) poller: Arc<Poller>,
    pub(super) drained: bool,
    /// How many messages are still received after the end was requested; 0 once the source was found empty.
    remaining: usize,
    pub(super) source: S,
}

/// How a source's turn ended.
pub(super) enum SourceTurn {
    Drained,
    /// It was the other sources' turn.
    Yielded,
    /// The scheduler has no room.
    Full,
}

impl<S: CommandSource> SourceSlot<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            poller: source.socket().poller(),
            drained: false,
            remaining: LAST_TURN,
            source,
        }
    }
}

impl<S: CommandSource + ?Sized> SourceSlot<S> {
    fn is_due(&self, now: Instant) -> bool {
        self.source.socket().due().is_some_and(|due| due <= now)
    }

    pub(super) fn maintain(&mut self, now: Instant) -> Option<SilenceCallback> {
        if !self.drained || !self.is_due(now) {
            return None;
        }
        self.drained = false;
        self.source.socket_mut().maintain(now)
    }

    /// Settles a source that is left unread.
    pub(super) fn settle(&mut self) -> Result<(), SocketError> {
        // This may have consumed the edge of messages that it leaves.
        self.drained = false;
        self.source.socket_mut().settle()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.remaining == 0
    }

    pub(super) fn read(
        &mut self,
        queue: &mut impl CallQueue,
        now: Instant,
    ) -> Result<SourceTurn, SocketError> {
        // A receive that finds nothing costs a system call, and most requests come over another socket.
        let stirred = self.poller.take_ready();
        let is_last_turn = queue.is_closing() && !self.is_exhausted();
        if self.drained && !stirred && !is_last_turn && !self.is_due(now) {
            return Ok(SourceTurn::Drained);
        }
        self.drained = false;
        let mut calls = 0;
        let turn = self.take_turn(queue, now, &mut calls);
        // Added at once, since a counter that several threads increment is slow.
        if calls > 0 {
            queue.counters().requests.add(calls);
        }
        turn
    }

    fn take_turn(
        &mut self,
        queue: &mut impl CallQueue,
        now: Instant,
        calls: &mut u64,
    ) -> Result<SourceTurn, SocketError> {
        for _ in 0..TURN {
            if !queue.has_room() {
                return Ok(SourceTurn::Full);
            }
            if queue.is_closing() {
                if self.is_exhausted() {
                    return Ok(SourceTurn::Drained);
                }
                self.remaining -= 1;
            }
            match self.source.take(queue.dispatcher(), now)? {
                SourceMessage::Nothing => {
                    self.drained = true;
                    if queue.is_closing() {
                        self.remaining = 0;
                    }
                    return Ok(SourceTurn::Drained);
                }
                SourceMessage::Call(call) => {
                    *calls += 1;
                    queue.push(call);
                }
                SourceMessage::Handled => {}
                SourceMessage::Malformed => queue.counters().malformed.increment(),
            }
        }
        Ok(SourceTurn::Yielded)
    }
}
