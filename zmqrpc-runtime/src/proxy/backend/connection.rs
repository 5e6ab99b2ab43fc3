//! One connection to a target.

use std::time::{Duration, Instant};

use crate::connection::Link;
use crate::log;
use crate::proxy::DIALECT;
use crate::socket::{Frame, Requester};

/// A connection to one target.
pub(super) struct BackendConnection<S> {
    pub(super) socket: S,
    pub(super) link: Link,
    /// Calls that were sent over this connection and have not ended.
    pub(super) in_flight: usize,
    /// Whether the socket was used since its last drain, so that waiting on it could miss a message.
    pub(super) needs_drain: bool,
    /// When to try again to open a socket, after the system was short of resources; `None` if the last attempt succeeded.
    pub(super) reconnect_at: Option<Instant>,
}

/// Delay before another attempt to open a socket.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

impl<S: Requester> BackendConnection<S> {
    /// Returns whether the target is connected and not draining.
    pub(super) fn takes_calls(&self) -> bool {
        self.link.takes_calls()
    }

    /// Answers a draining target with a ping, if that is still to be done.
    pub(super) fn answer_draining(&mut self) {
        if let Some(id) = self.link.owed_ping() {
            self.needs_drain = true;
            if self.socket.send(DIALECT.ping(id)).is_ok() {
                self.link.handle_ping_sent();
            }
        }
    }

    pub(super) fn send(&mut self, message: Frame, now: Instant) -> Result<(), Frame> {
        self.needs_drain = true;
        if self.in_flight == 0 {
            // Silence counts from this request on: before it, no reply was due.
            self.link.hear(now);
        }
        self.socket.send(message)
    }

    /// Sends a frame if the target takes calls and the socket has room; otherwise drops it.
    pub(super) fn try_send(&mut self, frame: Frame) {
        if self.takes_calls() {
            self.needs_drain = true;
            let _ = self.socket.send(frame);
        }
    }

    /// Replaces the socket by a new one; schedules another attempt if the system has none.
    pub(super) fn reconnect(&mut self, now: Instant) {
        self.link.handle_down();
        self.link.hear(now);
        self.needs_drain = true;
        self.reconnect_at = None;
        if let Err(error) = self.socket.reconnect() {
            log::line!(error, error = log::text(&error); "a proxy cannot open another socket; it tries again");
            self.reconnect_at = Some(now + RECONNECT_DELAY);
        }
    }
}

/// Sends a request over the next connection in turn that takes calls, has room and is not in `rejected_by`. Returns the
/// connection's index, or the request if there is none.
pub(super) fn send<S: Requester>(
    connections: &mut [BackendConnection<S>],
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
