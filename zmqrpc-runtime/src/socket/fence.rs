//! Waiting until libzmq's I/O thread has come round: what it was at is done then.
//!
//! It tells of nothing that it does, but does one thing after the other. So something is asked of it whose end it does
//! report: to connect to where nobody is.

use std::hash::{BuildHasher, RandomState};
use std::process;
use std::time::Instant;

use super::context::shared;
use super::monitor::Monitor;
use super::raw::RawSocket;
use super::{Poller, SocketError};

/// An abstract name, which is not in the file system, and which nobody knows: of a connection that somebody accepts
/// nothing would tell.
fn nowhere() -> String {
    let nobody_knows = RandomState::new().hash_one(process::id());
    format!("ipc://@zmqrpc.nowhere.{nobody_knows:016x}")
}

/// `false` if `deadline` passes first.
pub(crate) fn await_io_thread(deadline: Instant) -> Result<bool, SocketError> {
    let mut socket = RawSocket::plain(shared()?, zmq::DEALER)?;
    let mut monitor = Monitor::of_connections(&socket)?;
    let poller = Poller::new(vec![monitor.descriptor()?])?;
    let asked = socket.options().connect(&nowhere());
    asked.map_err(SocketError::of("connecting"))?;
    let answered = loop {
        if monitor.next()?.is_some() {
            break true;
        }
        if Instant::now() >= deadline {
            break false;
        }
        let driven = poller.drive(Some(deadline));
        driven.map_err(|error| SocketError::waiting(&error))?;
    };
    socket.stop_monitor();
    Ok(answered)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_comes_round_soon() {
        let deadline = Instant::now() + Duration::from_secs(10);
        assert_eq!(await_io_thread(deadline), Ok(true));
    }
}
