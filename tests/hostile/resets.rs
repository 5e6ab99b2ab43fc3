//! Connections that end while something is on its way: filled and reset, or left to who takes the name.
//!
//! libzmq answers PINGs that it finds behind what a socket had no room for, and ends the process if the connection is gone
//! by then. In a test that is seen by the end of all of them.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;
use zmqrpc::Client;
use zmqrpc::proxy::{Proxy, Rep, Req};

use super::support::{
    Peer, ProbeClient, await_state, call_by_name, greet, head, pong, reply, within,
};
use super::victim::{LIMIT, Victim, valid};

const ROUNDS: usize = 8;

/// Sends `frame` and a PING, again and again, until nothing is taken any more, and resets the connection.
fn fill_and_reset(mut stream: TcpStream, frame: &[u8]) {
    let mut once = vec![0, u8::try_from(frame.len()).unwrap()];
    once.extend(frame);
    once.extend(b"\x04\x07\x04PING\0\0");
    let bytes = once.repeat(20_000);
    stream.set_nonblocking(true).unwrap();
    let (mut sent, end) = (0, Instant::now() + Duration::from_millis(300));
    while sent < bytes.len() && Instant::now() < end {
        match stream.write(&bytes[sent..]) {
            Ok(written) => sent += written,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::yield_now();
            }
            Err(_) => break,
        }
    }
    // Closing resets it then.
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
}

fn torment(endpoint: &str) {
    for frame in [head(5, 1), head(4, 1), b"x".to_vec()] {
        for _ in 0..ROUNDS {
            let mut stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
            greet(&mut stream, "DEALER", b"");
            fill_and_reset(stream, &frame);
        }
    }
}

#[test]
fn a_server_outlives_connections_that_are_filled_and_reset() {
    within(LIMIT, || {
        let victim = Victim::start();
        torment(&victim.endpoint);
        victim.serves();
    });
}

#[test]
fn a_proxy_outlives_connections_that_are_filled_and_reset() {
    within(LIMIT, || {
        let victim = Victim::start();
        let proxy = Proxy::new(
            Rep::new().bind("tcp://127.0.0.1:*"),
            Req::new().connect(&victim.endpoint),
        );
        let proxy = proxy.start().unwrap();
        let endpoint = proxy.endpoints().remove(0);
        torment(&endpoint);
        let client = ProbeClient::new(Client::connect(&endpoint).unwrap());
        assert_eq!(client.add(2, 3), Ok(5));
    });
}

#[test]
fn a_client_outlives_servers_that_fill_and_reset_its_connection() {
    within(LIMIT, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let client = ProbeClient::new(
            Client::builder()
                .connect(&endpoint)
                .timeout(Duration::from_millis(200))
                .build()
                .unwrap(),
        );
        for _ in 0..ROUNDS {
            let (mut stream, _) = listener.accept().unwrap();
            greet(&mut stream, "ROUTER", b"");
            fill_and_reset(stream, &head(0x85, 1));
            assert!(client.add(2, 3).is_err());
        }
    });
}

fn named(endpoint: &str, name: &[u8]) -> Peer {
    let socket = zmq::Context::new().socket(zmq::DEALER).unwrap();
    socket.set_linger(0).unwrap();
    socket.set_identity(name).unwrap();
    socket.connect(endpoint).unwrap();
    Peer(socket)
}

/// A peer of this name that is answered: as long as another one has it, nobody is who takes it as well.
fn successor(endpoint: &str, name: &[u8]) -> Peer {
    loop {
        let peer = named(endpoint, name);
        peer.send(head(5, 9));
        if let Some(answer) = peer.receive(Duration::from_millis(100)) {
            assert_eq!(answer, [pong(9)]);
            return peer;
        }
    }
}

/// A caller goes while its call runs, and another one takes its name.
fn succeed(victim: &Victim, endpoint: &str, unreachable: impl Fn() -> u64) {
    let first = named(endpoint, b"ann");
    first.send(call_by_name(1, "Probe.hold", 20_000, &[0x90]));
    victim.gate.await_arrivals(1);
    drop(first);
    let second = successor(endpoint, b"ann");
    victim.gate.open();
    await_state("the reply that is for nobody", || unreachable() == 1);
    second.send(valid(7));
    let answer = second.receive(LIMIT).unwrap();
    assert_eq!(answer, [reply(7, 0, 0, &[10])]);
}

#[test]
fn a_server_keeps_what_a_caller_asked_for_from_who_takes_its_name() {
    within(LIMIT, || {
        let victim = Victim::start();
        succeed(&victim, &victim.endpoint, || {
            victim.server.stats().unreachable
        });
    });
}

#[test]
fn a_proxy_keeps_what_a_caller_asked_for_from_who_takes_its_name() {
    within(LIMIT, || {
        let victim = Victim::start();
        let proxy = Proxy::new(
            Rep::new().bind("tcp://127.0.0.1:*"),
            Req::new().connect(&victim.endpoint),
        );
        let proxy = proxy.start().unwrap();
        let endpoint = proxy.endpoints().remove(0);
        succeed(&victim, &endpoint, || proxy.stats().unreachable);
    });
}

#[test]
fn a_name_that_is_too_long_is_nobodys() {
    within(LIMIT, || {
        let victim = Victim::start();
        let address = victim.endpoint.trim_start_matches("tcp://");
        let mut stream = TcpStream::connect(address).unwrap();
        greet(&mut stream, "DEALER", &vec![b'x'; 20_000]);
        for _ in 0..10 {
            stream
                .write_all(&[&[0, 11], &*head(5, 9)].concat())
                .unwrap();
        }
        await_state("refusals", || victim.server.stats().malformed == 10);
        victim.serves();
    });
}
