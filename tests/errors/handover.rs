//! Calls whose requests were not handed over, or not to anybody else than the caller's own thread.

use std::thread;
use std::time::Duration;

use zmqrpc::{AsyncClient, Client, Error, Executed, zmq_service};

use super::expectation::{LIMIT, check};
use super::support::{Peer, ProbeServer, Prober, head, within};

#[zmq_service]
trait Log {
    #[zmq(oneway)]
    fn note(&self, text: &[u8]);
}

fn impatient(endpoint: &str) -> LogClient<Client> {
    let client = Client::builder().connect(endpoint);
    let client = client.connect_timeout(Duration::from_millis(100));
    LogClient::new(client.build().unwrap())
}

#[test]
fn a_request_without_room_is_not_told_to_look_for_a_server() {
    within(LIMIT, || {
        let (_server, at) = Peer::bound(zmq::ROUTER, "tcp://127.0.0.1:*");
        let log = impatient(&at);
        log.with_timeout(LIMIT).note(b"there it is").unwrap();
        let error = loop {
            if let Err(error) = log.note(&[7; 10_000]) {
                break error;
            }
        };
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        check(
            &error,
            "Log.note",
            &at,
            Executed::No,
            "no room for the request within 100ms, the server takes nothing in; the call was not executed",
        );
    });
}

#[test]
fn a_request_for_a_server_that_ends_is_told_so() {
    within(LIMIT, || {
        let (server, at) = Peer::bound(zmq::ROUTER, "tcp://127.0.0.1:*");
        let log = impatient(&at);
        log.with_timeout(LIMIT).note(b"there it is").unwrap();
        let frames = server.receive(LIMIT).unwrap();
        server.send_all(&[frames[0].clone(), head(0x89, 7)]);
        // The answer to that is the last that comes.
        server.receive(LIMIT).unwrap();
        let error = log.note(b"too late").unwrap_err();
        check(
            &error,
            "Log.note",
            &at,
            Executed::No,
            "the server is shutting down, and no other one came within 100ms; the call was not executed",
        );
    });
}

#[test]
fn a_call_within_the_process_that_is_refused_too_late_was_not_executed() {
    within(LIMIT, || {
        let client = AsyncClient::local(ProbeServer::new(Prober::default()));
        let client = Client::from(client.with_timeout(Duration::from_nanos(1)));
        let refused = client.invoke::<i64>("Probe.add", &("no number",));
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
    });
}

#[zmq_service]
trait Sleeper {
    fn sleep(&self);
}

struct Bed;

impl Sleeper for Bed {
    fn sleep(&self) {
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_call_within_the_process_that_took_too_long_was_executed() {
    within(LIMIT, || {
        let client = SleeperClient::local(Bed).with_timeout(Duration::from_millis(10));
        let error = client.sleep().unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::Yes);
    });
}
