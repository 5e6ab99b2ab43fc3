//! A fence: waits until libzmq's I/O thread has completed what it was doing.
//!
//! The I/O thread reports nothing of this, but processes its commands in order. So this module gives it a command whose
//! completion it does report: a connection to an endpoint that does not exist.

use std::hash::{BuildHasher, RandomState};
use std::process;
use std::time::Instant;

use super::context::shared;
use super::monitor::Monitor;
use super::raw::RawSocket;
use crate::socket::{Poller, SocketError};

/// Returns an abstract name, which is not in the file system, and which nobody can guess: libzmq would not report the
/// failure of a connection that somebody accepts.
fn unknown_endpoint() -> String {
    let secret = RandomState::new().hash_one(process::id());
    format!("ipc://@zmqrpc.nowhere.{secret:016x}")
}

/// Waits until libzmq's I/O thread has completed a round. Returns `false` if `deadline` passes first.
pub(crate) fn await_io_thread(deadline: Instant) -> Result<bool, SocketError> {
    let mut socket = RawSocket::with_defaults(shared()?, zmq::DEALER)?;
    let mut monitor = Monitor::of_connections(&socket)?;
    let poller = Poller::new(vec![monitor.descriptor()?])?;
    let requested = socket.options().connect(&unknown_endpoint());
    requested.map_err(SocketError::of("connecting"))?;
    let completed = loop {
        if monitor.next()?.is_some() {
            break true;
        }
        if Instant::now() >= deadline {
            break false;
        }
        let waited = poller.wait(Some(deadline));
        waited.map_err(|error| SocketError::waiting(&error))?;
    };
    socket.stop_monitor();
    Ok(completed)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_io_thread_completes_a_round_soon() {
        let deadline = Instant::now() + Duration::from_secs(10);
        assert_eq!(await_io_thread(deadline), Ok(true));
    }
}
