//! A lower mark for messages that are left unread.

use std::time::{Duration, Instant};

use super::Inlet;
use crate::socket::SocketError;
use crate::socket::fence::await_io_thread;
use crate::socket::monitor::{Connection, Monitor};

/// Bytes that libzmq may hold for one peer while messages are left where they are.
const LEFT: usize = 256 << 20;
/// How long libzmq's thread may take to come round.
const ROUND: Duration = Duration::from_millis(5);

/// How many of the largest messages libzmq may hold for one peer while they are left where they are; nothing if that is no
/// fewer than it may otherwise.
pub(super) fn mark(max_frame: usize, high_water: u32) -> Option<i32> {
    let most = u32::try_from(LEFT / max_frame.max(1)).unwrap_or(u32::MAX);
    // None at all would mean no limit, as it does for who has set none.
    let most = most.max(1);
    let is_fewer = high_water == 0 || most < high_water;
    is_fewer.then(|| i32::try_from(most).unwrap_or(i32::MAX))
}

impl Inlet {
    /// Sets a lower mark, which is in force at once, for connections too that are there. Whether that could be done now.
    ///
    /// libzmq tells the other end of each connection's pipe, also of one whose connection has ended: between the end that
    /// it has been told and the answer to that, this other end is freed, and its memory is written to
    /// (`socket_base_t::update_pipe_options`, `pipe_t::process_pipe_term`). So a moment is sought without such a pipe.
    pub(super) fn narrow(&mut self, mark: i32) -> Result<bool, SocketError> {
        let mut own = None;
        if self.news.is_none() {
            own = Some(Monitor::of_losses(&self.socket)?);
        }
        let is_quiet = self.is_quiet(own.as_mut());
        if own.is_some() {
            self.socket.stop_monitor();
        }
        if !is_quiet? {
            return Ok(false);
        }
        self.socket.set(zmq_sys::ZMQ_RCVHWM, mark)?;
        Ok(true)
    }

    /// Sees to it that what has ended is gone. `false` if anything ended meanwhile.
    fn is_quiet(&mut self, mut own: Option<&mut Monitor>) -> Result<bool, SocketError> {
        let before = self.losses(own.as_deref_mut())?;
        // Once for the ends that were told of before: they have reached this socket. Once for its answers to them.
        for _ in 0..2 {
            if !await_io_thread(Instant::now() + ROUND)? {
                return Ok(false);
            }
            self.socket.settle()?;
        }
        // Of each end since then this tells before the end itself comes.
        Ok(self.losses(own)? == before)
    }

    fn losses(&mut self, own: Option<&mut Monitor>) -> Result<u64, SocketError> {
        let Some(own) = own else {
            self.read_news()?;
            return Ok(self.lost);
        };
        while let Some(event) = own.next()? {
            self.lost += u64::from(event == Connection::Lost);
        }
        Ok(self.lost)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};
    use std::net::TcpStream;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::socket::{Direction, Endpoint, Message, Options, RETRY, inlet};

    fn options() -> Options {
        Options {
            max_frame: 1 << 20,
            linger: Duration::ZERO,
            send_high_water: 1000,
            receive_high_water: 10_000,
            ipv6: false,
            security: crate::socket::Security::default(),
            upkeep: crate::socket::Upkeep::default(),
        }
    }

    fn inlet(direction: Direction, endpoint: &str) -> Inlet {
        let endpoint = Endpoint::parse(endpoint, direction).unwrap();
        let socket = inlet::socket(zmq::PULL, &options()).unwrap();
        Inlet::open(socket, &endpoint, &options()).unwrap()
    }

    /// A peer that pushes, and has nothing to push.
    fn come_and_go(address: &str) -> io::Result<()> {
        let mut greeting = [0; 64];
        (greeting[0], greeting[9], greeting[10]) = (0xFF, 0x7F, 3);
        greeting[12..16].copy_from_slice(b"NULL");
        let ready = b"\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PUSH";
        let mut peer = TcpStream::connect(address)?;
        peer.write_all(&[&greeting[..], ready].concat())?;
        peer.read_exact(&mut [0; 64 + 28])
    }

    #[test]
    fn as_many_messages_are_left_with_libzmq_as_have_room() {
        assert_eq!(mark(32 << 20, 10_000), Some(8));
        assert_eq!(mark(1 << 20, 10_000), Some(256));
        assert_eq!(mark(1 << 30, 0), Some(1));
        for (max_frame, high_water) in [(32 << 20, 2), (32 << 20, 8), (1 << 10, 1000), (0, 1000)] {
            assert_eq!(mark(max_frame, high_water), None);
        }
    }

    /// With a memory checker it shows writes to what was freed, if the moment is not chosen with care.
    #[test]
    fn a_mark_is_lowered_while_connections_come_and_go() {
        let mut inlet = inlet(Direction::Bind, "tcp://127.0.0.1:*");
        let address = inlet.endpoint()["tcp://".len()..].to_owned();
        let (end, mut frame) = (AtomicBool::new(false), Message::new());
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !end.load(Ordering::Relaxed) {
                        // Refused while others wait to be accepted.
                        let _ = come_and_go(&address);
                    }
                });
            }
            for _ in 0..300 {
                // As it notices the ends of connections while it is read.
                assert!(inlet.receive([&mut frame]).unwrap().is_none());
                thread::sleep(Duration::from_millis(1));
                inlet.narrow(8).unwrap();
            }
            end.store(true, Ordering::Relaxed);
        });
        let begin = Instant::now();
        while !inlet.narrow(8).unwrap() {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "nothing ends any more"
            );
            thread::sleep(RETRY);
        }
    }
}
