//! The sockets of a backend, one for each target.

use std::time::{Duration, Instant};

use crate::connection::Transmit;
use crate::log;
use crate::socket::{Frame, Requester};

/// The socket that is connected to a target.
pub(super) struct TargetSocket<S> {
    pub(super) socket: S,
    /// Whether it was used since its last drain, so that waiting on it could miss a message.
    pub(super) needs_drain: bool,
    /// When to try again to open a socket, after the system was short of resources; `None` if the last attempt succeeded.
    pub(super) reconnect_at: Option<Instant>,
}

/// Delay before another attempt to open a socket.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Size of the buffers into which libzmq receives small frames. A buffer lives as long as any frame in it.
const RECEIVE_BUFFER: usize = 8192;

impl<S: Requester> TargetSocket<S> {
    pub(super) fn new(socket: S) -> Self {
        Self {
            socket,
            needs_drain: true,
            reconnect_at: None,
        }
    }

    /// Replaces the socket by a new one; schedules another attempt if the system has none.
    pub(super) fn reconnect(&mut self, now: Instant) {
        self.needs_drain = true;
        self.reconnect_at = None;
        if let Err(error) = self.socket.reconnect() {
            log::line!(error, error = log::text(&error); "a proxy cannot open another socket; it tries again");
            self.reconnect_at = Some(now + RECONNECT_DELAY);
        }
    }
}

/// The sockets, each under the link with its index.
pub(super) struct Targets<S>(pub(super) Vec<TargetSocket<S>>);

impl<S: Requester> Transmit for Targets<S> {
    fn send(&mut self, link: usize, frame: &mut Frame) -> bool {
        self.0[link].needs_drain = true;
        self.0[link].socket.send(frame)
    }

    /// Copies a small frame: one that waits must not keep alive the whole buffer that it was received in.
    fn keep(&self, request: Frame) -> Frame {
        if request.len() < RECEIVE_BUFFER {
            Frame::copy_of(&request)
        } else {
            request
        }
    }
}
