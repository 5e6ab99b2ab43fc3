//! What the handle of a client can do: many calls at once, many threads, notifications, layers of a user's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use zmqrpc::service::{Failure, Transport};
use zmqrpc::{CallError, Client, Command, Executed};

use super::book::{BookClient, LIMIT, open_book, same};
use super::commands::Greet;
use super::support::{self, ProbeAdd, ProbeClient, ProbeNote, anywhere, serve, within};

#[test]
fn ten_thousand_calls_are_on_their_way_at_once() {
    within(LIMIT, || {
        for endpoint in [
            "tcp://127.0.0.1:*",
            &support::ipc("pipelining"),
            "inproc://calls-pipelining",
        ] {
            let (server, _gate) = serve(|builder| builder.bind(endpoint));
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            let calls: Vec<_> = (0..10_000)
                .map(|a| (a, client.begin(&ProbeAdd { a, b: 1 }).unwrap()))
                .collect();
            assert_eq!(client.stats().in_flight, 10_000);
            for (a, call) in calls.into_iter().rev() {
                same(call.wait(), a + 1);
            }
            assert_eq!(client.stats().in_flight, 0);
            assert_eq!(client.stats().late_replies, 0);
            // Half of them are given up.
            let calls: Vec<_> = (0..2_000)
                .map(|a| (a, client.begin(&ProbeAdd { a, b: 1 }).unwrap()))
                .collect();
            for (a, call) in calls {
                if a % 2 == 0 {
                    drop(call);
                } else {
                    same(call.wait(), a + 1);
                }
            }
            assert_eq!(client.stats().in_flight, 0);
        }
    });
}

#[test]
fn calls_that_were_begun_are_executed_before_anybody_waits() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        ProbeClient::new(client.clone()).add(1, 1).unwrap();
        let call = client.begin(&support::ProbeHold).unwrap();
        gate.await_arrivals(1);
        gate.open();
        call.wait().unwrap();
    });
}

#[test]
fn many_threads_share_one_client() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let callers: Vec<_> = (0..8)
            .map(|caller: i64| {
                let client = client.clone();
                thread::spawn(move || {
                    let probe = ProbeClient::new(client.clone());
                    for n in 0..300 {
                        match n % 5 {
                            0 => probe.note(1).unwrap(),
                            1 => drop(client.begin(&ProbeAdd { a: n, b: 1 }).unwrap()),
                            2 => same(probe.slow_add(caller, n), caller + n),
                            _ => same(probe.add(caller, n), caller + n),
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(client.stats().in_flight, 0);
        same(ProbeClient::new(client).notes(), 8 * 60);
    });
}

#[test]
fn notifications_are_executed_and_never_answered() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let probe = ProbeClient::new(client.clone());
        for number in 0..1_000 {
            client.notify(&ProbeNote { number }).unwrap();
        }
        // A failure is not answered either.
        client
            .notify(&Greet {
                name: "nobody".into(),
            })
            .unwrap();
        client.notify(&ProbeAdd { a: 1, b: 2 }).unwrap();
        let mut asked = 1;
        while probe.notes().unwrap() < 1_000 {
            asked += 1;
        }
        same(probe.notes(), 1_000);
        assert_eq!(client.stats().in_flight, 0);
        server.shutdown(LIMIT).unwrap();
        assert_eq!(server.stats().replies, asked + 1);
        assert_eq!(client.stats().late_replies, 0);
    });
}

/// A layer of a user's: counts calls and tries those again that were surely not executed.
#[derive(Clone)]
struct Layer {
    inner: Client,
    calls: std::sync::Arc<AtomicU64>,
}

impl Transport for Layer {
    type Call<R, F> = Result<R, F>;

    fn call<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        let first = self.once(command);
        match &first {
            Err(failure)
                if failure
                    .rpc()
                    .is_some_and(|error| error.executed() == Executed::No) =>
            {
                self.once(command)
            }
            _ => first,
        }
    }
}

impl Layer {
    fn once<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.inner.call(command)
    }
}

#[test]
fn a_stub_works_over_a_layer_of_the_users() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let layer = Layer {
            inner: Client::connect(&server.endpoints()[0]).unwrap(),
            calls: std::sync::Arc::default(),
        };
        let book = BookClient::new(layer.clone());
        same(book.checked(4), 8);
        assert_eq!(
            book.checked(255),
            Err(CallError::Service("255 is too much".to_owned()))
        );
        assert_eq!(layer.calls.load(Ordering::SeqCst), 2);
        assert!(layer.call(&Greet { name: "x".into() }).is_err());
        assert_eq!(layer.calls.load(Ordering::SeqCst), 4);
        same(BookClient::new(&layer).checked(1), 2);
    });
}
