//! Arguments and replies that cannot be encoded or decoded.

use std::collections::VecDeque;
use std::error::Error as _;

use zmqrpc::{Client, Error, Executed};

use super::expectation::{LIMIT, check, probe};
use super::support::{Fake, Request, Stubborn, anywhere, head, reply, serve, within};

#[test]
fn what_cannot_be_encoded_is_told_on_both_sides() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = probe(&at);
        let error = client.takes(Stubborn::Refuses).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }));
        check(
            &error,
            "Probe.takes",
            &at,
            Executed::No,
            "the arguments cannot be encoded: cannot encode the value: it does not want to; the call was not executed",
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "cannot encode the value: it does not want to"
        );
        let error = client.answers_with(1).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }));
        check(
            &error,
            "Probe.answers_with",
            &at,
            Executed::Yes,
            "the reply cannot be encoded: cannot encode the value: it does not want to; the call was executed",
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "cannot encode the value: it does not want to"
        );
    });
}

#[test]
fn arguments_that_the_server_cannot_decode_were_not_executed() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = Client::connect(&at).unwrap();
        let error = client.invoke::<i64>("Probe.add", &("two", 3)).unwrap_err();
        assert!(matches!(error, Error::Decode { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "the arguments cannot be decoded: cannot decode the body: a: invalid type: a text, expected i64; the call was not executed",
        );
        assert!(error.source().is_some());
        for wrong in [&[1][..], &[1, 2, 3]] {
            let error = client.invoke::<i64>("Probe.add", wrong).unwrap_err();
            assert!(matches!(error, Error::Decode { .. }), "{error:?}");
            assert_eq!(error.executed(), Executed::No);
        }
    });
}

#[test]
fn a_reply_that_is_garbage_fails_its_call_alone() {
    within(LIMIT, || {
        let mut bodies = VecDeque::from([
            vec![],             // no status
            vec![0, 0],         // no metadata
            vec![0, 99, 0, 10], // codec 99
            vec![0, 0, 0],      // no value
            vec![0, 0, 0, 10, 10],
            vec![0, 0, 0, 0xFF, 0xFF],
            vec![
                0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
            ],
            vec![1, 0, 0, 0], // an error of a method that has none
            vec![7, 0, 0],    // a failure without the byte that says whether it was executed
        ]);
        let count = bodies.len();
        let fake = Fake::start(move |frame| {
            let request = Request::read(frame);
            vec![match bodies.pop_front() {
                Some(body) => [head(0x81, request.id), body].concat(),
                None => reply(request.id, 0, 0, &[10]),
            }]
        });
        let client = probe(&fake.endpoint);
        for nth in 0..count {
            let error = client.add(2, 3).unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Decode {
                        what: "the reply",
                        ..
                    }
                ),
                "reply {nth}: {error:?}"
            );
            assert_ne!(error.executed(), Executed::No, "reply {nth}: {error:?}");
            assert!(error.source().is_some());
        }
        assert_eq!(client.add(2, 3), Ok(5));
    });
}
