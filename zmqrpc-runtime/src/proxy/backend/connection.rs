//! One connection to a target.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::{DrainState, Liveness, LivenessAction};
use crate::log;
use crate::socket::{DealerSocket, Message, Poller};
use crate::wire::encode_ping;

/// One connection.
pub(super) struct BackendConnection {
    pub(super) dealer: DealerSocket,
    pub(super) poller: Arc<Poller>,
    pub(super) up: bool,
    pub(super) drain: DrainState,
    pub(super) liveness: Liveness,
    /// Calls that are under way over it.
    pub(super) in_flight: usize,
    /// The socket was used since it was drained: it must not be waited on.
    pub(super) used: bool,
    /// A new connection could not be opened: the system is short of something. Then it is tried again.
    pub(super) renew_at: Option<Instant>,
}

/// How long until another socket is tried where there was none to be had.
const RENEW: Duration = Duration::from_secs(1);

impl BackendConnection {
    /// Whether there is a target that is not about to end.
    pub(super) fn takes_calls(&self) -> bool {
        self.up && self.drain.is_open()
    }

    /// Whether the target lives, as far as this `liveness` of the link tells: asked where calls are under way, unasked where it
    /// is about to end.
    pub(super) fn judge(&self, liveness: &mut Liveness, now: Instant) -> Option<LivenessAction> {
        match self.drain.is_open() {
            _ if !self.up => None,
            true => (self.in_flight > 0).then(|| liveness.check(now)),
            false => Some(liveness.listen(now)),
        }
    }

    /// Answers a target that is about to end, if it has not been answered.
    pub(super) fn answer(&mut self) {
        if self.up
            && let Some(id) = self.drain.owed()
        {
            self.used = true;
            if self.dealer.send(Message::copy_of(&encode_ping(id))).is_ok() {
                self.drain.answered();
            }
        }
    }

    pub(super) fn send(&mut self, message: Message, now: Instant) -> Result<(), Message> {
        self.used = true;
        if self.in_flight == 0 {
            // Silence counts from here: nothing was asked before.
            self.liveness.hear(now);
        }
        self.dealer.send(message)
    }

    /// Worth a try, not worth a place in a queue.
    pub(super) fn tell(&mut self, frame: &[u8]) {
        if self.takes_calls() {
            self.used = true;
            let _ = self.dealer.send(Message::copy_of(frame));
        }
    }

    pub(super) fn renew(&mut self, now: Instant) {
        (self.up, self.used, self.drain) = (false, true, DrainState::default());
        self.liveness.hear(now);
        self.renew_at = None;
        if let Err(error) = self.dealer.reconnect() {
            log::line!(error, error = log::text(&error); "a proxy cannot open another socket, it tries again");
            self.renew_at = Some(now + RENEW);
        }
    }
}

/// Sends a request over the next link in turn that takes it and has not refused it.
pub(super) fn send(
    connections: &mut [BackendConnection],
    turn: &mut usize,
    refused: &[usize],
    mut request: Message,
    now: Instant,
) -> Result<usize, Message> {
    for step in 0..connections.len() {
        let at = (*turn + step) % connections.len();
        if connections[at].takes_calls() && !refused.contains(&at) {
            match connections[at].send(request, now) {
                Ok(()) => {
                    *turn = at + 1;
                    return Ok(at);
                }
                Err(back) => request = back,
            }
        }
    }
    Err(request)
}
