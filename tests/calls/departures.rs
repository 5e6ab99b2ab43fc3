//! Workers that leave a bound client: in an orderly way, by surprise, or in silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zmqrpc::error::UnavailableCause;
use zmqrpc::{Client, Error, Executed, Ping};

use super::book::LIMIT;
use super::bound::{DRAINING, SOON, await_workers, bound, bound_to, offer};
use super::support::{
    Peer, ProbeAdd, ProbeClient, ProbeHold, await_state, head, ipc, pong, reply, serve, within,
};

/// Endpoints of each kind, to bind to.
fn everywhere(name: &str) -> [String; 3] {
    [
        "tcp://127.0.0.1:*".to_owned(),
        ipc(name),
        format!("inproc://{name}"),
    ]
}

#[track_caller]
fn assert_disconnected(error: &Error) {
    let is_disconnected = matches!(
        error,
        Error::Unavailable {
            cause: UnavailableCause::Disconnected,
            ..
        }
    );
    assert!(is_disconnected, "{error:?}");
    assert_eq!(error.executed(), Executed::Maybe);
}

#[test]
fn calls_end_at_once_with_the_worker_that_they_went_to_and_others_go_on() {
    within(LIMIT, || {
        for endpoint in everywhere("dying-worker") {
            let (client, endpoint) = bound_to(&endpoint);
            let (dying, gate) = serve(|server| server.work_for(&*endpoint));
            await_workers(&client, 1);
            let held = client.begin(&ProbeHold {}).unwrap();
            gate.await_arrivals(1);
            let (_living, _gate) = serve(|server| server.work_for(&*endpoint));
            await_workers(&client, 2);
            // It says that it ends, and is gone before the call is done.
            let ending = std::thread::spawn(move || dying.shutdown(Duration::from_millis(100)));
            assert_disconnected(&held.wait().unwrap_err());
            ending.join().unwrap().unwrap_err();
            await_workers(&client, 1);
            let probe = ProbeClient::new(client.clone());
            for n in 0..20 {
                assert_eq!(probe.add(n, 1), Ok(n + 1));
            }
            assert_eq!(client.stats().renewals, 0);
            gate.open();
        }
    });
}

#[test]
fn a_worker_that_has_gone_is_not_listed_whatever_it_did_before() {
    within(LIMIT, || {
        for endpoint in ["tcp://127.0.0.1:*".to_owned(), ipc("leaving-worker")] {
            let client = Client::builder()
                .bind(&*endpoint)
                .ping(Ping {
                    interval: Duration::from_millis(20),
                    timeout: Duration::from_millis(100),
                })
                .build()
                .unwrap();
            let endpoint = client.endpoints().remove(0);
            let come = || {
                let worker = Peer::connect(&endpoint);
                worker.send(offer());
                await_workers(&client, 1);
                worker
            };
            // It was idle.
            drop(come());
            await_workers(&client, 0);
            // It had said that it ends, and was heard.
            let draining = come();
            draining.send(head(0x89, DRAINING));
            await_workers(&client, 0);
            draining.send(pong(DRAINING));
            drop(draining);
            // It had been silent for too long.
            let silent = come();
            let call = client.begin(&ProbeAdd { a: 1, b: 1 }).unwrap();
            call.wait().unwrap_err();
            assert!(client.workers().is_empty());
            drop(silent);
            // None of them is in the way of others.
            let (_worker, _gate) = serve(|server| server.work_for(&*endpoint));
            await_workers(&client, 1);
            let probe = ProbeClient::new(client.clone());
            for n in 0..20 {
                assert_eq!(probe.add(n, 1), Ok(n + 1));
            }
        }
    });
}

#[test]
fn a_worker_that_was_shut_down_is_not_listed() {
    within(LIMIT, || {
        for endpoint in everywhere("passing-worker") {
            let (client, endpoint) = bound_to(&endpoint);
            for _ in 0..3 {
                let (passing, _gate) = serve(|server| server.work_for(&*endpoint));
                await_workers(&client, 1);
                assert_eq!(ProbeClient::new(client.clone()).add(1, 1), Ok(2));
                passing.shutdown(SOON).unwrap();
                await_workers(&client, 0);
            }
        }
    });
}

#[test]
fn a_worker_that_contradicts_itself_gets_no_calls() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let worker = Peer::connect(&endpoint);
        worker.send(offer());
        await_workers(&client, 1);
        worker.send([head(0x8A, 0), vec![5, b'a']].concat());
        await_workers(&client, 0);
        let hasty = client.with_timeout(Duration::from_millis(100));
        let error = hasty.call(&ProbeAdd { a: 1, b: 1 }).unwrap_err();
        assert_eq!(error.executed(), Executed::No);
        // It may think better of it.
        worker.send(offer());
        await_workers(&client, 1);
        // More than a worker may have to say: a name of one byte, and services without end.
        let services = [vec![0, 0xFF, 0x07], [1, b's', 0].repeat(6_000)].concat();
        worker.send([head(0x8A, 0), services].concat());
        await_workers(&client, 0);
    });
}

#[test]
fn workers_that_come_and_go_in_an_orderly_way_cost_no_call() {
    within(LIMIT, || {
        let (client, endpoint) = bound();
        let (_steady, _gate) = serve(|server| server.work_for(&*endpoint));
        await_workers(&client, 1);
        let done = Arc::new(AtomicBool::new(false));
        let calling: Vec<_> = (0..3)
            .map(|_| {
                let (probe, done) = (ProbeClient::new(client.clone()), Arc::clone(&done));
                std::thread::spawn(move || {
                    let mut calls = 0;
                    while !done.load(Ordering::Relaxed) {
                        assert_eq!(probe.add(calls, 1), Ok(calls + 1));
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        for _ in 0..5 {
            let (passing, _gate) = serve(|server| server.work_for(&*endpoint));
            await_state("it has got calls", || passing.stats().requests > 20);
            passing.shutdown(SOON).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for thread in calling {
            assert!(thread.join().unwrap() > 0);
        }
    });
}

#[test]
fn a_raw_worker_is_asked_for_a_sign_of_life_and_given_up_when_it_gives_none() {
    within(LIMIT, || {
        let client = Client::builder()
            .bind("tcp://127.0.0.1:*")
            .ping(Ping {
                interval: Duration::from_millis(100),
                timeout: Duration::from_millis(300),
            })
            .build()
            .unwrap();
        let worker = Peer::connect(&client.endpoints()[0]);
        worker.send([head(0x8A, 0), vec![0, 0]].concat());
        await_workers(&client, 1);
        let call = client.begin(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let waiting = std::thread::spawn(move || call.wait());
        let [request] = worker.receive(SOON).unwrap().try_into().unwrap();
        assert_eq!(request[2], 0x01);
        let [ping] = worker.receive(SOON).unwrap().try_into().unwrap();
        assert_eq!(ping[2], 0x05);
        let error = waiting.join().unwrap().unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Unavailable {
                    cause: UnavailableCause::Silent { .. },
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(client.workers().is_empty());
        // It has stood still, and is heard again.
        worker.send(pong(0));
        await_workers(&client, 1);
        let call = client.begin(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let waiting = std::thread::spawn(move || call.wait());
        let id = loop {
            let [frame] = worker.receive(SOON).unwrap().try_into().unwrap();
            if frame[2] == 0x01 {
                break u64::from_le_bytes(frame[3..11].try_into().unwrap());
            }
        };
        worker.send(reply(id, 0, 0, &[10]));
        assert_eq!(waiting.join().unwrap(), Ok(5));
    });
}
