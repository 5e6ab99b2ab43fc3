//! A socket to take in from, among others that take turns.

use std::sync::Arc;
use std::time::Instant;

use super::queue::ReceptionQueue;
use crate::socket::{Poller, SocketError, WakeList};
use crate::subscription::{SilenceCallback, SourceSocket};
use crate::wire::Limits;

/// A socket that delivers events or jobs.
pub(crate) trait EncodedSource: Send + 'static {
    /// What it delivers.
    type Item: Send + 'static;
    type Socket: SourceSocket;
    /// Its counters.
    type Stats;

    fn socket(&self) -> &Self::Socket;
    fn socket_mut(&mut self) -> &mut Self::Socket;
    /// Receives one message, and hands to `take` what comes of it, with its size in bytes. Returns `false` if there was
    /// none.
    fn receive(
        &mut self,
        limits: &Limits,
        now: Instant,
        take: impl FnMut(Self::Item, usize),
    ) -> Result<bool, SocketError>;
    fn stats(&self) -> Self::Stats;
    /// Closes the socket and frees its endpoint, which may take a moment.
    fn close_and_release(self);
}

/// Messages per turn of a source.
const TURN: usize = 64;

/// A source, with the state of its turns.
pub(super) struct ReceptionSlot<S> {
    poller: Arc<Poller>,
    /// Whether it was found empty, and not used since.
    drained: bool,
    pub(super) source: S,
}

/// How a turn of all sources ended.
pub(super) enum ReceptionTurn {
    /// All of them are empty: they may be waited for.
    Drained,
    /// There is more to do.
    Yielded,
    /// The queue has no room.
    Full,
}

impl<S: EncodedSource> ReceptionSlot<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            poller: source.socket().poller(),
            drained: false,
            source,
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.source.socket().due().is_some_and(|due| due <= now)
    }

    /// Takes in some of what has arrived.
    pub(super) fn take_in(
        &mut self,
        queue: &ReceptionQueue<S::Item>,
        wakes: &mut WakeList,
        limits: &Limits,
        now: Instant,
    ) -> Result<ReceptionTurn, SocketError> {
        // A receive that finds nothing costs a system call.
        let is_stirred = self.poller.take_ready();
        if self.drained && !is_stirred && !self.is_due(now) {
            return Ok(ReceptionTurn::Drained);
        }
        self.drained = false;
        for _ in 0..TURN {
            if !queue.has_room() {
                return Ok(ReceptionTurn::Full);
            }
            let take = |item, bytes| queue.push(item, bytes, wakes);
            if !self.source.receive(limits, now, take)? {
                self.drained = true;
                return Ok(ReceptionTurn::Drained);
            }
        }
        Ok(ReceptionTurn::Yielded)
    }

    /// Maintains the source if that is due. Returns whether it has to be drained again before it is waited for, and the
    /// callback to run.
    pub(super) fn maintain(&mut self, now: Instant) -> (bool, Option<SilenceCallback>) {
        if !self.drained || !self.is_due(now) {
            return (false, None);
        }
        self.drained = false;
        (true, self.source.socket_mut().maintain(now))
    }

    /// Settles a source that is left unread.
    pub(super) fn settle(&mut self) -> Result<(), SocketError> {
        // This may have consumed the edge of messages that it leaves.
        self.drained = false;
        self.source.socket_mut().settle()
    }
}
