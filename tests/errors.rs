//! Every failure of a call: its variant, where it says it happened, whether the call was executed, and its text.

mod support;

use std::collections::VecDeque;
use std::error::Error as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use support::{
    DivideError, Fake, ProbeAdd, ProbeClient, ProbeHold, Random, Request, Stubborn, anywhere,
    failure, head, pong, reply, serve, within,
};
use zmqrpc::{CallError, Client, Error, Executed, zmq_service};

const LIMIT: Duration = Duration::from_secs(20);

/// Checks everything that an error of a call tells. `text` has `{at}` for the endpoint.
#[track_caller]
fn check(error: &Error, method: &str, endpoint: &str, executed: Executed, text: &str) {
    assert_eq!(error.method(), Some(method), "{error:?}");
    assert_eq!(error.endpoint(), Some(endpoint), "{error:?}");
    assert_eq!(error.executed(), executed, "{error:?}");
    let text = format!("{method} at {endpoint}: {text}");
    assert_eq!(error.to_string(), text, "{error:?}");
}

fn probe(endpoint: &str) -> ProbeClient {
    ProbeClient::new(
        Client::builder()
            .connect(endpoint)
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap(),
    )
}

/// An endpoint that nobody listens on.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("tcp://{}", listener.local_addr().unwrap())
}

/// What a call ends with when the server answers it with `status`.
fn answered(status: u8, executed: u8, detail: &'static str) -> (Error, String) {
    let fake = Fake::start(move |frame| {
        let request = Request::read(frame);
        vec![failure(request.id, status, executed, detail)]
    });
    let error = probe(&fake.endpoint).add(2, 3).unwrap_err();
    (error, fake.endpoint.clone())
}

#[test]
fn a_call_without_a_reply_times_out() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = probe(&at);
        client.add(1, 1).unwrap();
        let start = Instant::now();
        let error = client
            .with_timeout(Duration::from_millis(100))
            .hold()
            .unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(100));
        assert!(matches!(error, Error::Timeout { .. }));
        check(
            &error,
            "Probe.hold",
            &at,
            Executed::Maybe,
            "no reply within 100ms; the call may have been executed",
        );
        assert!(error.source().is_none());
        gate.open();
        assert_eq!(client.add(2, 3), Ok(5), "the client is usable afterwards");
    });
}

#[test]
fn a_call_that_the_server_found_expired_was_not_executed() {
    within(LIMIT, || {
        let (error, at) = answered(11, 0, "too late");
        assert!(matches!(error, Error::Timeout { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "no reply within 10s; the call was not executed",
        );
    });
}

#[test]
fn a_call_without_a_server_is_unavailable_within_the_connect_timeout() {
    within(LIMIT, || {
        let at = nobody();
        let client = Client::builder()
            .connect(&at)
            .connect_timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let start = Instant::now();
        let error = ProbeClient::new(client).add(2, 3).unwrap_err();
        let took = start.elapsed();
        assert!(
            (200..1_000).contains(&took.as_millis()),
            "it took {took:?}, the connect timeout is 200 ms"
        );
        assert!(matches!(error, Error::Unavailable { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "no connection within 200ms, is the server running there?; the call was not executed",
        );
    });
}

#[test]
fn an_inproc_call_without_a_server_is_unavailable_within_the_connect_timeout() {
    within(LIMIT, || {
        let client = Client::builder()
            .connect("inproc://errors-nobody")
            .timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let error = ProbeClient::new(client).add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
    });
}

#[test]
fn a_notification_without_a_server_is_unavailable() {
    within(LIMIT, || {
        let at = nobody();
        let client = Client::builder()
            .connect(&at)
            .connect_timeout(Duration::from_millis(100))
            .build()
            .unwrap();
        let error = ProbeClient::new(client.clone()).note(1).unwrap_err();
        check(
            &error,
            "Probe.note",
            &at,
            Executed::No,
            "no connection within 100ms, is the server running there?; the call was not executed",
        );
        assert_eq!(client.stats().in_flight, 0);
    });
}

/// Kills the connection of a call that a handler is working on.
fn broken_mid_call(endpoint: &str) -> (Error, Duration) {
    let (server, gate) = serve(|builder| builder.bind(endpoint));
    let at = server.endpoints().remove(0);
    let client = probe(&at);
    let caller = thread::spawn(move || (client.hold().unwrap_err(), Instant::now()));
    gate.await_arrivals(1);
    let _ = server.shutdown(Duration::ZERO);
    let start = Instant::now();
    let (error, end) = caller.join().unwrap();
    gate.open();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    check(
        &error,
        "Probe.hold",
        &at,
        Executed::Maybe,
        "the connection broke before the reply came; the call may have been executed",
    );
    (error, end.saturating_duration_since(start))
}

#[test]
fn a_server_that_ends_mid_call_makes_it_unavailable_at_once() {
    within(LIMIT, || {
        let (error, took) = broken_mid_call("tcp://127.0.0.1:*");
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert!(error.source().is_none());
    });
}

#[test]
fn a_server_that_ends_mid_call_over_ipc_makes_it_unavailable_at_once() {
    within(LIMIT, || {
        let (_, took) = broken_mid_call(&support::ipc("mid-call"));
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}

#[test]
fn a_server_that_ends_mid_call_over_inproc_makes_it_unavailable_at_once() {
    within(LIMIT, || {
        let (_, took) = broken_mid_call("inproc://errors-mid-call");
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
}

#[test]
fn a_listener_that_speaks_http_is_no_server() {
    within(LIMIT, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("tcp://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let Ok(mut connection) = connection else {
                    return;
                };
                let _ =
                    connection.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                thread::spawn(move || connection.read(&mut [0; 64]));
            }
        });
        let client = Client::builder()
            .connect(&at)
            .connect_timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        let error = ProbeClient::new(client.clone()).add(2, 3).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(error.endpoint(), Some(at.as_str()));
        assert_eq!(
            client.stats().late_replies,
            0,
            "bytes of another protocol were taken for messages"
        );
    });
}

#[test]
fn a_refused_login_is_unauthenticated() {
    within(LIMIT, || {
        let (error, at) = answered(16, 0, "who are you?");
        assert!(matches!(error, Error::Unauthenticated { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "not authenticated: who are you?; check the credentials on both sides",
        );
    });
}

#[zmq_service(name = "Probe.Missing")]
trait Missing {
    fn absent(&self);
}

#[test]
fn a_method_that_the_server_lacks_is_unknown_by_key_and_by_name() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = Client::connect(&at).unwrap();
        let text =
            "the server has no such method; is the service registered there, under this name?";
        let error = MissingClient::new(client.clone()).absent().unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }));
        check(&error, "Probe.Missing.absent", &at, Executed::No, text);
        let error = client.invoke::<()>("Probe.nothing", &()).unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }));
        check(&error, "Probe.nothing", &at, Executed::No, text);
        assert_eq!(server.stats().refused, 2);
        assert_eq!(server.stats().requests, 0);
    });
}

mod old {
    #[zmqrpc::zmq_service]
    pub(crate) trait Tariff {
        fn price(&self, item: &str) -> u32;
        fn stock(&self, item: &str) -> u32;
    }
}

mod new {
    #[zmqrpc::zmq_service(version = 3)]
    pub(crate) trait Tariff {
        fn price(&self, item: &str, currency: &str) -> u64;
        fn stock(&self, item: &str) -> u32;
    }

    pub(crate) struct Free;

    impl Tariff for Free {
        fn price(&self, _: &str, _: &str) -> u64 {
            0
        }

        fn stock(&self, _: &str) -> u32 {
            1
        }
    }
}

#[test]
fn different_signatures_and_versions_are_both_shown() {
    within(LIMIT, || {
        let server = zmqrpc::Server::builder()
            .service(new::TariffServer::new(new::Free))
            .bind("tcp://127.0.0.1:*")
            .start()
            .unwrap();
        let at = server.endpoints().remove(0);
        let client = old::TariffClient::connect(&at).unwrap();
        let error = client.price("tea").unwrap_err();
        assert!(
            matches!(&error, Error::SignatureMismatch { ours, theirs, .. }
            if **ours == *"(String) -> u32" && **theirs == *"(String, String) -> u64 (version 3)")
        );
        check(
            &error,
            "Tariff.price",
            &at,
            Executed::No,
            "the signatures differ: here it is `(String) -> u32`, at the server `(String, String) -> u64 (version 3)`; \
             build both from the same trait",
        );
        // The same signature in another version is refused too.
        check(
            &client.stock("tea").unwrap_err(),
            "Tariff.stock",
            &at,
            Executed::No,
            "the signatures differ: here it is `(String) -> u32`, at the server `(String) -> u32 (version 3)`; \
             build both from the same trait",
        );
    });
}

#[test]
fn the_services_own_error_is_the_value_that_it_returned() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = Client::connect(&at).unwrap();
        let error = ProbeClient::new(client.clone()).divide(7, 0).unwrap_err();
        assert_eq!(
            error,
            CallError::Service(DivideError::ByZero { dividend: 7 })
        );
        assert_eq!(error.service(), Some(&DivideError::ByZero { dividend: 7 }));
        assert!(error.rpc().is_none() && error.source().is_none());
        assert_eq!(error.to_string(), "7 cannot be divided by zero");
        assert_eq!(
            error.map_service(|own| own.to_string()),
            CallError::Service("7 cannot be divided by zero".to_owned())
        );
        // By name it has no type here.
        let error = client.invoke::<i64>("Probe.divide", &(7, 0)).unwrap_err();
        assert!(matches!(error, Error::Service { .. }));
        check(
            &error,
            "Probe.divide",
            &at,
            Executed::Yes,
            r#"the service answered with an error: {"ByZero": {"dividend": 7}}"#,
        );
        server.shutdown(LIMIT).unwrap();
        let stats = server.stats();
        assert_eq!((stats.requests, stats.replies, stats.refused), (2, 2, 0));
    });
}

#[test]
fn errors_go_through_the_question_mark() {
    fn all(client: &ProbeClient) -> Result<i64, Box<dyn std::error::Error>> {
        client.add(1, 2)?;
        Ok(client.divide(1, 0)?)
    }
    fn shared(client: &ProbeClient) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        Ok(client.divide(i64::MIN, -1)?)
    }
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        let text = all(&client).unwrap_err().to_string();
        assert_eq!(text, "1 cannot be divided by zero");
        assert_eq!(shared(&client).unwrap_err().to_string(), "overflow");
    });
}

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
        // The worker does not read while it runs a handler: what comes now is judged together, afterwards.
        let calls: Vec<_> = (0..20).map(|_| client.begin(&ProbeHold).unwrap()).collect();
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
fn a_cancelled_call_says_whether_it_ran() {
    within(LIMIT, || {
        for (byte, executed, words) in [
            (0, Executed::No, "the call was not executed"),
            (1, Executed::Maybe, "the call may have been executed"),
            (2, Executed::Yes, "the call was executed"),
            (77, Executed::Maybe, "the call may have been executed"),
        ] {
            let (error, at) = answered(8, byte, "withdrawn");
            assert!(matches!(error, Error::Cancelled { .. }));
            let text = format!("cancelled; {words}");
            check(&error, "Probe.add", &at, executed, &text);
        }
    });
}

#[test]
fn a_server_that_is_about_to_end_refuses_what_comes() {
    within(LIMIT, || {
        let (error, at) = answered(9, 0, "");
        assert!(matches!(error, Error::ShuttingDown { .. }));
        check(
            &error,
            "Probe.add",
            &at,
            Executed::No,
            "the server is shutting down; the call was not executed",
        );
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
            "the arguments cannot be encoded: cannot encode the value: the type's own `Serialize` refused; the call was not executed",
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "cannot encode the value: the type's own `Serialize` refused"
        );
        let error = client.answers_with(1).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }));
        check(
            &error,
            "Probe.answers_with",
            &at,
            Executed::Yes,
            "the reply cannot be encoded: cannot encode the value: the type's own `Serialize` refused; the call was executed",
        );
        assert_eq!(
            error.source().unwrap().to_string(),
            "cannot encode the value: the type's own `Serialize` refused"
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
            "the arguments cannot be decoded: cannot decode the body: unexpected FixStr(3); the call was not executed",
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

#[test]
fn frames_that_answer_nothing_are_dropped_and_counted() {
    within(LIMIT, || {
        let fake = Fake::start(|frame| {
            let request = Request::read(frame);
            let id = request.id;
            vec![
                vec![],
                b"hello".to_vec(),
                pong(id),
                head(0x86, id),
                head(0x99, id),
                head(0x01, id),
                reply(0, 0, 0, &[2]),
                reply(id ^ 1, 0, 0, &[4]),
                reply(id ^ 1 << 32, 0, 0, &[6]),
                reply(u64::MAX, 0, 0, &[8]),
                head(0x81, id)[..10].to_vec(),
                reply(id, 0, 0, &[10]),
                reply(id, 0, 0, &[12]),
            ]
        });
        let client = Client::connect(&fake.endpoint).unwrap();
        assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        // The second reply to the second call may still be on its way.
        assert!(client.stats().late_replies >= 19);
        assert_eq!(client.stats().in_flight, 0);
    });
}

#[test]
fn a_panic_of_the_service_is_told_without_its_text() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let at = server.endpoints().remove(0);
        let client = probe(&at);
        let error = client.panics("a secret").unwrap_err();
        assert!(matches!(error, Error::Panicked { .. }));
        check(
            &error,
            "Probe.panics",
            &at,
            Executed::Yes,
            "the service panicked; it was started and did not end, the server's log says why",
        );
        assert_eq!(server.stats().panics, 1);
        assert_eq!(client.add(2, 3), Ok(5));
    });
}

#[test]
fn statuses_of_newer_servers_stay_visible() {
    within(LIMIT, || {
        for status in [18, 200, 255] {
            let (error, at) = answered(status, 2, "quota spent");
            assert!(matches!(error, Error::Remote { code, .. } if code == status));
            let text = format!(
                "the server answered with status {status}: quota spent; the call was executed"
            );
            check(&error, "Probe.add", &at, Executed::Yes, &text);
        }
    });
}

#[test]
fn refusals_of_the_request_itself_are_decode_errors() {
    within(LIMIT, || {
        for status in 12..=15 {
            let (error, at) = answered(status, 0, "not like this");
            assert!(matches!(error, Error::Decode { .. }), "{error:?}");
            check(
                &error,
                "Probe.add",
                &at,
                Executed::No,
                "the request cannot be decoded: cannot decode the body: not like this; the call was not executed",
            );
        }
    });
}

/// What a server that answers late, twice and in any order does with the requests that it has seen.
fn shuffle(random: &mut Random, seen: &mut Vec<Request>) -> Vec<Vec<u8>> {
    let mut replies = Vec::new();
    for _ in 0..random.below(4) {
        if seen.is_empty() {
            break;
        }
        let at = random.below(seen.len());
        let again = random.below(4) == 0;
        let request = if again {
            seen[at].clone()
        } else {
            seen.swap_remove(at)
        };
        // `add(value, 0)`: the value is the sum, and both are encoded alike.
        let value = &request.body[..request.body.len() - 1];
        replies.push(reply(request.id, 0, 0, value));
        // Its neighbours in time and place, which nobody may take for theirs.
        match random.below(8) {
            0 => replies.push(reply(request.id.wrapping_sub(1 << 32), 0, 0, &[99])),
            1 => replies.push(reply(request.id | 0xFFFF, 0, 0, &[99])),
            _ => {}
        }
    }
    replies
}

#[test]
fn a_late_reply_is_never_handed_to_another_call() {
    within(Duration::from_secs(40), || {
        let mut chance = Random(7);
        let mut seen = Vec::new();
        let fake = Fake::start(move |frame| {
            let request = Request::read(frame);
            match request.kind {
                1 if request.body.is_empty() => {
                    // `hold`: the end of a round. Everything that is still open is answered, in any order.
                    let mut replies = Vec::new();
                    while !seen.is_empty() {
                        replies.extend(shuffle(&mut chance, &mut seen));
                    }
                    replies.push(reply(request.id, 0, 0, &[]));
                    replies
                }
                1 => {
                    seen.push(request);
                    shuffle(&mut chance, &mut seen)
                }
                _ => vec![],
            }
        });
        let client = Client::builder()
            .connect(&fake.endpoint)
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let mut random = Random(11);
        let mut answered = 0;
        for round in 0_i64..2_000 {
            let mut calls = Vec::new();
            for nth in 0..=random.below(8) {
                let a = round * 16 + i64::try_from(nth).unwrap();
                let add = ProbeAdd { a, b: 0 };
                match random.below(4) {
                    0 => drop(client.begin(&add).unwrap()),
                    1 => {
                        let hasty = client.with_timeout(Duration::from_micros(50)).call(&add);
                        assert!(hasty.is_err() || hasty == Ok(a));
                    }
                    _ => calls.push((a, client.begin(&add).unwrap())),
                }
            }
            client.call(&ProbeHold).unwrap();
            while !calls.is_empty() {
                let (a, call) = calls.swap_remove(random.below(calls.len()));
                assert_eq!(call.wait(), Ok(a));
                answered += 1;
            }
        }
        assert!(answered > 3_000);
        assert!(client.stats().late_replies > 1_000);
        assert_eq!(client.stats().in_flight, 0);
    });
}
