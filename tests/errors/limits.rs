//! What is too much, for the client or for the server.

use std::thread;

use zmqrpc::{Client, Error, Executed};

use super::expectation::{LIMIT, check, nobody};
use super::support::{ProbeAdd, ProbeClient, ProbeHold, anywhere, await_state, serve, within};

#[test]
fn more_calls_than_a_client_may_have_are_overload() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = Client::builder().connect(&at).max_calls(2).build().unwrap();
        let held: Vec<_> = (0..2).map(|_| client.begin(&ProbeHold)).collect();
        let error = client.begin(&ProbeHold).unwrap_err();
        assert!(matches!(error, Error::Overloaded { .. }));
        check(
            &error,
            "Probe.hold",
            &at,
            Executed::No,
            "2 calls have begun and not ended, see `max_calls`; the call was not executed, try again later",
        );
        gate.open();
        for call in held {
            call.unwrap().wait().unwrap();
        }
        assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
    });
}

#[test]
fn more_bytes_than_a_client_may_queue_are_overload() {
    within(LIMIT, || {
        let at = nobody();
        let client = Client::builder()
            .connect(&at)
            .max_queued_bytes(100)
            .build()
            .unwrap();
        // Calls wait for a connection each on a thread of its own, until one finds no room.
        let error = thread::scope(|scope| {
            let begin = || client.begin(&ProbeHold).unwrap_err();
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
            let errors = calls.into_iter().map(|call| call.join().unwrap());
            errors
                .filter(|error| matches!(error, Error::Overloaded { .. }))
                .last()
        });
        let error = error.expect("eight requests have more than 100 bytes");
        check(
            &error,
            "Probe.hold",
            &at,
            Executed::No,
            "over 100 bytes of requests wait for a connection, see `max_queued_bytes`; the call was not executed, \
             try again later",
        );
    });
}

#[test]
fn a_full_server_says_so() {
    within(LIMIT, || {
        let (server, gate) = serve(|builder| anywhere(builder).max_queue(1));
        let at = server.endpoints().remove(0);
        let client = Client::connect(&at).unwrap();
        let first = thread::spawn({
            let client = client.clone();
            move || client.call(&ProbeHold)
        });
        gate.await_arrivals(1);
        let calls: Vec<_> = (0..20).map(|_| client.begin(&ProbeHold).unwrap()).collect();
        await_state("a call is refused", || server.stats().overloaded > 0);
        gate.open();
        first.join().unwrap().unwrap();
        let errors: Vec<_> = calls
            .into_iter()
            .filter_map(|call| call.wait().err())
            .collect();
        assert!(!errors.is_empty());
        assert_eq!(server.stats().overloaded, errors.len() as u64);
        for error in errors {
            assert!(matches!(error, Error::Overloaded { .. }));
            check(
                &error,
                "Probe.hold",
                &at,
                Executed::No,
                "the server's queue is full, at 1 requests or 67108864 bytes; the call was not executed, try again \
                 later",
            );
        }
    });
}

#[test]
fn too_large_tells_what_and_whose_limit() {
    within(LIMIT, || {
        let (server, _gate) = serve(|builder| anywhere(builder).max_message(10_000));
        let at = server.endpoints().remove(0);
        let client = Client::builder()
            .connect(&at)
            .max_message(20_000)
            .build()
            .unwrap();
        let probe = ProbeClient::new(client);
        for (error, what, limit, executed, words) in [
            (
                probe.len(&vec![0; 20_001]).unwrap_err(),
                "the request",
                20_000,
                Executed::No,
                "the call was not executed",
            ),
            (
                probe.len(&vec![0; 15_000]).unwrap_err(),
                "the request",
                10_000,
                Executed::No,
                "the call was not executed",
            ),
        ] {
            assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
            let text = format!("{what} is larger than the limit of {limit} bytes; {words}");
            check(&error, "Probe.len", &at, executed, &text);
        }
        let error = probe.bytes(10_001).unwrap_err();
        check(
            &error,
            "Probe.bytes",
            &at,
            Executed::Yes,
            "the reply is larger than the limit of 10000 bytes; the call was executed",
        );
        // The client's own limit for replies.
        let small = Client::builder()
            .connect(&at)
            .max_message(5_000)
            .build()
            .unwrap();
        let error = ProbeClient::new(small).bytes(9_000).unwrap_err();
        check(
            &error,
            "Probe.bytes",
            &at,
            Executed::Yes,
            "the reply is larger than the limit of 5000 bytes; the call was executed",
        );
        assert_eq!(probe.len(&vec![0; 9_000]), Ok(9_000));
    });
}
