//! What a server says before it ends, and what clients and proxies do when they hear it: byte by byte on one side.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{Client, Error, Executed, Ping, ServerHandle};

use super::fixture::LIMIT;
use super::support::{
    Fake, Peer, ProbeAdd, ProbeHold, Request, anywhere, await_state, call_by_key, failure, head,
    key, pong, reply, serve, serve_again, within,
};

const PING: u8 = 0x05;
const DRAINING: u8 = 0x89;
const ANYWHERE: &str = "tcp://127.0.0.1:*";

pub(crate) fn add(id: u64) -> Vec<u8> {
    call_by_key(id, key("Probe.add", "i64,i64,->i64", 1), 0, &[4, 6])
}

/// The number of a frame that tells of the end.
#[track_caller]
pub(crate) fn draining(frame: &[u8]) -> u64 {
    assert_eq!((frame.len(), frame[2]), (11, DRAINING), "{frame:x?}");
    let id = u64::from_le_bytes(frame[3..].try_into().unwrap());
    assert_ne!(id, 0);
    id
}

fn ask(peer: &Peer, frame: Vec<u8>) -> Vec<u8> {
    peer.send(frame);
    peer.next()
}

/// A peer that a server has heard of, and tells of its end.
fn known(server: &ServerHandle) -> Peer {
    known_at(&server.endpoints()[0])
}

fn known_at(endpoint: &str) -> Peer {
    let peer = Peer::connect(endpoint);
    assert_eq!(ask(&peer, add(1))[11], 0);
    peer
}

/// A call that waits for its reply.
fn hold(client: &Client) -> JoinHandle<Result<(), Error>> {
    let client = client.clone();
    thread::spawn(move || client.call(&ProbeHold))
}

#[test]
fn callers_are_told_and_served_until_they_have_answered() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let server = Arc::new(server);
        let peer = Peer::connect(&server.endpoints()[0]);
        assert_eq!(ask(&peer, add(1))[..12], reply(1, 0, 0, &[])[..12]);
        let shared = Arc::clone(&server);
        let ended = thread::spawn(move || shared.shutdown(LIMIT));
        let id = draining(&peer.next());
        assert_eq!(ask(&peer, add(2))[11], 0, "it is executed still");
        assert_eq!(ask(&peer, head(PING, id ^ 1)), pong(id ^ 1));
        assert_eq!(ask(&peer, add(3))[11], 0, "another ping is no answer");
        assert_eq!(ask(&peer, head(PING, id)), pong(id));
        ended.join().unwrap().unwrap();
        assert_eq!(server.stats().requests, 3);
    });
}

#[test]
fn a_caller_that_comes_late_is_told_with_its_first_message() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let server = Arc::new(server);
        let endpoint = server.endpoints().remove(0);
        let (peer, late) = (Peer::connect(&endpoint), Peer::connect(&endpoint));
        ask(&peer, add(1));
        let shared = Arc::clone(&server);
        let ended = thread::spawn(move || shared.shutdown(LIMIT));
        draining(&peer.next());
        late.send(add(1));
        let (mut told, mut answered) = (0, 0);
        for _ in 0..2 {
            let frame = late.next();
            match frame[2] {
                DRAINING => told += 1,
                _ => answered += u32::from(frame[11] == 0),
            }
        }
        assert_eq!((told, answered), (1, 1));
        ended.join().unwrap().unwrap();
    });
}

#[test]
fn who_does_not_answer_is_refused_after_a_while_and_does_not_hold_up_the_end() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let server = Arc::new(server);
        let peer = Peer::connect(&server.endpoints()[0]);
        peer.send(call_by_key(1, key("Probe.hold", "->unit", 1), 0, &[]));
        gate.await_arrivals(1);
        let shared = Arc::clone(&server);
        let ended = thread::spawn(move || shared.shutdown(LIMIT));
        draining(&peer.next());
        let refused = (2..).find_map(|id| {
            let answer = ask(&peer, add(id));
            (answer[11] != 0).then_some((id, answer))
        });
        let (id, answer) = refused.unwrap();
        assert_eq!(answer, failure(id, 9, 0, ""));
        gate.open();
        assert_eq!(peer.next()[..12], reply(1, 0, 0, &[])[..12]);
        ended.join().unwrap().unwrap();
    });
}

/// A call that waits for its reply at a raw server, which then says that it ends.
#[test]
fn a_client_answers_last_and_gets_its_replies_still() {
    within(LIMIT, || {
        let (raw, endpoint) = Peer::bound(zmq::ROUTER, ANYWHERE);
        let client = Client::builder()
            .connect(&endpoint)
            .connect_timeout(Duration::from_millis(300))
            .ping(Ping {
                interval: Duration::from_millis(50),
                timeout: LIMIT,
            })
            .build()
            .unwrap();
        let calls = client.clone();
        let call = thread::spawn(move || calls.call(&ProbeAdd { a: 2, b: 3 }));
        let frames = raw.receive(LIMIT).unwrap();
        let peer = frames[0].clone();
        let id = Request::read(&frames[1]).id;
        raw.send_all(&[peer.clone(), head(DRAINING, 7)]);
        // It may have asked whether the server lives before it heard that.
        while raw.receive(LIMIT).unwrap()[1] != head(PING, 7) {}
        let error = client.call(&ProbeAdd { a: 2, b: 3 }).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Unavailable {
                    executed: Executed::No,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(raw.is_silent(), "no call, no ping, no cancellation");
        raw.send_all(&[peer, reply(id, 0, 0, &[10])]);
        assert_eq!(call.join().unwrap(), Ok(5));
        assert_eq!(client.stats().late_replies, 0);
    });
}

#[test]
fn an_id_of_0_is_no_announcement() {
    within(LIMIT, || {
        let fake = Fake::start(|frame| {
            let id = Request::read(frame).id;
            vec![head(DRAINING, 0), reply(id, 0, 0, &[10])]
        });
        let client = Client::connect(&fake.endpoint).unwrap();
        for _ in 0..3 {
            assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        }
        assert_eq!(client.stats().late_replies, 3);
    });
}

#[test]
fn calls_go_to_the_other_endpoint_while_a_server_ends() {
    within(LIMIT, || {
        let (ending, gate) = serve(anywhere);
        let (other, other_gate) = serve(anywhere);
        let ending = Arc::new(ending);
        let client = Client::builder()
            .connect(&ending.endpoints()[0])
            .connect(&other.endpoints()[0])
            .build()
            .unwrap();
        for _ in 0..20 {
            client.call(&ProbeAdd { a: 2, b: 3 }).unwrap();
        }
        // Where one of two goes that the other one does not.
        let held = [(); 2].map(|()| hold(&client));
        gate.await_arrivals(1);
        let peer = known(&ending);
        let shared = Arc::clone(&ending);
        let ended = thread::spawn(move || shared.shutdown(LIMIT));
        draining(&peer.next());
        for _ in 0..500 {
            assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        }
        gate.open();
        ended.join().unwrap().unwrap();
        other_gate.open();
        for held in held {
            held.join().unwrap().unwrap();
        }
    });
}

#[test]
fn calls_wait_for_the_next_server_of_the_only_endpoint() {
    within(LIMIT, || {
        for endpoint in [ANYWHERE, "inproc://the-next-server"] {
            let (server, gate) = serve(|builder| builder.bind(endpoint).bind(ANYWHERE));
            let endpoint = server.endpoints().remove(0);
            let client = Client::connect(&endpoint).unwrap();
            client.call(&ProbeAdd { a: 2, b: 3 }).unwrap();
            let held = hold(&client);
            gate.await_arrivals(1);
            let peer = known_at(&server.endpoints()[1]);
            let ended = thread::spawn(move || server.shutdown(LIMIT));
            draining(&peer.next());
            let calls = client.clone();
            let caller = thread::spawn(move || {
                for _ in 0..500 {
                    assert_eq!(calls.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
                }
            });
            await_state("one waits", || client.stats().in_flight == 2);
            gate.open();
            ended.join().unwrap().unwrap();
            held.join().unwrap().unwrap();
            let (_next, _gate) = serve_again(|builder| builder.bind(&endpoint));
            caller.join().unwrap();
        }
    });
}

#[test]
fn a_proxy_tells_its_callers_of_its_end() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect(&server.endpoints()[0]),
        );
        let proxy = proxy.start().unwrap();
        let peer = Peer::connect(&proxy.endpoints()[0]);
        assert_eq!(ask(&peer, add(1))[11], 0);
        let ended = thread::spawn(move || proxy.shutdown(LIMIT));
        let id = draining(&peer.next());
        assert_eq!(ask(&peer, add(2))[11], 0);
        assert_eq!(ask(&peer, head(PING, id)), pong(id));
        ended.join().unwrap().unwrap();
    });
}
