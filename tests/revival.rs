//! Connections of clients, publishers and pushers that libzmq gives up for good: they are made again. Those of
//! subscriptions are in `subscribe/`.

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use support::{Fake, Peer, ProbeClient, Request, await_state, pong, reply, serve_again, within};
use zmqrpc::pubsub::Publisher;
use zmqrpc::push::{AsyncPusher, Pusher};
use zmqrpc::{AsyncClient, Client, Error, Executed};

const LIMIT: Duration = Duration::from_secs(30);
const MAX_MESSAGE: usize = 16 << 10;

/// A server whose every second reply is far too large.
fn excessive() -> Fake {
    let mut calls = 0;
    Fake::start(move |frame| {
        let request = Request::read(frame);
        if request.kind == 0x05 {
            return vec![pong(request.id)];
        }
        calls += 1;
        let body = vec![10; if calls % 2 == 0 { 100_000 } else { 1 }];
        vec![reply(request.id, 0, 0, &body)]
    })
}

fn client(endpoint: &str) -> Client {
    Client::builder()
        .connect(endpoint)
        .max_message(MAX_MESSAGE)
        .build()
        .unwrap()
}

fn assert_lost(error: &Error) {
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert_eq!(error.executed(), Executed::Maybe);
}

#[test]
fn a_reply_over_twice_the_limit_costs_its_call_and_not_the_next_one() {
    within(LIMIT, || {
        let server = excessive();
        let probe = ProbeClient::new(client(&server.endpoint));
        for _ in 0..3 {
            assert_eq!(probe.add(2, 3), Ok(5));
            assert_lost(&probe.add(2, 3).unwrap_err());
        }
    });
}

#[test]
fn the_same_holds_for_tasks() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let server = excessive();
            let probe = ProbeClient::new(AsyncClient::from(client(&server.endpoint)));
            for _ in 0..3 {
                assert_eq!(probe.add(2, 3).await, Ok(5));
                assert_lost(&probe.add(2, 3).await.unwrap_err());
            }
        });
    });
}

#[test]
fn a_server_is_found_where_something_else_listened_at_first() {
    within(LIMIT, || {
        let foreigner = Foreigner::listen();
        let endpoint = format!("tcp://127.0.0.1:{}", foreigner.port);
        let probe = ProbeClient::connect(&endpoint).unwrap();
        foreigner.serve_one();
        let (_server, _gate) = serve_again(|builder| builder.bind(&endpoint));
        let added = loop {
            match probe.add(2, 3) {
                // The news of the foreigner may still be waiting.
                Err(Error::Unavailable { executed, .. }) => assert_eq!(executed, Executed::No),
                other => break other,
            }
        };
        assert_eq!(added, Ok(5));
    });
}

/// What is there before the real peer: it answers with a way to log in that libzmq does not come back to.
struct Foreigner {
    listener: TcpListener,
    port: u16,
}

impl Foreigner {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port }
    }

    /// Serves one connection, until the other side hangs up. Then the port is free.
    fn serve_one(self) {
        let (mut stream, _) = self.listener.accept().unwrap();
        let mut greeting = vec![0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0];
        greeting.extend(b"OTHER");
        greeting.resize(64, 0);
        stream.write_all(&greeting).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// A bound subscriber subscribes when it is used.
#[track_caller]
fn await_subscriber(publisher: &Publisher, peer: &Peer, count: usize) {
    await_state("it subscribes", || {
        peer.0.get_events().unwrap();
        publisher.subscribers() == count
    });
}

/// By address and by name, of which libzmq speaks by address later.
const HOSTS: [&str; 2] = ["127.0.0.1", "localhost"];

#[test]
fn a_subscriber_is_found_where_something_else_listened_at_first() {
    within(LIMIT, || {
        for host in HOSTS {
            let foreigner = Foreigner::listen();
            let port = foreigner.port;
            // The other subscriber keeps its connection meanwhile.
            let (other, others) = Peer::bound(zmq::SUB, "tcp://127.0.0.1:*");
            other.subscribe(&[""]);
            let builder = Publisher::builder().connect(others);
            let publisher = builder
                .connect(format!("tcp://{host}:{port}"))
                .build()
                .unwrap();
            await_subscriber(&publisher, &other, 1);
            foreigner.serve_one();
            let (peer, _) = Peer::bound(zmq::SUB, &format!("tcp://127.0.0.1:{port}"));
            peer.subscribe(&[""]);
            await_subscriber(&publisher, &peer, 2);
            let probe = ProbeClient::new(publisher);
            probe.note(7).unwrap();
            for peer in [&peer, &other] {
                assert_eq!(peer.event().1.sequence, 1, "{host}");
            }
        }
    });
}

#[test]
fn a_puller_is_found_where_something_else_listened_at_first() {
    within(LIMIT, || {
        for host in HOSTS {
            let foreigner = Foreigner::listen();
            let port = foreigner.port;
            let probe = ProbeClient::new(Pusher::connect(format!("tcp://{host}:{port}")).unwrap());
            foreigner.serve_one();
            let (peer, _) = Peer::bound(zmq::PULL, &format!("tcp://127.0.0.1:{port}"));
            // It waits for the connection.
            probe.with_timeout(LIMIT).note(7).unwrap();
            assert!(peer.receive(LIMIT).is_some(), "{host}");
        }
    });
}

#[test]
fn a_task_finds_such_a_puller_as_well() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let foreigner = Foreigner::listen();
        let port = foreigner.port;
        let pusher = AsyncPusher::connect(format!("tcp://127.0.0.1:{port}")).unwrap();
        foreigner.serve_one();
        let (peer, _) = Peer::bound(zmq::PULL, &format!("tcp://127.0.0.1:{port}"));
        let probe = ProbeClient::new(pusher.with_timeout(LIMIT));
        runtime.block_on(probe.note(7)).unwrap();
        assert!(peer.receive(LIMIT).is_some());
    });
}

#[test]
fn a_connection_that_libzmq_makes_again_itself_is_left_alone() {
    within(LIMIT, || {
        let (peer, endpoint) = Peer::bound(zmq::SUB, "tcp://127.0.0.1:*");
        peer.subscribe(&[""]);
        let publisher = Publisher::connect(&endpoint).unwrap();
        await_subscriber(&publisher, &peer, 1);
        drop(peer);
        await_state("it has gone", || publisher.subscribers() == 0);
        let (peer, _) = Peer::bound(zmq::SUB, &endpoint);
        peer.subscribe(&[""]);
        await_subscriber(&publisher, &peer, 1);
        // One connection, not one of libzmq's and one of ours.
        let until = Instant::now() + Duration::from_secs(1);
        while Instant::now() < until {
            peer.0.get_events().unwrap();
            assert_eq!(publisher.subscribers(), 1);
        }
    });
}
