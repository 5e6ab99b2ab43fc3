//! What travels beside the arguments: metadata and time limits.

use std::time::Duration;

use zmqrpc::{Client, Error, Executed};

use super::book::{BookClient, LIMIT, Seen, open_book, same};
use super::support::{self, Peer, ProbeAdd, ProbeClient, anywhere, call_by_name, serve, within};

#[test]
fn a_handler_sees_who_calls_and_what_travels_beside_the_arguments() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*", &support::ipc("context")]);
        let book = BookClient::connect(&server.endpoints()[0]).unwrap();
        let traced = book.with(|client| {
            client
                .with_metadata("trace", "1")
                .with_metadata("user", "ada")
                .with_metadata("trace", "\u{20ac}")
        });
        let seen = traced.with_timeout(Duration::from_secs(7)).seen().unwrap();
        let remaining = seen.remaining.unwrap();
        assert!(
            remaining <= Duration::from_secs(7) && remaining > Duration::from_secs(4),
            "{remaining:?}"
        );
        assert_eq!(
            seen,
            Seen {
                peer: Some("127.0.0.1".into()),
                user: None,
                metadata: vec![
                    ("user".into(), "ada".into()),
                    ("trace".into(), "\u{20ac}".into())
                ],
                remaining: Some(remaining),
                method: "lib.Book.seen".into(),
            }
        );
        same(traced.sleep_with("tea"), "tea for ada".into());
        traced.remember("mine").unwrap();
        assert_eq!(traced.lines().unwrap(), ["ada: mine"]);
        let seen = book.seen().unwrap();
        assert_eq!(seen.metadata, [], "settings belong to their own handle");
        let ipc = BookClient::connect(&server.endpoints()[1]).unwrap();
        assert_eq!(ipc.seen().unwrap().peer, None);
        // A raw caller that sets no limit.
        let peer = Peer::connect(&server.endpoints()[0]);
        let answer = peer.ask(call_by_name(3, "lib.Book.lines", 0, &[0x90]));
        assert_eq!(answer[11], 0);
    });
}

#[test]
fn metadata_over_the_limits_is_refused_before_anything_is_sent() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let with = |entries: usize| {
            (0..entries).fold(client.clone(), |client, n| {
                client.with_metadata(n.to_string(), "x")
            })
        };
        same(with(64).call(&ProbeAdd { a: 2, b: 3 }), 5);
        let error = with(65).call(&ProbeAdd { a: 2, b: 3 }).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        let error = client
            .with_metadata("k", "x".repeat(8_192))
            .call(&ProbeAdd { a: 2, b: 3 })
            .unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(client.stats().in_flight, 0);
    });
}

#[test]
fn the_tightest_setting_decides_how_long_a_call_may_take() {
    within(LIMIT, || {
        let (server, gate) = open_book(&["tcp://127.0.0.1:*"]);
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let (book, probe) = (BookClient::new(client.clone()), ProbeClient::new(client));
        same(book.checked(1), 2);
        let limit_of = |result: Result<(), Error>| match result {
            Err(Error::Timeout { timeout: limit, .. }) => limit.as_millis(),
            other => panic!("{other:?}"),
        };
        // The attribute goes before the builder, the handle before both.
        assert_eq!(limit_of(book.hold()), 150);
        assert_eq!(
            limit_of(book.with_timeout(Duration::from_millis(40)).hold()),
            40
        );
        gate.open();
        assert_eq!(limit_of(probe.hold()), 300);
        assert_eq!(limit_of(probe.with_timeout(Duration::ZERO).hold()), 0);
    });
}

/// What a call may take beyond its limit.
const LATE: Duration = Duration::from_millis(100);

#[test]
fn a_nested_call_inherits_the_deadline() {
    within(LIMIT, || {
        let (inner, gate) = serve(anywhere);
        let inward = inner.endpoints().remove(0);
        let (outer, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let book = BookClient::connect(&outer.endpoints()[0]).unwrap();
        same(book.checked(1), 2);
        let limit = Duration::from_millis(400);
        for result in [
            book.with_timeout(limit).nested(&inward),
            book.with_timeout(limit).nested_later(&inward),
        ] {
            // The inner call may end just in time, or the outer one is over with it.
            match result {
                // A call may end a little after its time, when threads have to wait for a processor.
                Ok((text, took)) => assert!(took <= limit + LATE, "{took:?} {text}"),
                Err(Error::Timeout { timeout: had, .. }) => assert_eq!(had, limit),
                Err(error) => panic!("{error:?}"),
            }
        }
        // Afterwards the worker's thread has no deadline left over.
        gate.open();
        same(book.sleep(500), 500);
    });
}
