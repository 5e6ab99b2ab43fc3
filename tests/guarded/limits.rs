//! Peers that say nothing.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use zmqrpc::{Client, ConnectionOptions, Error, Keepalive, Server, ServerBuilder};

use crate::support::{await_state, within};
use crate::vault::{Safe, VaultClient, VaultServer, client};

fn server() -> ServerBuilder {
    let safe = VaultServer::new(Safe::default());
    Server::builder().service(safe).bind("tcp://127.0.0.1:*")
}

#[test]
fn a_connection_that_says_nothing_is_closed_after_the_handshake_limit() {
    within(Duration::from_secs(20), || {
        let limit = Duration::from_millis(300);
        let server = server()
            .connection(ConnectionOptions::new().handshake_timeout(limit))
            .start()
            .unwrap();
        let endpoint = server.endpoints().remove(0);
        let begin = Instant::now();
        let mut silent = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
        silent
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut greeting = Vec::new();
        match silent.read_to_end(&mut greeting) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
            _ => {}
        }
        let elapsed = begin.elapsed();
        assert!(
            elapsed >= limit / 2 && elapsed < Duration::from_secs(3),
            "{elapsed:?}"
        );
        assert!(client(&server, |builder| builder).whoami().is_ok());
    });
}

/// The system's timers of this port's connections: hundredths of a second until the next keepalive.
fn keepalives(port: &str) -> Vec<u64> {
    let port = format!(":{:04X}", port.parse::<u16>().unwrap());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let mut timers = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<_> = line.split_whitespace().collect();
        let ours = fields[1].ends_with(&port) || fields[2].ends_with(&port);
        // Established, and the timer that runs is that of keepalive.
        if ours
            && fields[3] == "01"
            && let Some(left) = fields[5].strip_prefix("02:")
        {
            timers.push(u64::from_str_radix(left, 16).unwrap());
        }
    }
    timers
}

/// The libzmq that the crate `zmq` builds takes the option and does nothing about it.
fn libzmq_keeps_alive() -> bool {
    let context = zmq::Context::new();
    let (router, dealer) = (context.socket(zmq::ROUTER), context.socket(zmq::DEALER));
    let (router, dealer) = (router.unwrap(), dealer.unwrap());
    for socket in [&router, &dealer] {
        socket.set_linger(0).unwrap();
        socket.set_tcp_keepalive(1).unwrap();
        socket.set_tcp_keepalive_idle(30).unwrap();
    }
    router.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.get_last_endpoint().unwrap().unwrap();
    dealer.connect(&endpoint).unwrap();
    dealer.send("x", 0).unwrap();
    router.recv_bytes(0).unwrap();
    let (_, port) = endpoint.rsplit_once(':').unwrap();
    let end = Instant::now() + Duration::from_secs(2);
    while keepalives(port).is_empty() {
        if Instant::now() > end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn tcp_asks_silent_peers_whether_they_are_still_there() {
    if !libzmq_keeps_alive() {
        println!("NOT RUN: this libzmq was built without TCP keepalive");
        return;
    }
    within(Duration::from_secs(20), || {
        let server = server()
            .connection(ConnectionOptions::new().keepalive(Keepalive {
                idle: Duration::from_secs(20),
                interval: Duration::from_secs(2),
            }))
            .start()
            .unwrap();
        let endpoint = server.endpoints().remove(0);
        let builder = Client::builder().connect(&endpoint);
        let client = VaultClient::new(builder.build().unwrap());
        client.whoami().unwrap();
        let (_, port) = endpoint.rsplit_once(':').unwrap();
        // The server's, and the client's with the default. They start when what was sent has been acknowledged.
        await_state("both sides keep the connection alive", || {
            keepalives(port).len() == 2
        });
        let mut timers = keepalives(port);
        timers.sort_unstable();
        assert!((1000..=2000).contains(&timers[0]), "{timers:?}");
        assert!((5000..=6000).contains(&timers[1]), "{timers:?}");
    });
}

#[test]
fn limits_of_nothing_are_refused() {
    let (none, some) = (Duration::ZERO, Duration::from_secs(1));
    for builder in [
        server().connection(ConnectionOptions::new().handshake_timeout(none)),
        server().connection(ConnectionOptions::new().keepalive(Keepalive {
            idle: none,
            interval: some,
        })),
        server().connection(ConnectionOptions::new().keepalive(Keepalive {
            idle: some,
            interval: none,
        })),
    ] {
        let started = builder.start().map(drop);
        assert!(matches!(started, Err(Error::Config { .. })), "{started:?}");
    }
    let client = Client::builder()
        .connect("tcp://127.0.0.1:1")
        .connection(ConnectionOptions::new().handshake_timeout(none));
    assert!(matches!(client.build(), Err(Error::Config { .. })));
}
