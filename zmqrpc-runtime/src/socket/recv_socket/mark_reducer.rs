//! A lower mark for messages that are left unread.
//!
//! Their number is the only bound that libzmq knows, and a few large ones would fill the memory of a program that is busy.
//! Not from the start, as quick readers would wait for it half of the time; and for good, since a writer that waits at a
//! low mark is not told of a higher one.
//!
//! A mark is in force at once, for the connections that are there. libzmq tells the other end of each one's pipe, also of
//! one whose connection has ended: when this socket has agreed to that, the other end is freed, and until it hears of that
//! it knows the pipe. It would write to memory that is free, or anybody else's (`socket_base_t::update_pipe_options`,
//! `pipe_t::process_pipe_term`). So a moment is sought in which there is no such pipe.

use std::time::{Duration, Instant};

use super::RecvSocket;
use crate::socket::fence::await_io_thread;
use crate::socket::monitor::ConnectionChange;
use crate::socket::{Endpoint, Message, SocketError, SocketOptions};

/// Bytes that libzmq may hold for one peer while messages are left where they are.
const LEFT: usize = 256 << 20;

/// How long libzmq's thread may take to come round.
const ROUND: Duration = Duration::from_millis(5);

/// How often it has to, for what has ended to be gone. A socket that is connected hears first that the connection wants to
/// end, and agrees; then that its pipe does; then that this has. One that is bound hears two of these, but its first round
/// may overtake the end that was told of.
const ROUNDS: usize = 3;

/// How long until it is tried again, if there was no such moment: rounds take the time of whoever reads.
const AGAIN: Duration = Duration::from_millis(250);

pub(super) struct MarkReducer {
    /// How many messages libzmq may hold for each peer, if that is fewer than it may otherwise.
    mark: Option<i32>,
    /// That is in force for all.
    is_set: bool,
    /// When it is tried next.
    due: Option<Instant>,
}

impl MarkReducer {
    pub(super) fn new(endpoint: &Endpoint, options: &SocketOptions) -> Self {
        // Within the process libzmq adds the marks of both sides up, and what it makes of a new one does not fit to what it
        // tells the other side: writers wait for ever. Who is there has the same memory anyway.
        let mark = mark(options.max_frame, options.receive_high_water);
        Self {
            mark: mark.filter(|_| !endpoint.is_inproc()),
            is_set: false,
            due: None,
        }
    }

    /// There are connections that it is not in force for.
    pub(super) fn forget(&mut self) {
        self.is_set = false;
    }
}

/// How many of the largest messages libzmq may hold for one peer while they are left where they are; nothing if that is no
/// fewer than it may otherwise.
fn mark(max_frame: usize, high_water: u32) -> Option<i32> {
    let most = u32::try_from(LEFT / max_frame.max(1)).unwrap_or(u32::MAX);
    // None at all would mean no limit, as it does for who has set none.
    let most = most.max(1);
    let is_fewer = high_water == 0 || most < high_water;
    is_fewer.then(|| i32::try_from(most).unwrap_or(i32::MAX))
}

impl RecvSocket {
    /// Sets the lower mark, if it is not set and this can be done now.
    pub(super) fn narrow(&mut self, now: Instant) -> Result<(), SocketError> {
        let MarkReducer { mark, is_set, due } = self.narrow;
        let is_due = !is_set && due.is_none_or(|due| now >= due);
        // Without news nobody tells of ends.
        let Some(mark) = mark.filter(|_| is_due && self.news.is_some()) else {
            return Ok(());
        };
        self.narrow.due = Some(now + AGAIN);
        // What is done about news may end pipes as well. So none is read from here on.
        self.read_news()?;
        // Without descriptors to find a moment, it is tried again.
        let has_come_round = self.come_round().unwrap_or(false);
        let news = self.unread_news()?;
        // Of each end since then this tells before the end itself comes.
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

    /// Sees to it that what has ended is gone. `false` if libzmq's thread is too busy.
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
            handshake_timeout: Duration::from_secs(10),
            keepalive: Keepalive::default(),
        }
    }

    fn recv(direction: Direction, endpoint: &str) -> RecvSocket {
        let endpoint = Endpoint::parse(endpoint, direction).unwrap();
        let socket = recv_socket::socket(zmq::PULL, &options()).unwrap();
        RecvSocket::open(socket, &endpoint, &options()).unwrap()
    }

    /// A peer that pushes, and has nothing to push.
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

    /// As it is used, but as often as it can be. With a memory checker the tests show writes to what was freed, if the
    /// moment is not chosen with care; without, the process ends now and then.
    fn narrow_again(recv: &mut RecvSocket) -> bool {
        // As it notices the ends of connections while it is read.
        assert!(recv.receive([&mut Message::new()]).unwrap().is_none());
        // libzmq frees the other ends meanwhile, of which nothing tells.
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
                        // Refused while others wait to be accepted.
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
                // The end comes from the other side.
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
        // 10,000 would be 640 MB, and 256 are 16, beside what the system holds.
        peer.set_write_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let message = [&[2, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![7; 1 << 16]].concat();
        let taken = (0..10_000).find(|_| peer.write_all(&message).is_err());
        let taken = taken.expect("it is held back");
        assert!((200..2000).contains(&taken), "{taken} messages of 64 KiB");
    }
}
