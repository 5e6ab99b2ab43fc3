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

use super::RecvSocket;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::fence::await_io_thread;
use crate::socket::{Endpoint, Frame, SocketError, SocketOptions};

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

impl RecvSocket {
    /// Sets the lower mark, if it is not set and no pipe is about to end.
    pub(super) fn reduce_mark(&mut self, now: Instant) -> Result<(), SocketError> {
        let MarkReducer {
            reduced_mark,
            is_set,
            due,
        } = self.mark_reducer;
        let is_due = !is_set && due.is_none_or(|due| now >= due);
        // Only the monitor reports connections that end.
        let Some(reduced_mark) = reduced_mark.filter(|_| is_due && self.monitor.is_some()) else {
            return Ok(());
        };
        self.mark_reducer.due = Some(now + RETRY_DELAY);
        // Handled first, since handling an event may end a pipe: none is handled from here until the mark is set.
        self.read_monitor()?;
        // If it fails, as without descriptors, a later call tries again.
        let completed = self.await_rounds().unwrap_or(false);
        let events = self.unread_events()?;
        // libzmq reports each loss since then before the pipe ends.
        let is_quiet = !events
            .iter()
            .any(|(event, _)| *event == ConnectionChange::Lost);
        if completed && is_quiet {
            self.socket.set(zmq_sys::ZMQ_RCVHWM, reduced_mark)?;
            self.mark_reducer.is_set = true;
        }
        for (event, address) in events {
            self.on_event(event, &address);
        }
        Ok(())
    }

    /// Waits until pipes that have ended are gone. Returns `false` if libzmq's I/O thread is too busy.
    fn await_rounds(&mut self) -> Result<bool, SocketError> {
        for _ in 0..ROUNDS {
            if !await_io_thread(Instant::now() + ROUND_TIMEOUT)? {
                return Ok(false);
            }
            self.socket.process_commands()?;
        }
        Ok(true)
    }

    fn unread_events(&mut self) -> Result<Vec<(ConnectionChange, Frame)>, SocketError> {
        let mut unread = Vec::new();
        while let Some(monitor) = &mut self.monitor
            && let Some(event) = monitor.next_with_address()?
        {
            unread.push(event);
        }
        Ok(unread)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::socket::{
        Direction, Endpoint, Frame, Keepalive, Security, SocketOptions, recv_socket,
    };

    fn options() -> SocketOptions {
        SocketOptions {
            max_frame: 1 << 20,
            linger: Duration::ZERO,
            send_high_water: 1000,
            receive_high_water: 10_000,
            ipv6: false,
            security: Security::default(),
            handshake_timeout: Duration::from_secs(10),
            keepalive: Keepalive::default(),
        }
    }

    fn recv(direction: Direction, endpoint: &str) -> RecvSocket {
        let endpoint = Endpoint::parse(endpoint, direction).unwrap();
        let socket = recv_socket::socket(zmq::PULL, &options()).unwrap();
        RecvSocket::open(socket, &endpoint, &options()).unwrap()
    }

    /// Connects as a PUSH peer that sends nothing.
    fn connect_peer(address: &str) -> io::Result<TcpStream> {
        let mut greeting = [0; 64];
        (greeting[0], greeting[9], greeting[10]) = (0xFF, 0x7F, 3);
        greeting[12..16].copy_from_slice(b"NULL");
        let ready = b"\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PUSH";
        let mut peer = TcpStream::connect(address)?;
        peer.write_all(&[&greeting[..], ready].concat())?;
        peer.read_exact(&mut [0; 64 + 28])?;
        Ok(peer)
    }

    fn connect_and_drop(address: &str) -> io::Result<()> {
        connect_peer(address).map(drop)
    }

    #[test]
    fn the_mark_is_as_many_messages_as_fit_into_the_limit() {
        assert_eq!(reduced_mark(32 << 20, 10_000), Some(8));
        assert_eq!(reduced_mark(1 << 20, 10_000), Some(256));
        assert_eq!(reduced_mark(1 << 30, 0), Some(1));
        for (max_frame, high_water) in [(32 << 20, 2), (32 << 20, 8), (1 << 10, 1000), (0, 1000)] {
            assert_eq!(reduced_mark(max_frame, high_water), None);
        }
    }

    /// Lowers the mark, far more often than in use. Under a memory checker, these tests show writes to freed memory if
    /// the moment is chosen carelessly; without one, the process crashes now and then.
    fn reduce_again(recv: &mut RecvSocket) -> bool {
        // As a reader does: the receive handles the ends of connections.
        assert!(recv.receive([&mut Frame::new()]).unwrap().is_none());
        // libzmq frees the peer ends meanwhile, without a report.
        thread::sleep(Duration::from_millis(1));
        recv.mark_reducer.mark_outdated();
        recv.mark_reducer.due = None;
        recv.reduce_mark(Instant::now()).unwrap();
        recv.mark_reducer.is_set
    }

    #[test]
    fn a_mark_is_lowered_while_connections_come_and_go() {
        let mut recv = recv(Direction::Bind, "tcp://127.0.0.1:*");
        let address = recv.endpoint()["tcp://".len()..].to_owned();
        let end = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !end.load(Ordering::Relaxed) {
                        // Fails while the backlog is full.
                        let _ = connect_and_drop(&address);
                    }
                });
            }
            for _ in 0..300 {
                reduce_again(&mut recv);
            }
            end.store(true, Ordering::Relaxed);
        });
        await_reduced(&mut recv);
    }

    #[test]
    fn a_mark_is_lowered_although_the_peer_does_not_speak_zmtp() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut peer in listener.incoming().flatten() {
                let _ = peer.write_all(&[0x55; 100]);
                // The socket under test ends the connection.
                let _ = peer.read_to_end(&mut Vec::new());
            }
        });
        for pause in 0..100 {
            let mut recv = recv(Direction::Connect, &endpoint);
            thread::sleep(Duration::from_micros(pause * 20));
            reduce_again(&mut recv);
            await_reduced(&mut recv);
        }
    }

    fn await_reduced(recv: &mut RecvSocket) {
        let begin = Instant::now();
        while !reduce_again(recv) {
            let waited = begin.elapsed();
            assert!(
                waited < Duration::from_secs(20),
                "the mark is lowered in time"
            );
        }
    }

    #[test]
    fn the_lowered_mark_holds_for_later_connections_too() {
        let mut recv = recv(Direction::Bind, "tcp://127.0.0.1:*");
        let address = recv.endpoint()["tcp://".len()..].to_owned();
        await_reduced(&mut recv);
        let mut peer = connect_peer(&address).unwrap();
        let begin = Instant::now();
        while recv.mark_reducer.is_set {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "the monitor reports the connection"
            );
            recv.read_monitor().unwrap();
        }
        await_reduced(&mut recv);
        // 10,000 messages would be 640 MB; 256 are 16 MB, in addition to the system's buffers.
        peer.set_write_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let message = [&[2, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![7; 1 << 16]].concat();
        let taken = (0..10_000).find(|_| peer.write_all(&message).is_err());
        let taken = taken.expect("the mark holds the peer back");
        assert!((200..2000).contains(&taken), "{taken} messages of 64 KiB");
    }
}
