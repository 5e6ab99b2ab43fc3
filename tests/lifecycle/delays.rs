//! How long a server takes to end: who is waited for, and who is not.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::Client;
use zmqrpc::proxy::{Proxy, Rep, Req};

use super::draining::{add, draining};
use super::fixture::LIMIT;
use super::support::{
    Peer, ProbeAdd, anywhere, await_state, call_by_key, head, key, serve, varint, within,
};

const PING: u8 = 0x05;

/// How long a caller is waited for that does not answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Nobody is waited for. One of some rounds will do: the machine may be at something else.
fn assert_quick(rounds: u32, end: impl Fn() -> Duration) {
    let quickest = (0..rounds).map(|_| end()).min().unwrap();
    assert!(quickest < PATIENCE / 2, "{quickest:?}");
}

#[test]
fn nothing_is_said_where_it_could_be_taken_for_a_reply_or_would_lead_to_a_device() {
    within(LIMIT, || {
        assert_quick(20, || {
            let (server, _gate) = serve(anywhere);
            let endpoint = server.endpoints().remove(0);
            let (request, device) = (Peer::of(zmq::REQ, &endpoint), Peer::connect(&endpoint));
            assert_eq!(request.ask(add(1))[11], 0);
            request.send(add(2));
            device.send_all(&[b"caller".to_vec(), add(1)]);
            assert_eq!(device.answer()[11], 0);
            let start = Instant::now();
            server.shutdown(LIMIT).unwrap();
            let took = start.elapsed();
            // Executed or refused: whichever came first. A REQ socket takes the first message for its reply.
            let frame = request.receive(LIMIT).unwrap().remove(0);
            assert_eq!(frame[..11], head(0x81, 2)[..]);
            assert!(device.is_silent());
            took
        });
    });
}

#[test]
fn callers_that_have_gone_or_go_meanwhile_are_not_waited_for() {
    within(LIMIT, || {
        assert_quick(20, || {
            let (server, _gate) = serve(anywhere);
            let endpoint = server.endpoints().remove(0);
            let peers: Vec<_> = (0..8).map(|_| Peer::connect(&endpoint)).collect();
            for peer in &peers {
                assert_eq!(peer.ask(add(1))[11], 0);
            }
            let start = Instant::now();
            let ended = thread::spawn(move || server.shutdown(LIMIT));
            for peer in &peers {
                draining(&peer.next());
            }
            drop(peers);
            ended.join().unwrap().unwrap();
            start.elapsed()
        });
    });
}

/// Asks for more than libzmq and the system hold, and reads nothing of it.
fn ask_deafly(endpoint: &str) -> Peer {
    let deaf = Peer::deaf(endpoint);
    let bytes = key("Probe.bytes", "u64,->bytes", 1);
    for id in 1..=REPLIES {
        deaf.send(call_by_key(id, bytes, 0, &varint(10_000)));
    }
    deaf
}

const REPLIES: u64 = 3_000;

#[test]
fn callers_that_go_while_replies_wait_for_them_are_not_waited_for() {
    within(LIMIT, || {
        for through_proxy in [false, true] {
            assert_quick(3, || {
                let (server, _gate) = serve(anywhere);
                let mut endpoint = server.endpoints().remove(0);
                let mut proxy = None;
                if through_proxy {
                    let back = Req::new().connect(&endpoint);
                    let started = Proxy::new(Rep::new().bind("tcp://127.0.0.1:*"), back).start();
                    endpoint = started.as_ref().unwrap().endpoints().remove(0);
                    proxy = started.ok();
                }
                let (deaf, peer) = (ask_deafly(&endpoint), Peer::connect(&endpoint));
                await_state("all are there", || {
                    let stats = server.stats();
                    let asked = if through_proxy {
                        stats.replies
                    } else {
                        stats.requests
                    };
                    asked == REPLIES
                });
                assert_eq!(peer.ask(add(1))[11], 0);
                let ended = thread::spawn(move || match proxy {
                    Some(proxy) => proxy.shutdown(LIMIT),
                    None => server.shutdown(LIMIT),
                });
                let id = draining(&peer.next());
                let start = Instant::now();
                drop(deaf);
                peer.send(head(PING, id));
                ended.join().unwrap().unwrap();
                start.elapsed()
            });
        }
    });
}

#[test]
fn idle_clients_do_not_hold_up_the_end() {
    within(LIMIT, || {
        assert_quick(20, || {
            let (server, _gate) = serve(anywhere);
            let clients = [(); 5].map(|()| {
                let client = Client::connect(&server.endpoints()[0]).unwrap();
                client.call(&ProbeAdd { a: 2, b: 3 }).unwrap();
                client
            });
            let start = Instant::now();
            server.shutdown(LIMIT).unwrap();
            let took = start.elapsed();
            drop(clients);
            took
        });
    });
}
