//! What a proxy has no room for.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, ProxyHandle, Rep, Req};
use zmqrpc::{Client, Error, Executed, Ping, ServerHandle};

use crate::support::{
    Peer, ProbeAdd, ProbeClient, ProbeHold, anywhere, call_by_key, head, key, serve, within,
};
use crate::{ANYWHERE, LIMIT, await_stats, client_of, endpoint, eventually};

#[test]
fn one_call_more_than_allowed_is_refused() {
    within(LIMIT, || {
        let (server, gate) = serve(|builder| anywhere(builder).worker_threads(16));
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect(endpoint(&server)),
        )
        .max_calls(10)
        .start()
        .unwrap();
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held: Vec<_> = (0..10)
            .map(|_| client.begin(&ProbeHold {}).unwrap())
            .collect();
        gate.await_arrivals(10);
        let error = client_of(&proxy).add(2, 3).unwrap_err();
        match &error {
            Error::Overloaded { cause: reason, .. } => {
                assert!(reason.to_string().contains("10 calls"), "{reason}");
            }
            other => panic!("{other}"),
        }
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(proxy.stats().overloaded, 1);
        gate.open();
        for call in held {
            call.wait().unwrap();
        }
        assert_eq!(client_of(&proxy).add(2, 3), Ok(5));
    });
}

#[test]
fn one_byte_more_than_may_wait_is_refused() {
    within(LIMIT, || {
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:1"),
        )
        .max_message(10_000)
        .max_queued_bytes(10_000)
        .start()
        .unwrap();
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let key = key("Probe.len", "bytes,->u64", 1);
        let waits = call_by_key(1, key, 20_000, &[0; 6_000]);
        peer.send(&waits);
        let answer = peer.ask(call_by_key(2, key, 20_000, &[0; 4_000]));
        assert_eq!((answer[3], answer[11], answer[14]), (2, 7, 0));
        assert!(String::from_utf8_lossy(&answer).contains("max_queued_bytes"));
        // What is given up makes room.
        peer.send(head(0x04, 1));
        peer.send(call_by_key(3, key, 20_000, &[0; 4_000]));
        assert_eq!(peer.ask(head(0x05, 9)), head(0x85, 9));
        let stats = proxy.stats();
        assert_eq!(
            (stats.received, stats.overloaded, stats.cancelled),
            (3, 1, 1)
        );
    });
}

#[test]
fn messages_over_the_limit_are_refused_in_both_directions() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect(endpoint(&server)),
        )
        .max_message(5_000)
        .start()
        .unwrap();
        let client = client_of(&proxy);
        let request = client.len(&[0; 6_000]).unwrap_err();
        assert!(
            matches!(
                request,
                Error::TooLarge {
                    what: "the request",
                    limit: 5_000,
                    ..
                }
            ),
            "{request}"
        );
        let reply = client.bytes(6_000).unwrap_err();
        assert!(
            matches!(
                reply,
                Error::TooLarge {
                    what: "the reply",
                    limit: 5_000,
                    ..
                }
            ),
            "{reply}"
        );
        // Beyond twice the limit the connection is cut, on either side, and only that one.
        let cut = client
            .with_timeout(Duration::from_secs(5))
            .len(&[0; 11_000]);
        assert_eq!(cut.unwrap_err().executed(), Executed::Maybe);
        let cut = client.with_timeout(Duration::from_secs(5)).bytes(11_000);
        assert_eq!(cut.unwrap_err().executed(), Executed::Maybe);
        let other = ProbeClient::connect(&proxy.endpoints()[0]).unwrap();
        assert_eq!(other.add(2, 3), Ok(5));
    });
}

/// Asks for so many replies of 64 KiB, and takes none of them.
fn ask_deafly(proxy: &ProxyHandle, server: &ServerHandle, replies: u64) -> Peer {
    let deaf = Peer::deaf(&proxy.endpoints()[0]);
    let key = key("Probe.bytes", "u64,->bytes", 1);
    for id in 1..=replies {
        deaf.send(call_by_key(id, key, 30_000, &[0x80, 0x80, 0x04]));
        if id % 100 == 0 {
            // Not faster than the proxy takes them from the server, which would drop replies of its own.
            eventually("the replies", || server.stats().replies >= id);
        }
    }
    deaf
}

#[test]
fn a_caller_that_does_not_read_holds_up_nobody() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = crate::proxy_to(&endpoint(&server));
        // Far more than libzmq, the outbox and the system hold.
        let _deaf = ask_deafly(&proxy, &server, 4_000);
        let client = client_of(&proxy);
        for _ in 0..100 {
            assert_eq!(client.add(2, 3), Ok(5));
        }
        // More than its outbox holds: the oldest go.
        await_stats(&proxy, "dropped answers", |stats| stats.dropped > 0);
        assert_eq!(client.add(2, 3), Ok(5));
    });
}

#[test]
fn libzmq_holds_as_few_replies_as_was_set() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let front = Rep::new().bind(ANYWHERE).high_water(1);
        let proxy = Proxy::new(front, Req::new().connect(endpoint(&server)))
            .start()
            .unwrap();
        // The outbox holds 1,024 of them, and libzmq by default the rest.
        let _deaf = ask_deafly(&proxy, &server, 1_520);
        await_stats(&proxy, "dropped answers", |stats| stats.dropped > 0);
        let client = client_of(&proxy);
        let calls: Vec<_> = (0..2_000)
            .map(|a| client.transport().begin(&ProbeAdd { a, b: 1 }).unwrap())
            .collect();
        for (call, a) in calls.into_iter().zip(0..) {
            assert_eq!(call.wait(), Ok(a + 1));
        }
    });
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let setting = |proxy: Proxy<Rep, Req>| match proxy.start().unwrap_err() {
        Error::Config { setting, .. } => setting.to_owned(),
        Error::Endpoint { endpoint, .. } => endpoint.to_string(),
        other => panic!("{other}"),
    };
    let proxy = || {
        Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:1"),
        )
    };
    assert_eq!(setting(proxy().max_calls(0)), "max_calls");
    assert_eq!(setting(proxy().max_message(10)), "max_message");
    assert_eq!(setting(proxy().max_queued_bytes(10)), "max_queued_bytes");
    let front = Rep::new().bind(ANYWHERE).high_water(0);
    let proxy_of = |front| Proxy::new(front, Req::new().connect("tcp://127.0.0.1:1"));
    assert_eq!(setting(proxy_of(front)), "high_water");
    let back = Req::new().connect("tcp://127.0.0.1:1").ping(Ping {
        interval: Duration::ZERO,
        timeout: Duration::ZERO,
    });
    assert_eq!(setting(Proxy::new(Rep::new().bind(ANYWHERE), back)), "ping");
    let back = Req::new()
        .connect("tcp://127.0.0.1:1")
        .connect_timeout(Duration::ZERO);
    assert_eq!(
        setting(Proxy::new(Rep::new().bind(ANYWHERE), back)),
        "connect_timeout"
    );
    let wrong = Proxy::new(
        Rep::new().bind("nonsense"),
        Req::new().connect("tcp://127.0.0.1:1"),
    );
    assert_eq!(setting(wrong), "nonsense");
    let wrong = Proxy::new(Rep::new().bind(ANYWHERE), Req::new().connect("tcp://*:1"));
    assert_eq!(setting(wrong), "tcp://*:1");
}
