//! zmqrpc, as a program would use it.

use std::thread;
use std::time::Duration;

use zmqrpc::{Client, Server, zmq_service};

use super::process::ready;
use super::race::Driver;
use super::work::{Service, Work, check_echo, check_sum, payload, terms};

#[zmq_service]
pub(crate) trait Probe {
    fn add(&self, a: i64, b: i64) -> i64;
    fn echo(&self, bytes: &[u8]) -> Vec<u8>;
    fn sleep(&self, millis: u64);
}

struct Worker;

impl Probe for Worker {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn sleep(&self, millis: u64) {
        thread::sleep(Duration::from_millis(millis));
    }
}

/// Serves for ever.
pub(crate) fn serve(_service: Service) {
    let server = Server::builder()
        .service(ProbeServer::new(Worker))
        .bind("tcp://127.0.0.1:*")
        .start()
        .expect("the server starts");
    ready(&server.endpoints().remove(0));
    server.wait().unwrap();
}

pub(crate) fn connect(endpoint: &str) -> Client {
    Client::connect(endpoint).expect("the endpoint is good")
}

/// The blocking client; tasks are for others.
pub(crate) fn blocking_driver(work: Work, endpoint: &str) -> Option<Driver> {
    Some(match work {
        Work::Sequential => {
            let probe = ProbeClient::new(connect(endpoint));
            Box::new(move |calls| add_in_turn(&probe, calls))
        }
        Work::InFlight(at_once) => batches(vec![connect(endpoint)], at_once),
        Work::Clients(clients) => {
            batches((0..clients).map(|_| connect(endpoint)).collect(), clients)
        }
        Work::Threads(threads) => {
            let probe = ProbeClient::new(connect(endpoint));
            Box::new(move |calls| {
                let share = calls.div_ceil(threads);
                thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| add_in_turn(&probe, share));
                    }
                });
                share * threads
            })
        }
        Work::Tasks(_) => return None,
        Work::Echo(len) => {
            let (probe, sent) = (ProbeClient::new(connect(endpoint)), payload(len));
            Box::new(move |calls| {
                for _ in 0..calls {
                    check_echo(&sent, &probe.echo(&sent).expect("an answer"));
                }
                calls
            })
        }
    })
}

fn add_in_turn(probe: &ProbeClient<Client>, calls: usize) -> usize {
    for number in 0..calls {
        let (a, b) = terms(number);
        check_sum((a, b), probe.add(a, b).expect("an answer"));
    }
    calls
}

fn batches(clients: Vec<Client>, at_once: usize) -> Driver {
    Box::new(move |calls| {
        let batches = calls.div_ceil(at_once);
        for batch in 0..batches {
            let numbers = batch * at_once..(batch + 1) * at_once;
            let begin = |number| {
                let (a, b) = terms(number);
                let call = clients[number % clients.len()].begin(&ProbeAdd { a, b });
                ((a, b), call.expect("the call begins"))
            };
            let calls: Vec<_> = numbers.map(begin).collect();
            for (asked, call) in calls {
                check_sum(asked, call.wait().expect("an answer"));
            }
        }
        batches * at_once
    })
}
