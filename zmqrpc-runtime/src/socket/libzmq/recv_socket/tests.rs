//! The mark of a socket that is left unread.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;
use crate::socket::{Keepalive, Security};

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
    let socket = socket(zmq::PULL, &options()).unwrap();
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

/// Lowers the mark, far more often than in use. Under a memory checker, these tests show writes to freed memory if
/// the moment is chosen carelessly; without one, the process crashes now and then.
fn reduce_again(recv: &mut RecvSocket) -> bool {
    // As a reader does: the receive handles the ends of connections.
    assert!(recv.receive([&mut Frame::new()]).unwrap().is_none());
    // libzmq frees the peer ends meanwhile, without a report.
    thread::sleep(Duration::from_millis(1));
    recv.mark_reducer.reset();
    recv.reduce_mark(Instant::now()).unwrap();
    recv.mark_reducer.is_set()
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
    while recv.mark_reducer.is_set() {
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
