//! Closing a socket so that its endpoints are free for others.

use std::time::{Duration, Instant};

use super::monitor::{ConnectionChange, Monitor};
use super::raw::RawSocket;
use super::{Direction, Poller, inproc};
use crate::log;

/// How long shutting waits for endpoints to become free.
const LIMIT: Duration = Duration::from_millis(500);

/// Leaves every endpoint and waits, though not long, until they are free for others: libzmq unbinds in the background,
/// and a server that is started again at once would find its own port in use.
///
/// No monitor may be on the socket.
pub(super) fn close_and_release(socket: &mut RawSocket, endpoints: &[(String, Direction)]) {
    let bound = endpoints.iter().filter(|(endpoint, direction)| {
        *direction == Direction::Bind && !endpoint.starts_with("inproc:")
    });
    let mut open = bound.count();
    let Ok(mut closings) = Monitor::of_closings(socket) else {
        return;
    };
    for (endpoint, direction) in endpoints {
        inproc::unbound(endpoint);
        if let Err(error) = socket.close(endpoint, *direction) {
            log::line!(debug, endpoint = log::text(endpoint), error = log::text(&error); "an endpoint could not be left");
        }
    }
    let poller = closings
        .descriptor()
        .and_then(|closings| Poller::new(vec![closings]));
    let deadline = Instant::now() + LIMIT;
    while let Ok(poller) = &poller
        && Instant::now() < deadline
    {
        while let Ok(Some(ConnectionChange::ListenerClosed)) = closings.next() {
            open = open.saturating_sub(1);
        }
        if open == 0 || poller.drive(Some(deadline)).is_err() {
            break;
        }
    }
    socket.stop_monitor();
}
