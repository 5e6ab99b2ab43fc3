//! What the predecessors' proxies do, and do wrong.

use std::time::{Duration, Instant};

use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Proxy, Rep, Req};
use zmqrpc::{CallError, Client, Error, Executed};

use crate::log::{LogClient, Taken, log};
use crate::support::{
    DivideError, Hub, Peer, ProbeAdd, ProbeClient, anywhere, call_by_key, key, reply, serve, within,
};
use crate::{ANYWHERE, LIMIT, client_of, endpoint, eventually, proxy_to, timed_drop, watchful};

/// Plain senders and receivers of bytes: a socket of any language works through a proxy.
#[test]
fn a_plain_socket_sends_bytes_and_gets_its_answer() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let key = key("Probe.echo", "bytes,->bytes", 1);
        for kind in [zmq::REQ, zmq::DEALER] {
            let sender = Peer::of(kind, &proxy.endpoints()[0]);
            let answer = sender.ask(call_by_key(1, key, 5000, b"\x04text"));
            assert_eq!(answer, reply(1, 0, 0, b"\x04text"));
        }
    });
}

/// The predecessor's `Rep2Req` loses responses: its callers get `None`.
#[test]
fn rep_to_req_passes_responses_and_errors_back() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy: zmqrpc::proxy::Rep2Req = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect(endpoint(&server)),
        );
        let proxy = proxy.start().unwrap();
        let client = client_of(&proxy);
        assert_eq!(client.add(2, 3), Ok(5));
        let error = DivideError::ByZero { dividend: 1 };
        assert_eq!(client.divide(1, 0), Err(CallError::Service(error)));
    });
}

/// The predecessor answers at once too, and gives a message up after 60 s without a word.
#[test]
fn a_buffered_proxy_answers_at_once_and_delivers_when_the_target_comes() {
    within(LIMIT, || {
        let place = crate::support::ipc("buffered-predecessor");
        let queue = MemoryQueue::new(1000, 1 << 20);
        let proxy =
            BufferedProxy::new(Rep::new().bind(ANYWHERE), Req::new().connect(&place), queue)
                .start()
                .unwrap();
        let client = LogClient::connect(&proxy.endpoints()[0]).unwrap();
        let start = Instant::now();
        client.take(1, 1).unwrap();
        assert!(start.elapsed() < Duration::from_secs(1));
        let taken = Taken::default();
        let _server = log(&place, &taken);
        eventually("delivery", || taken.count() == 1);
    });
}

/// The predecessor means to answer 482, answers nothing, and is stuck for everyone.
#[test]
fn a_dead_backend_costs_a_typed_error_and_holds_up_nobody() {
    within(LIMIT, || {
        let proxy = watchful("tcp://127.0.0.1:1");
        let first = Client::connect(&proxy.endpoints()[0]).unwrap();
        let second = Client::connect(&proxy.endpoints()[0]).unwrap();
        for _ in 0..3 {
            let both = [&first, &second].map(|client| client.begin(&ProbeAdd { a: 1, b: 1 }));
            for call in both {
                let error = call.unwrap().wait().unwrap_err();
                assert!(matches!(error, Error::Unavailable { .. }), "{error}");
                assert_eq!(error.executed(), Executed::No);
            }
        }
    });
}

/// The predecessor takes up to a second, its text says 60.
#[test]
fn stopping_is_immediate() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        for target in [endpoint(&server), "tcp://127.0.0.1:1".into()] {
            let took = timed_drop(proxy_to(&target));
            assert!(took < Duration::from_millis(500), "{took:?}");
        }
    });
}

/// A predecessor that is not destroyed hangs its process if something is unsent.
#[test]
fn what_is_unsent_hangs_nothing_when_it_is_dropped() {
    within(LIMIT, || {
        let proxy = proxy_to("tcp://127.0.0.1:1");
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let unanswered: Vec<_> = (0..100)
            .map(|a| client.begin(&ProbeAdd { a, b: 1 }).unwrap())
            .collect();
        crate::await_stats(&proxy, "the requests", |stats| stats.received == 100);
        let took = timed_drop(proxy);
        assert!(took < Duration::from_secs(1), "{took:?}");
        let start = Instant::now();
        drop((unanswered, client));
        assert!(start.elapsed() < Duration::from_secs(2));
    });
}

/// Devices keep the frames in front of a message, and so do proxies before and behind them.
#[test]
fn devices_and_proxies_stand_in_any_order() {
    within(LIMIT, || {
        let hub = Hub::start();
        // Client, proxy, device, server.
        let (_server, _gate) = serve(|builder| builder.connect(&hub.back));
        let front = proxy_to(&hub.front);
        assert_eq!(client_of(&front).add(2, 3), Ok(5));
        // Client, device, proxy, server.
        let other = Hub::start();
        let (server, _gate) = serve(anywhere);
        let back = Proxy::new(
            Rep::new().connect(&other.back),
            Req::new().connect(endpoint(&server)),
        )
        .start()
        .unwrap();
        let client = ProbeClient::connect(&other.front).unwrap();
        for _ in 0..10 {
            assert_eq!(client.add(2, 3), Ok(5));
        }
        let req = Peer::of(zmq::REQ, &other.front);
        let key = key("Probe.add", "i64,i64,->i64", 1);
        assert_eq!(
            req.ask(call_by_key(1, key, 5000, &[4, 6])),
            reply(1, 0, 0, &[10])
        );
        crate::await_stats(&back, "all answers", |stats| stats.answered == 11);
    });
}
