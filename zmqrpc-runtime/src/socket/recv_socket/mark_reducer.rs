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
use crate::socket::fence::await_io_thread;
use crate::socket::monitor::ConnectionChange;
use crate::socket::{Endpoint, Message, SocketError, SocketOptions};

/// Bytes that libzmq may queue for one peer while the socket is left unread.
const LEFT: usize = 256 << 20;

/// How long to wait for one round of libzmq's I/O thread.
const ROUND: Duration = Duration::from_millis(5);

/// Rounds after which pipes that have ended are gone. A connected socket learns first that the connection is about to
/// end, and acknowledges; then that its pipe is; then that the connection has ended. A bound one learns two of these,
/// but its first round may precede the end that was reported.
const ROUNDS: usize = 3;

/// The time between two attempts: the rounds hold the reading thread up.
const AGAIN: Duration = Duration::from_millis(250);

pub(super) struct MarkReducer {
    /// The number of messages that libzmq may queue for each peer. `None` if the socket's own mark is no higher.
    mark: Option<i32>,
    /// Whether the mark applies to all connections.
    is_set: bool,
    /// When the next attempt is due.
    due: Option<Instant>,
}

impl MarkReducer {
    pub(super) fn new(endpoint: &Endpoint, options: &SocketOptions) -> Self {
        // For `inproc`, libzmq adds the marks of both ends up, and tells the peer a value that does not match a changed
        // mark: writers would wait for ever. The peer shares this process's memory anyway.
        let mark = mark(options.max_frame, options.receive_high_water);
        Self {
            mark: mark.filter(|_| !endpoint.is_inproc()),
            is_set: false,
            due: None,
        }
    }

    /// Records that the mark does not apply to all connections any more.
    pub(super) fn forget(&mut self) {
        self.is_set = false;
    }
}

/// Returns how many of the largest messages libzmq may queue for one peer while the socket is left unread. `None` if
/// the socket's own mark is no higher.
fn mark(max_frame: usize, high_water: u32) -> Option<i32> {
    let most = u32::try_from(LEFT / max_frame.max(1)).unwrap_or(u32::MAX);
    // 0 would mean no limit, as in an unset `high_water`.
    let most = most.max(1);
    let is_fewer = high_water == 0 || most < high_water;
    is_fewer.then(|| i32::try_from(most).unwrap_or(i32::MAX))
}

impl RecvSocket {
    /// Sets the lower mark, if it is not set and no pipe is about to end.
    pub(super) fn narrow(&mut self, now: Instant) -> Result<(), SocketError> {
        let MarkReducer { mark, is_set, due } = self.narrow;
        let is_due = !is_set && due.is_none_or(|due| now >= due);
        // Only the monitor reports connections that end.
        let Some(mark) = mark.filter(|_| is_due && self.news.is_some()) else {
            return Ok(());
        };
        self.narrow.due = Some(now + AGAIN);
        // Handling an event may end pipes as well, so none is handled from here on.
        self.read_news()?;
        // If it fails, as without descriptors, a later call tries again.
        let has_come_round = self.come_round().unwrap_or(false);
        let news = self.unread_news()?;
        // libzmq reports each loss since then before the pipe ends.
        let is_quiet = !news
            .iter()
            .any(|(event, _)| *event == ConnectionChange::Lost);
        if has_come_round && is_quiet {
            self.socket.set(zmq_sys::ZMQ_RCVHWM, mark)?;
            self.narrow.is_set = true;
        }
        for (event, place) in news {
            self.note(event, &place);
        }
        Ok(())
    }

    /// Waits until pipes that have ended are gone. Returns `false` if libzmq's I/O thread is too busy.
    fn come_round(&mut self) -> Result<bool, SocketError> {
        for _ in 0..ROUNDS {
            if !await_io_thread(Instant::now() + ROUND)? {
                return Ok(false);
            }
            self.socket.settle()?;
        }
        Ok(true)
    }

    fn unread_news(&mut self) -> Result<Vec<(ConnectionChange, Message)>, SocketError> {
        let mut unread = Vec::new();
        while let Some(news) = &mut self.news
            && let Some(item) = news.next_with_place()?
        {
            unread.push(item);
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
        Direction, Endpoint, Keepalive, Message, Security, SocketOptions, recv_socket,
    };

    fn options() -> SocketOptions {
        SocketOptions {
            max_frame: 1 << 20,
            linger: Duration::ZERO,
            send_high_water: 1000,
            receive_high_water: 10_000,
            ipv6: false,
            security: Security::default(),
            upkeep: Keepalive::default(),
        }
    }

    fn recv(direction: Direction, endpoint: &str) -> RecvSocket {
        let endpoint = Endpoint::parse(endpoint, direction).unwrap();
        let socket = recv_socket::socket(zmq::PULL, &options()).unwrap();
        RecvSocket::open(socket, &endpoint, &options()).unwrap()
    }

    /// Connects as a PUSH peer that sends nothing.
    fn come(address: &str) -> io::Result<TcpStream> {
        let mut greeting = [0; 64];
        (greeting[0], greeting[9], greeting[10]) = (0xFF, 0x7F, 3);
        greeting[12..16].copy_from_slice(b"NULL");
        let ready = b"\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PUSH";
        let mut peer = TcpStream::connect(address)?;
        peer.write_all(&[&greeting[..], ready].concat())?;
        peer.read_exact(&mut [0; 64 + 28])?;
        Ok(peer)
    }

    fn come_and_go(address: &str) -> io::Result<()> {
        come(address).map(drop)
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

    /// Lowers the mark, far more often than in use. Under a memory checker, these tests show writes to freed memory if
    /// the moment is chosen carelessly; without one, the process crashes now and then.
    fn narrow_again(recv: &mut RecvSocket) -> bool {
        // As a reader does: the receive handles the ends of connections.
        assert!(recv.receive([&mut Message::new()]).unwrap().is_none());
        // libzmq frees the peer ends meanwhile, without a report.
        thread::sleep(Duration::from_millis(1));
        recv.narrow.forget();
        recv.narrow.due = None;
        recv.narrow(Instant::now()).unwrap();
        recv.narrow.is_set
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
                        let _ = come_and_go(&address);
                    }
                });
            }
            for _ in 0..300 {
                narrow_again(&mut recv);
            }
            end.store(true, Ordering::Relaxed);
        });
        await_narrow(&mut recv);
    }

    #[test]
    fn a_mark_is_lowered_although_who_is_there_speaks_something_else() {
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
            narrow_again(&mut recv);
            await_narrow(&mut recv);
        }
    }

    fn await_narrow(recv: &mut RecvSocket) {
        let begin = Instant::now();
        while !narrow_again(recv) {
            let waited = begin.elapsed();
            assert!(waited < Duration::from_secs(20), "something always ends");
        }
    }

    #[test]
    fn who_connects_later_finds_no_more_room() {
        let mut recv = recv(Direction::Bind, "tcp://127.0.0.1:*");
        let address = recv.endpoint()["tcp://".len()..].to_owned();
        await_narrow(&mut recv);
        let mut peer = come(&address).unwrap();
        let begin = Instant::now();
        while recv.narrow.is_set {
            assert!(begin.elapsed() < Duration::from_secs(20), "nobody tells");
            recv.read_news().unwrap();
        }
        await_narrow(&mut recv);
        // 10,000 messages would be 640 MB; 256 are 16 MB, in addition to the system's buffers.
        peer.set_write_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let message = [&[2, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![7; 1 << 16]].concat();
        let taken = (0..10_000).find(|_| peer.write_all(&message).is_err());
        let taken = taken.expect("it is held back");
        assert!((200..2000).contains(&taken), "{taken} messages of 64 KiB");
    }
}
