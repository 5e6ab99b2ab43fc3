//! What nobody uses is looked after: it holds little, however often its peers come and go, and finds them again. In a
//! process of its own: it measures memory.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use support::{alone, await_state, greet, greeting, serve, within};
use zmqrpc::Client;
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::{Puller, Pusher};

const LIMIT: Duration = Duration::from_secs(60);

/// Kilobytes of memory that the process holds.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn peers_that_come_and_go_leave_nothing_with_who_is_idle() {
    alone(LIMIT, || {
        let pusher = Pusher::bind("tcp://127.0.0.1:*").unwrap();
        let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
        for (endpoint, kind) in [
            (pusher.endpoints().remove(0), "PULL"),
            (publisher.endpoints().remove(0), "SUB"),
        ] {
            let address = endpoint.trim_start_matches("tcp://");
            let before = memory();
            for _ in 0..20_000 {
                greet(&mut TcpStream::connect(address).unwrap(), kind, b"");
            }
            // Each would leave 11 kB.
            let held = memory().saturating_sub(before);
            assert!(held < 120_000, "{held} kB after 20,000 of {kind}");
        }
    });
}

#[test]
fn peers_that_come_and_go_leave_nothing_where_nothing_is_taken() {
    alone(LIMIT, || {
        let (server, _gate) = serve(|builder| {
            builder
                .worker_threads(1)
                .max_queue(1)
                .pull(Puller::bind("tcp://127.0.0.1:*"))
                .subscribe(Subscription::bind("tcp://127.0.0.1:*"))
        });
        let pulled = server.pulls().remove(0).endpoint;
        // The last ones stay where they are.
        let pusher = support::ProbeClient::new(Pusher::connect(&pulled).unwrap());
        for _ in 0..20 {
            pusher.hold_for_ever().unwrap();
        }
        await_state("no room", || server.pulls()[0].received > 0);
        let subscribed = server.subscriptions().remove(0).endpoint;
        let address = subscribed.trim_start_matches("tcp://");
        let before = memory();
        for _ in 0..5_000 {
            greet(&mut TcpStream::connect(address).unwrap(), "PUB", b"");
        }
        // Each would leave 11 kB.
        let held = memory().saturating_sub(before);
        assert!(held < 25_000, "{held} kB");
    });
}

#[test]
fn what_is_idle_connects_again_where_libzmq_does_not() {
    within(LIMIT, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let twice = |what: &str| {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().expect(what);
                // Another way to log in: libzmq does not come back to that.
                stream.write_all(&greeting(b"OTHER")).unwrap();
                let _ = stream.read_to_end(&mut Vec::new());
            }
        };
        let client = Client::connect(&endpoint).unwrap();
        twice("a client");
        drop(client);
        let publisher = Publisher::connect(&endpoint).unwrap();
        twice("a publisher");
        drop(publisher);
        let pusher = Pusher::connect(&endpoint).unwrap();
        twice("a pusher");
        drop(pusher);
    });
}
