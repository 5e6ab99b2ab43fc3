//! A lower receive high-water mark for sockets that are left unread.
//!
//! libzmq limits the number of queued messages, not their size, and a few large ones would fill the memory of a busy
//! program. The mark is not lowered from the start, since fast readers would wait for it half of the time; and it is
//! never raised again, since libzmq does not tell a writer that waits at a low mark of a higher one.
//!
//! A new mark applies at once to the present connections: libzmq writes it to the peer end of each pipe, even if that
//! pipe's connection has ended. Once this socket acknowledges the end, libzmq frees the peer end, and until the socket
//! learns of that, it still refers to the pipe: setting the mark would write to freed memory
//! (`socket_base_t::update_pipe_options`, `pipe_t::process_pipe_term`). So this module waits for a moment without such
//! a pipe.

use std::time::{Duration, Instant};

use super::fence::await_io_thread;
use super::frame::Frame;
use super::monitor::Monitor;
use super::raw::RawSocket;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{Endpoint, SocketError, SocketOptions};

/// Bytes that libzmq may queue for one peer while the socket is left unread.
const MAX_BYTES: usize = 256 << 20;

/// How long to wait for one round of libzmq's I/O thread.
const ROUND_TIMEOUT: Duration = Duration::from_millis(5);

/// Rounds after which pipes that have ended are gone. A connected socket learns first that the connection is about to
/// end, and acknowledges; then that its pipe is about to end; then that the pipe has ended. A bound one learns two of
/// these, but its first round may precede the end that was reported.
const ROUNDS: usize = 3;

/// The time between two attempts: the rounds hold the reading thread up.
const RETRY_DELAY: Duration = Duration::from_millis(250);

pub(super) struct MarkReducer {
    /// The number of messages that libzmq may queue for each peer. `None` if the socket's own mark is no higher.
    reduced_mark: Option<i32>,
    /// Whether the mark applies to all connections.
    is_set: bool,
    /// When the next attempt is due.
    due: Option<Instant>,
}

impl MarkReducer {
    pub(super) fn new(endpoint: &Endpoint, options: &SocketOptions) -> Self {
        // For `inproc`, libzmq adds the marks of both ends up, and tells the peer a value that does not match a changed
        // mark: writers would wait for ever. The peer shares this process's memory anyway.
        let reduced_mark = reduced_mark(options.max_frame, options.receive_high_water);
        Self {
            reduced_mark: reduced_mark.filter(|_| !endpoint.is_inproc()),
            is_set: false,
            due: None,
        }
    }

    /// Records that the mark does not apply to all connections any more.
    pub(super) fn mark_outdated(&mut self) {
        self.is_set = false;
    }

    /// Returns whether to try to set the mark now and, if so, records the attempt.
    pub(super) fn should_try(&mut self, now: Instant) -> bool {
        let is_due = !self.is_set && self.due.is_none_or(|due| now >= due);
        let tries = is_due && self.reduced_mark.is_some();
        if tries {
            self.due = Some(now + RETRY_DELAY);
        }
        tries
    }

    /// Sets the mark, if no pipe is about to end. All events must have been handled before, since handling one may end
    /// a pipe. Returns those that were reported meanwhile.
    pub(super) fn try_to_set(
        &mut self,
        socket: &mut RawSocket,
        monitor: &mut Monitor,
    ) -> Result<Vec<(ConnectionChange, Frame)>, SocketError> {
        // If it fails, as without descriptors, a later call tries again.
        let completed = await_rounds(socket).unwrap_or(false);
        let mut events = Vec::new();
        while let Some(event) = monitor.next_with_address()? {
            events.push(event);
        }
        // libzmq reports each loss since then before the pipe ends.
        let is_quiet = !events
            .iter()
            .any(|(event, _)| *event == ConnectionChange::Lost);
        if let Some(reduced_mark) = self.reduced_mark.filter(|_| completed && is_quiet) {
            socket.set(zmq_sys::ZMQ_RCVHWM, reduced_mark)?;
            self.is_set = true;
        }
        Ok(events)
    }

    #[cfg(test)]
    pub(super) fn is_set(&self) -> bool {
        self.is_set
    }

    /// Makes the mark unset, and the next attempt due.
    #[cfg(test)]
    pub(super) fn reset(&mut self) {
        (self.is_set, self.due) = (false, None);
    }
}

/// Returns how many of the largest messages libzmq may queue for one peer while the socket is left unread. `None` if
/// the socket's own mark is no higher.
fn reduced_mark(max_frame: usize, high_water: u32) -> Option<i32> {
    let limit = u32::try_from(MAX_BYTES / max_frame.max(1)).unwrap_or(u32::MAX);
    // 0 would mean no limit, as in an unset `high_water`.
    let limit = limit.max(1);
    let is_fewer = high_water == 0 || limit < high_water;
    is_fewer.then(|| i32::try_from(limit).unwrap_or(i32::MAX))
}

/// Waits until pipes that have ended are gone. Returns `false` if libzmq's I/O thread is too busy.
fn await_rounds(socket: &mut RawSocket) -> Result<bool, SocketError> {
    for _ in 0..ROUNDS {
        if !await_io_thread(Instant::now() + ROUND_TIMEOUT)? {
            return Ok(false);
        }
        socket.process_commands()?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_as_many_messages_as_fit_into_the_limit() {
        assert_eq!(reduced_mark(32 << 20, 10_000), Some(8));
        assert_eq!(reduced_mark(1 << 20, 10_000), Some(256));
        assert_eq!(reduced_mark(1 << 30, 0), Some(1));
        for (max_frame, high_water) in [(32 << 20, 2), (32 << 20, 8), (1 << 10, 1000), (0, 1000)] {
            assert_eq!(reduced_mark(max_frame, high_water), None);
        }
    }
}
