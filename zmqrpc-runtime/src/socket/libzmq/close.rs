//! Closing a socket so that its endpoints are free.

use std::time::{Duration, Instant};

use super::inproc;
use super::monitor::Monitor;
use super::raw::RawSocket;
use crate::log;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{Direction, Poller};

/// How long to wait for the endpoints to become free.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Closes every endpoint and waits, for a limited time, until the bound ones are free: libzmq unbinds in the
/// background, and a server that restarts at once would find its own port in use.
///
/// The socket must not have a monitor.
pub(super) fn close_and_release(socket: &mut RawSocket, endpoints: &[(String, Direction)]) {
    let bound = endpoints.iter().filter(|(endpoint, direction)| {
        *direction == Direction::Bind && !endpoint.starts_with("inproc:")
    });
    let mut remaining = bound.count();
    let Ok(mut closings) = Monitor::of_closings(socket) else {
        return;
    };
    for (endpoint, direction) in endpoints {
        inproc::unregister(endpoint);
        if let Err(error) = socket.close(endpoint, *direction) {
            log::line!(debug, endpoint = log::text(endpoint), error = log::text(&error); "an endpoint could not be closed");
        }
    }
    let poller = closings
        .descriptor()
        .and_then(|closings| Poller::new(vec![closings]));
    let deadline = Instant::now() + TIMEOUT;
    while let Ok(poller) = &poller
        && Instant::now() < deadline
    {
        while let Ok(Some(ConnectionChange::ListenerClosed)) = closings.next() {
            remaining = remaining.saturating_sub(1);
        }
        if remaining == 0 || poller.wait(Some(deadline)).is_err() {
            break;
        }
    }
    socket.stop_monitor();
}
