//! What passes through a proxy and back.

use std::time::Duration;

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{CallError, Client, Error, zmq_service};

use crate::support::{
    DivideError, Peer, ProbeAdd, ProbeClient, ProbeHold, anywhere, call_by_key, key, serve, within,
};
use crate::{ANYWHERE, LIMIT, await_stats, client_of, endpoint, eventually, proxy_to};

#[test]
fn replies_pass_back_to_the_caller_that_waits() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let client = client_of(&proxy);
        assert_eq!(client.add(2, 3), Ok(5));
        assert_eq!(client.slow_add(2, 3), Ok(5));
        for size in [0, 1, 100, 5_000, 100_000, 1 << 20] {
            let bytes = vec![7; size];
            assert_eq!(client.echo(bytes.clone()), Ok(bytes));
        }
        let by_name: i64 = Client::connect(&proxy.endpoints()[0])
            .unwrap()
            .invoke("Probe.add", &(20, 3))
            .unwrap();
        assert_eq!(by_name, 23);
        await_stats(&proxy, "all answers", |stats| stats.answered == 9);
        let stats = proxy.stats();
        assert_eq!((stats.received, stats.forwarded), (9, 9));
        assert_eq!((stats.late, stats.lost, stats.malformed), (0, 0, 0));
    });
}

#[test]
fn the_services_own_errors_pass_back_as_they_were_returned() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let client = client_of(&proxy);
        let by_zero = DivideError::ByZero { dividend: 7 };
        assert_eq!(client.divide(7, 0), Err(CallError::Service(by_zero)));
        assert_eq!(client.divide(7, 2), Ok(3));
    });
}

/// The probe as a caller knows it that was built from another trait.
#[zmq_service(name = "Probe")]
trait Other {
    fn add(&self, a: i64) -> i64;
    fn unknown(&self);
}

#[test]
fn typed_failures_pass_back() {
    within(LIMIT, || {
        let (server, _gate) = serve(|builder| anywhere(builder).max_message(2000));
        let proxy = proxy_to(&endpoint(&server));
        let at = &proxy.endpoints()[0];
        let other = OtherClient::connect(at).unwrap();
        assert!(matches!(other.unknown(), Err(Error::UnknownMethod { .. })));
        match other.add(1) {
            Err(Error::SignatureMismatch { ours, theirs, .. }) => {
                assert_eq!(&*ours, "(i64) -> i64");
                assert_eq!(&*theirs, "(i64, i64) -> i64");
            }
            other => panic!("{other:?}"),
        }
        let client = client_of(&proxy);
        let panicked = client.panics("on purpose").unwrap_err();
        assert!(matches!(panicked, Error::Panicked { .. }), "{panicked}");
        let request = client.len(&[0; 3000]).unwrap_err();
        assert!(
            matches!(
                request,
                Error::TooLarge {
                    what: "the request",
                    limit: 2000,
                    ..
                }
            ),
            "{request}"
        );
        let reply = client.bytes(3000).unwrap_err();
        assert!(
            matches!(
                reply,
                Error::TooLarge {
                    what: "the reply",
                    limit: 2000,
                    ..
                }
            ),
            "{reply}"
        );
        assert_eq!(client.add(2, 3), Ok(5));
    });
}

#[test]
fn notifications_are_passed_on_and_not_answered() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let client = client_of(&proxy);
        for number in 0..100 {
            client.note(number).unwrap();
        }
        eventually("all notes", || client.notes() == Ok(100));
        await_stats(&proxy, "answers", |stats| stats.answered >= 1);
        assert!(proxy.stats().received > 100);
    });
}

#[test]
fn metadata_travels() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let traced = client_of(&proxy).with(|client| client.with_metadata("trace", "4711"));
        assert_eq!(traced.who("trace"), Ok(Some("4711".into())));
        assert_eq!(traced.who("other"), Ok(None));
    });
}

#[test]
fn many_calls_are_under_way_at_once() {
    within(LIMIT, || {
        let (server, gate) = serve(|builder| anywhere(builder).worker_threads(64));
        let proxy = proxy_to(&endpoint(&server));
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held: Vec<_> = (0..64)
            .map(|_| client.begin(&ProbeHold {}).unwrap())
            .collect();
        // All of them are executed beside each other, or this would never come.
        gate.await_arrivals(64);
        gate.open();
        for call in held {
            call.wait().unwrap();
        }
        let sums: Vec<_> = (0..10_000)
            .map(|number| client.begin(&ProbeAdd { a: number, b: 1 }).unwrap())
            .collect();
        for (number, sum) in (0..).zip(sums) {
            assert_eq!(sum.wait(), Ok(number + 1));
        }
    });
}

#[test]
fn fast_calls_are_not_held_up_by_slow_ones() {
    within(LIMIT, || {
        let (server, gate) = serve(|builder| anywhere(builder).worker_threads(4));
        let proxy = proxy_to(&endpoint(&server));
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held: Vec<_> = (0..3)
            .map(|_| client.begin(&ProbeHold {}).unwrap())
            .collect();
        gate.await_arrivals(3);
        let fast = ProbeClient::new(client.clone());
        for number in 0..100 {
            assert_eq!(fast.add(number, 1), Ok(number + 1));
        }
        gate.open();
        for call in held {
            call.wait().unwrap();
        }
    });
}

#[test]
fn giving_up_passes_through() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let client = client_of(&proxy);
        let hasty = client.with_timeout(Duration::from_secs(5));
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let key = key("Probe.hold_for_ever", "->unit", 1);
        peer.send(call_by_key(3, key, 0, &[]));
        eventually("the call", || server.stats().requests == 1);
        // Another caller's call of the same number is another call.
        let stranger = Peer::connect(&proxy.endpoints()[0]);
        stranger.send(crate::support::head(0x04, 3));
        assert_eq!(hasty.add(2, 3), Ok(5));
        assert_eq!(server.stats().cancelled, 0);
        peer.send(crate::support::head(0x04, 3));
        eventually("the cancellation", || server.stats().cancelled == 1);
        await_stats(&proxy, "the cancellation", |stats| stats.cancelled == 1);
    });
}

#[test]
fn calls_go_to_several_targets_in_turn() {
    within(LIMIT, || {
        let (a, _gate) = serve(anywhere);
        let (b, _gate) = serve(anywhere);
        let back = Req::new().connect(endpoint(&a)).connect(endpoint(&b));
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), back).start().unwrap();
        let client = client_of(&proxy);
        eventually("both targets", || {
            assert_eq!(client.add(2, 3), Ok(5));
            a.stats().requests > 0 && b.stats().requests > 0
        });
        let before = (a.stats().requests, b.stats().requests);
        for _ in 0..100 {
            assert_eq!(client.add(2, 3), Ok(5));
        }
        let after = (a.stats().requests, b.stats().requests);
        assert_eq!((after.0 - before.0, after.1 - before.1), (50, 50));
        drop(a);
        // What is on its way there while it goes is lost.
        eventually("the other one alone", || {
            (0..4).all(|_| client.add(2, 3) == Ok(5))
        });
        for _ in 0..100 {
            assert_eq!(client.add(2, 3), Ok(5));
        }
    });
}

#[test]
fn every_transport_serves() {
    within(LIMIT, || {
        for (front, back) in [
            (crate::support::ipc("front"), crate::support::ipc("back")),
            ("inproc://proxy-front".into(), "inproc://proxy-back".into()),
        ] {
            let proxy = Proxy::new(Rep::new().bind(&front), Req::new().connect(&back))
                .start()
                .unwrap();
            let client = ProbeClient::connect(&front).unwrap();
            let (server, _gate) = serve(|builder| builder.bind(&back));
            assert_eq!(client.add(2, 3), Ok(5));
            drop(server);
            let _ = proxy.stats();
        }
    });
}
