//! One connection to a target.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::{DrainState, Liveness, LivenessAction};
use crate::log;
use crate::proxy::DIALECT;
use crate::socket::{DealerSocket, Frame, Poller};

/// A connection to one target, its liveness and its drain state.
pub(super) struct BackendConnection {
    pub(super) dealer: DealerSocket,
    pub(super) poller: Arc<Poller>,
    pub(super) up: bool,
    pub(super) drain_state: DrainState,
    pub(super) liveness: Liveness,
    /// Calls that were sent over this connection and have not ended.
    pub(super) in_flight: usize,
    /// Whether the socket was used since its last drain, so that waiting on it could miss a message.
    pub(super) needs_drain: bool,
    /// When to try again to open a socket, after the system was short of resources; `None` if the last attempt succeeded.
    pub(super) reconnect_at: Option<Instant>,
}

/// Delay before another attempt to open a socket.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

impl BackendConnection {
    /// Returns whether the target is connected and not draining.
    pub(super) fn takes_calls(&self) -> bool {
        self.up && self.drain_state.is_open()
    }

    /// Returns what to do about the target's liveness, judged by `liveness`; `None` if it does not matter now. A target is
    /// pinged while calls are in flight; a draining one sends keep-alive frames unasked.
    pub(super) fn check_liveness(
        &self,
        liveness: &mut Liveness,
        now: Instant,
    ) -> Option<LivenessAction> {
        match self.drain_state.is_open() {
            _ if !self.up => None,
            true => (self.in_flight > 0).then(|| liveness.check(now)),
            false => Some(liveness.listen(now)),
        }
    }

    /// Answers a draining target with a ping, if that is still to be done.
    pub(super) fn answer_draining(&mut self) {
        if self.up
            && let Some(id) = self.drain_state.owed()
        {
            self.needs_drain = true;
            if self.dealer.send(DIALECT.ping(id)).is_ok() {
                self.drain_state.answered();
            }
        }
    }

    pub(super) fn send(&mut self, message: Frame, now: Instant) -> Result<(), Frame> {
        self.needs_drain = true;
        if self.in_flight == 0 {
            // Silence counts from this request on: before it, no reply was due.
            self.liveness.hear(now);
        }
        self.dealer.send(message)
    }

    /// Sends a frame if the target takes calls and the socket has room; otherwise drops it.
    pub(super) fn try_send(&mut self, frame: Frame) {
        if self.takes_calls() {
            self.needs_drain = true;
            let _ = self.dealer.send(frame);
        }
    }

    /// Replaces the socket by a new one; schedules another attempt if the system has none.
    pub(super) fn reconnect(&mut self, now: Instant) {
        (self.up, self.needs_drain, self.drain_state) = (false, true, DrainState::default());
        self.liveness.hear(now);
        self.reconnect_at = None;
        if let Err(error) = self.dealer.reconnect() {
            log::line!(error, error = log::text(&error); "a proxy cannot open another socket; it tries again");
            self.reconnect_at = Some(now + RECONNECT_DELAY);
        }
    }
}

/// Sends a request over the next connection in turn that takes calls, has room and is not in `rejected_by`. Returns the
/// connection's index, or the request if there is none.
pub(super) fn send(
    connections: &mut [BackendConnection],
    next: &mut usize,
    rejected_by: &[usize],
    mut request: Frame,
    now: Instant,
) -> Result<usize, Frame> {
    for step in 0..connections.len() {
        let at = (*next + step) % connections.len();
        if connections[at].takes_calls() && !rejected_by.contains(&at) {
            match connections[at].send(request, now) {
                Ok(()) => {
                    *next = at + 1;
                    return Ok(at);
                }
                Err(back) => request = back,
            }
        }
    }
    Err(request)
}
