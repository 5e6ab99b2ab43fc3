//! What tells that a server lives which has said that it ends, and is not asked any more.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{AsyncClient, Client, Error, Executed, Ping};

use super::fixture::LIMIT;
use super::support::{
    Gate, Peer, ProbeAdd, ProbeHold, Request, anywhere, call_by_key, head, key, pong, reply, serve,
    within,
};

const PING: u8 = 0x05;
const DRAINING: u8 = 0x89;
const ANYWHERE: &str = "tcp://127.0.0.1:*";

/// How long one that gives signs of life each second may be silent.
const SILENCE: Duration = Duration::from_secs(3);

/// Hears of the end, answers, and hears that the server lives from then on, until the gate opens.
fn hear_signs_of_life(peer: &Peer, gate: &Gate) {
    let await_frame = |wanted: &dyn Fn(&[u8]) -> bool| loop {
        let frame = peer.receive(LIMIT).expect("a frame").remove(0);
        if wanted(&frame) {
            return frame;
        }
    };
    let told = await_frame(&|frame| frame[2] == DRAINING);
    let id = u64::from_le_bytes(told[3..].try_into().unwrap());
    peer.send(head(PING, id));
    await_frame(&|frame| *frame == pong(id));
    let start = Instant::now();
    // More than the silence for which a server is given up.
    for _ in 0..4 {
        await_frame(&|frame| *frame == pong(0));
    }
    assert!(start.elapsed() > SILENCE, "{:?}", start.elapsed());
    gate.open();
    await_frame(&|frame| frame.starts_with(&reply(1, 0, 0, &[])[..12]));
}

/// Makes a call that takes longer than the end.
fn hold(peer: &Peer) {
    peer.send(call_by_key(1, key("Probe.hold", "->unit", 1), 0, &[]));
}

/// A client that would take a second's silence for death, if it could ask.
fn hasty(endpoint: &str) -> Client {
    Client::builder()
        .connect(endpoint)
        .ping(Ping {
            interval: Duration::from_millis(50),
            timeout: Duration::from_millis(500),
        })
        .build()
        .unwrap()
}

#[test]
fn a_server_that_ends_gives_signs_of_life_unasked() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let endpoint = server.endpoints().remove(0);
        let (peer, client) = (Peer::connect(&endpoint), hasty(&endpoint));
        hold(&peer);
        let call = client.begin(&ProbeHold).unwrap();
        gate.await_arrivals(2);
        let ended = thread::spawn(move || server.shutdown(LIMIT));
        hear_signs_of_life(&peer, &gate);
        assert_eq!(call.wait(), Ok(()));
        assert_eq!(client.stats().renewals, 0);
        ended.join().unwrap().unwrap();
    });
}

#[test]
fn a_proxy_that_ends_gives_signs_of_life_unasked() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let target = Req::new().connect(&server.endpoints()[0]);
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), target)
            .start()
            .unwrap();
        let peer = Peer::connect(&proxy.endpoints()[0]);
        hold(&peer);
        gate.await_arrivals(1);
        let ended = thread::spawn(move || proxy.shutdown(LIMIT));
        hear_signs_of_life(&peer, &gate);
        ended.join().unwrap().unwrap();
    });
}

#[test]
fn a_proxy_hears_the_signs_of_life_of_a_target_that_ends() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let server = Arc::new(server);
        let target = Req::new().connect(&server.endpoints()[0]).ping(Ping {
            interval: Duration::from_millis(50),
            timeout: Duration::from_millis(500),
        });
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), target)
            .start()
            .unwrap();
        let (client, peer) = (
            Client::connect(&proxy.endpoints()[0]).unwrap(),
            Peer::connect(&server.endpoints()[0]),
        );
        let call = client.begin(&ProbeHold).unwrap();
        hold(&peer);
        gate.await_arrivals(2);
        let shared = Arc::clone(&server);
        let ended = thread::spawn(move || shared.shutdown(LIMIT));
        hear_signs_of_life(&peer, &gate);
        assert_eq!(call.wait(), Ok(()));
        assert_eq!(proxy.stats().renewals, 0);
        ended.join().unwrap().unwrap();
    });
}

/// A raw server gets a call, says that it ends, and hears the answer. Returns the way to its caller.
fn announce_the_end(raw: &Peer) -> Vec<u8> {
    let caller = raw.receive(LIMIT).expect("a call").remove(0);
    raw.send_all(&[caller.clone(), head(DRAINING, 7)]);
    while raw.receive(LIMIT).expect("an answer")[1] != head(PING, 7) {}
    caller
}

#[test]
fn a_server_that_falls_silent_while_it_ends_is_given_up() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for as_task in [false, true] {
            let (raw, endpoint) = Peer::bound(zmq::ROUTER, ANYWHERE);
            let client = hasty(&endpoint);
            let tasks = AsyncClient::from(client.clone());
            let begun = Instant::now();
            let call = if as_task {
                let call = tasks.call(&ProbeAdd { a: 2, b: 3 });
                let handle = runtime.handle().clone();
                thread::spawn(move || handle.block_on(call))
            } else {
                let client = client.clone();
                thread::spawn(move || client.call(&ProbeAdd { a: 2, b: 3 }))
            };
            let left = announce_the_end(&raw);
            // It waits for the connection to end.
            let queued = client.begin(&ProbeAdd { a: 4, b: 5 }).unwrap();
            let error = call.join().unwrap().unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            assert_eq!(error.executed(), Executed::Maybe);
            assert!(begun.elapsed() >= SILENCE, "{:?}", begun.elapsed());
            assert_eq!(client.stats().renewals, 1);
            let waiting = thread::spawn(move || queued.wait());
            let frames = raw.receive(LIMIT).expect("the call that waited");
            assert_ne!(frames[0], left, "it comes over another connection");
            let id = Request::read(&frames[1]).id;
            raw.send_all(&[frames[0].clone(), reply(id, 0, 0, &[18])]);
            assert_eq!(waiting.join().unwrap(), Ok(9));
        }
    });
}

#[test]
fn a_target_that_falls_silent_while_it_ends_is_given_up() {
    within(LIMIT, || {
        let (raw, endpoint) = Peer::bound(zmq::ROUTER, ANYWHERE);
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), Req::new().connect(&endpoint))
            .start()
            .unwrap();
        let peer = Peer::connect(&proxy.endpoints()[0]);
        hold(&peer);
        announce_the_end(&raw);
        let answer = peer.answer();
        let (status, executed) = (answer[11], answer[14]);
        assert_eq!((status, executed), (17, 1), "unavailable, maybe");
        assert_eq!(proxy.stats().renewals, 1);
    });
}
