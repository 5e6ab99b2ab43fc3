//! A source among others: takes its turns, and is left alone while it has nothing.

use std::sync::Arc;
use std::time::Instant;

use super::{CallQueue, CommandSource, SilenceCallback, SourceMessage};
use crate::socket::{Poller, SocketError};

/// Messages that are taken from one source before the next one has its turn.
const TURN: usize = 64;

/// Messages that are taken from one source after the end was requested: those that never stop do not keep the server.
const LAST_TURN: usize = 1000;

/// A source, and whether something may be left in it.
pub(super) struct SourceSlot<S: ?Sized> {
    pub(super) poller: Arc<Poller>,
    pub(super) drained: bool,
    /// Messages that are taken still, once the end was requested: none as soon as it was found empty.
    left: usize,
    pub(super) source: S,
}

/// How a source's turn ended.
pub(super) enum SourceTurn {
    Drained,
    /// Others have their turn now.
    Over,
    /// The queue has no room.
    Full,
}

impl<S: CommandSource> SourceSlot<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            poller: source.poller(),
            drained: false,
            left: LAST_TURN,
            source,
        }
    }
}

impl<S: CommandSource + ?Sized> SourceSlot<S> {
    fn is_due(&self, now: Instant) -> bool {
        self.source.due().is_some_and(|due| due <= now)
    }

    pub(super) fn look(&mut self, now: Instant) -> Option<SilenceCallback> {
        if !self.drained || !self.is_due(now) {
            return None;
        }
        self.drained = false;
        self.source.look(now)
    }

    /// Looks after a socket that is left unread.
    pub(super) fn settle(&mut self) -> Result<(), SocketError> {
        // It may have taken the signal of what it leaves.
        self.drained = false;
        self.source.settle()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }

    pub(super) fn read(
        &mut self,
        queue: &mut impl CallQueue,
        now: Instant,
    ) -> Result<SourceTurn, SocketError> {
        // Asking a socket that has nothing costs a system call, and most requests come over another one.
        let stirred = self.poller.take_ready();
        let last = queue.is_closing() && !self.is_spent();
        if self.drained && !stirred && !last && !self.is_due(now) {
            return Ok(SourceTurn::Drained);
        }
        self.drained = false;
        let mut jobs = 0;
        let turn = self.take_turn(queue, now, &mut jobs);
        // All at once: a counter that several threads use is slow.
        if jobs > 0 {
            queue.counters().requests.add(jobs);
        }
        turn
    }

    fn take_turn(
        &mut self,
        queue: &mut impl CallQueue,
        now: Instant,
        jobs: &mut u64,
    ) -> Result<SourceTurn, SocketError> {
        for _ in 0..TURN {
            if !queue.has_room() {
                return Ok(SourceTurn::Full);
            }
            if queue.is_closing() {
                if self.is_spent() {
                    return Ok(SourceTurn::Drained);
                }
                self.left -= 1;
            }
            match self.source.take(queue.dispatcher(), now)? {
                SourceMessage::Nothing => {
                    self.drained = true;
                    if queue.is_closing() {
                        self.left = 0;
                    }
                    return Ok(SourceTurn::Drained);
                }
                SourceMessage::Job(job) => {
                    *jobs += 1;
                    queue.push(job);
                }
                SourceMessage::Something => {}
                SourceMessage::Malformed => queue.counters().malformed.increment(),
            }
        }
        Ok(SourceTurn::Over)
    }
}
