//! Calls that get no reply, because of time or of the connection.

use std::error::Error as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::error::UnavailableCause;
use zmqrpc::{Client, Error, Executed};

use super::expectation::{LIMIT, answered, check, nobody, probe};
use super::support::{self, ProbeClient, anywhere, serve, within};

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
        // The text is complete; the source is the cause, to be told from others by its type.
        let cause = error
            .source()
            .and_then(<dyn std::error::Error>::downcast_ref);
        assert_eq!(cause, Some(&UnavailableCause::Disconnected));
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
