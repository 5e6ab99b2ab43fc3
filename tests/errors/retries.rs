//! Calls that were made again: what any of their tries may have done counts.

use std::sync::mpsc::{Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zmqrpc::{AsyncClient, Client, Error, Executed, zmq_service};

use super::expectation::LIMIT;
use super::support::{Request, failure, within};

#[zmq_service]
trait Steps {
    #[zmq(idempotent)]
    fn step(&self) -> u64;
}

/// Two servers, one after the other.
struct Servers {
    endpoint: String,
    over: Sender<()>,
    thread: JoinHandle<()>,
}

impl Servers {
    fn end(self) {
        drop(self.over);
        self.thread.join().unwrap();
    }
}

/// A server that takes a request and is gone; what comes in its place answers each one with this status, if it comes at
/// all. It stays until it is ended: a client's libzmq drops a reply that was not taken before the connection ends.
fn dies_then(status: Option<(u8, u8)>) -> Servers {
    let (tell, told) = channel();
    let (over, until_over) = channel::<()>();
    let thread = thread::spawn(move || {
        let context = zmq::Context::new();
        let open = |endpoint: &str| {
            let router = context.socket(zmq::ROUTER).unwrap();
            router.set_linger(0).unwrap();
            // The one before it may still be closing.
            while router.bind(endpoint).is_err() {
                thread::yield_now();
            }
            router
        };
        let first = open("tcp://127.0.0.1:*");
        let endpoint = first.get_last_endpoint().unwrap().unwrap();
        tell.send(endpoint.clone()).unwrap();
        first.recv_multipart(0).unwrap();
        drop(first);
        let Some((status, executed)) = status else {
            return;
        };
        let second = open(&endpoint);
        second.set_rcvtimeo(10).unwrap();
        while until_over.try_recv() == Err(TryRecvError::Empty) {
            let Ok(frames) = second.recv_multipart(0) else {
                continue;
            };
            let id = Request::read(frames.last().unwrap()).id;
            let reply = failure(id, status, executed, "17");
            second.send_multipart([&frames[0], &reply], 0).unwrap();
        }
    });
    Servers {
        endpoint: told.recv().unwrap(),
        over,
        thread,
    }
}

/// A client that waits for a connection so long: without end for the server that comes in place of the first, and not
/// long for one that does not.
fn client(endpoint: &str, connect_timeout: Duration) -> Client {
    Client::builder()
        .connect(endpoint)
        .timeout(LIMIT)
        .connect_timeout(connect_timeout)
        .build()
        .unwrap()
}

const SHORT: Duration = Duration::from_millis(300);

#[track_caller]
fn assert_perhaps(error: &Error, what: &str) {
    assert_eq!(error.executed(), Executed::Maybe, "{what}: {error:?}");
    let text = error.to_string();
    assert!(!text.contains("was not executed"), "{what}: {text}");
    assert!(text.contains("may have been executed"), "{what}: {text}");
}

#[test]
fn a_try_that_was_lost_counts_although_no_other_one_was_sent() {
    within(LIMIT, || {
        let servers = dies_then(None);
        let client = client(&servers.endpoint, SHORT);
        let error = StepsClient::new(client).step().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_perhaps(&error, "no connection");
        servers.end();
    });
}

#[test]
fn a_try_that_was_lost_counts_although_another_one_was_refused() {
    within(LIMIT, || {
        for status in [2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 99] {
            let servers = dies_then(Some((status, 0)));
            let client = client(&servers.endpoint, LIMIT);
            let error = StepsClient::new(client).step().unwrap_err();
            assert_perhaps(&error, &format!("status {status}"));
            servers.end();
        }
    });
}

#[test]
fn a_task_learns_of_all_of_its_tries_too() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for status in [None, Some((9, 0))] {
            let servers = dies_then(status);
            let patience = if status.is_some() { LIMIT } else { SHORT };
            let client = AsyncClient::from(client(&servers.endpoint, patience));
            let error = runtime.block_on(StepsClient::new(client).step());
            assert_perhaps(&error.unwrap_err(), &format!("{status:?}"));
            servers.end();
        }
    });
}

#[test]
fn what_the_last_try_surely_did_is_told() {
    within(LIMIT, || {
        let servers = dies_then(Some((10, 2)));
        let client = client(&servers.endpoint, LIMIT);
        let error = StepsClient::new(client).step().unwrap_err();
        assert!(matches!(error, Error::Panicked { .. }), "{error:?}");
        servers.end();
    });
}
