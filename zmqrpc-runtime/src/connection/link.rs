//! A connection to a peer that takes calls: whether it is up, whether calls may be sent over it, and when to ask for a sign of
//! life. A state machine without I/O: the driver of a socket tells it what happened, and the time, and does what it says.

use std::time::Duration;

use super::{DrainState, Liveness, LivenessAction};
use crate::clock::Instant;
use crate::dialect::FrameKind;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    up: bool,
    drain: DrainState,
    liveness: Liveness,
}

impl Link {
    pub(crate) fn new(liveness: Liveness) -> Self {
        Self {
            up: false,
            drain: DrainState::default(),
            liveness,
        }
    }

    /// The socket is connected.
    pub(crate) fn handle_up(&mut self) {
        (self.up, self.drain) = (true, DrainState::default());
    }

    /// The socket has lost its connection, or is about to be replaced.
    pub(crate) fn handle_down(&mut self) {
        (self.up, self.drain) = (false, DrainState::default());
    }

    /// Something was heard at `now`, or silence begins to count there: before, no reply was due.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.liveness.hear(now);
    }

    /// A frame has arrived. Returns what is new of the peer; [`hear`](Self::hear) is told once for any number of frames.
    #[inline]
    pub(crate) fn handle_frame(&mut self, kind: FrameKind) -> LinkNews {
        match kind {
            FrameKind::Draining(id) if self.drain.hear(id) => LinkNews::Draining,
            FrameKind::Pong(id) if self.drain.is_heard(id) => LinkNews::Acknowledged,
            _ => LinkNews::None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up
    }

    /// Returns whether the peer is connected and not draining.
    pub(crate) fn takes_calls(&self) -> bool {
        self.up && self.drain.is_open()
    }

    /// Returns whether the peer has said that it is about to end.
    pub(crate) fn is_draining(&self) -> bool {
        !self.drain.is_open()
    }

    /// Returns the id of the ping that a draining peer waits for, and behind which nothing more may be sent.
    pub(crate) fn owed_ping(&self) -> Option<u64> {
        self.drain.owed().filter(|_| self.up)
    }

    /// The ping that was owed has been sent.
    pub(crate) fn handle_ping_sent(&mut self) {
        self.drain.answered();
    }

    /// Returns what to do at `now` about the peer's silence; `None` if it does not matter. `calls_wait` tells whether calls
    /// wait for replies over the connection. A peer that drains is listened to in any case, and not asked.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        calls_wait: bool,
    ) -> Option<LivenessAction> {
        match self.drain.is_open() {
            _ if !self.up => None,
            true => calls_wait.then(|| self.liveness.check(now)),
            false => Some(self.liveness.listen(now)),
        }
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout), seen at `now`; `None` if silence does not matter.
    #[cfg(any(test, feature = "proxy"))]
    pub(crate) fn poll_timeout(&self, now: Instant, calls_wait: bool) -> Option<Instant> {
        // On a copy: to look changes the state.
        let mut copy = *self;
        match copy.handle_timeout(now, calls_wait)? {
            LivenessAction::Wait(until) => Some(until),
            LivenessAction::Ask | LivenessAction::Dead(_) => Some(now),
        }
    }

    /// Returns whether nothing has been heard for longer than `age`.
    pub(crate) fn is_older(&self, now: Instant, age: Duration) -> bool {
        self.liveness.is_older(now, age)
    }
}

/// What a frame says of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkNews {
    None,
    /// It is about to end: nothing but the ping that is owed may be sent any more.
    Draining,
    /// That ping has arrived, and with it everything that was sent before.
    Acknowledged,
}

#[cfg(test)]
mod tests;
