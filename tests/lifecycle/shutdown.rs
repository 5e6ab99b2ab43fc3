//! What a shutdown waits for, and what it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{Client, Error, Executed, Server};

use super::fixture::LIMIT;
use super::support::{
    self, Peer, ProbeAdd, ProbeClient, ProbeHold, anywhere, call_by_key, key, serve, within,
};

#[test]
fn an_idle_server_ends_at_once_and_stays_ended() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        client.call(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let start = Instant::now();
        server.shutdown(LIMIT).unwrap();
        assert!(start.elapsed() < Duration::from_secs(1));
        server.shutdown(Duration::ZERO).unwrap();
        server.wait().unwrap();
        assert_eq!(server.endpoints(), [""; 0]);
        assert_eq!(server.stats().requests, 1);
        for result in [
            server.add_bind("tcp://127.0.0.1:*").map(drop),
            server.add_connect("tcp://127.0.0.1:1").map(drop),
            server.remove_endpoint("tcp://127.0.0.1:1"),
        ] {
            let text = result.unwrap_err().to_string();
            assert!(text.ends_with("the server has ended"), "{text}");
        }
    });
}

#[test]
fn a_hanging_service_does_not_hold_up_a_shutdown() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let held = client.clone();
        let caller = thread::spawn(move || held.call(&ProbeHold));
        gate.await_arrivals(1);
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        let error = server.shutdown(limit).unwrap_err();
        let took = start.elapsed();
        assert!(took >= limit && took < limit * 3, "{took:?}");
        assert_eq!(error, Error::StillRunning { timeout: limit });
        assert_eq!(
            error.to_string(),
            "a service is still running after 200ms; it goes on until it returns, its reply is dropped"
        );
        assert!(error.target().is_none() && error.executed() == Executed::No);
        let error = caller.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        gate.open();
        server.wait().unwrap();
        server.shutdown(Duration::ZERO).unwrap();
    });
}

#[test]
fn what_has_arrived_is_executed_and_answered_before_the_end() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let server = Arc::new(server);
        let peer = Peer::connect(&server.endpoints()[0]);
        peer.send(call_by_key(1, key("Probe.hold", "->unit", 1), 0, &[]));
        gate.await_arrivals(1);
        // On one connection after `hold`, so that they have arrived when the last of them has.
        let add = key("Probe.add", "i64,i64,->i64", 1);
        for id in 2..500 {
            peer.send(call_by_key(id, add, 0, &[4, 6]));
        }
        let ender = Arc::clone(&server);
        gate.open();
        // The first answer: the server looks at its socket again.
        for _ in 0..100 {
            assert_eq!(peer.answer()[11], 0);
        }
        let shutdown = thread::spawn(move || ender.shutdown(LIMIT));
        let mut statuses = [0; 17];
        for _ in 100..499 {
            statuses[usize::from(peer.answer()[11])] += 1;
        }
        shutdown.join().unwrap().unwrap();
        assert_eq!(statuses[0] + statuses[9], 399, "{statuses:?}");
        let stats = server.stats();
        assert_eq!(stats.dropped + stats.unreachable, 0);
    });
}

#[test]
fn every_call_under_load_ends_when_the_server_does() {
    within(LIMIT, || {
        for _ in 0..5 {
            let (server, _gate) = serve(anywhere);
            let endpoint = server.endpoints().remove(0);
            let stop = Arc::new(AtomicBool::new(false));
            let callers: Vec<_> = (0..4)
                .map(|_| {
                    let client = Client::builder()
                        .connect(&endpoint)
                        .connect_timeout(Duration::from_millis(300))
                        .build()
                        .unwrap();
                    let stop = Arc::clone(&stop);
                    thread::spawn(move || {
                        let (mut answered, mut declined) = (0_u64, 0_u64);
                        while !stop.load(Ordering::Relaxed) {
                            // Without a server a call does not even begin.
                            let calls: Vec<_> = (0..50)
                                .map_while(|a| client.begin(&ProbeAdd { a, b: 0 }).ok())
                                .collect();
                            for call in calls {
                                match call.wait() {
                                    Ok(_) => answered += 1,
                                    Err(Error::ShuttingDown { .. }) => declined += 1,
                                    Err(Error::Unavailable { .. }) => {}
                                    Err(error) => panic!("{error:?}"),
                                }
                            }
                        }
                        (answered, declined)
                    })
                })
                .collect();
            while server.stats().requests < 2_000 {
                thread::yield_now();
            }
            let start = Instant::now();
            let result = server.shutdown(Duration::from_secs(2));
            let took = start.elapsed();
            stop.store(true, Ordering::Relaxed);
            let (answered, declined) = callers
                .into_iter()
                .map(|caller| caller.join().unwrap())
                .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            assert_eq!(result, Ok(()), "after {took:?}");
            assert!(took < Duration::from_secs(3), "{took:?}");
            // More may have been answered: what is on its way when a connection ends is lost, and told so.
            assert!(answered > 0 && answered + declined <= server.stats().requests);
        }
    });
}

#[test]
fn a_caller_that_takes_no_replies_is_not_a_service_that_runs() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let deaf = Peer::deaf(&server.endpoints()[0]);
        let bytes = key("Probe.bytes", "u64,->bytes", 1);
        for id in 1..3_000 {
            deaf.send(call_by_key(id, bytes, 0, &support::varint(10_000)));
        }
        let client = ProbeClient::connect(&server.endpoints()[0]).unwrap();
        while server.stats().requests < 2_999 {
            client.add(1, 1).unwrap();
        }
        let start = Instant::now();
        let result = server.shutdown(Duration::from_secs(3));
        let took = start.elapsed();
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert!(
            !matches!(result, Err(Error::StillRunning { .. })),
            "no service is running: {result:?} after {took:?}"
        );
    });
}

#[test]
fn wait_ends_when_another_thread_shuts_the_server_down() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let server = Arc::new(server);
        let waiter = Arc::clone(&server);
        let waiter = thread::spawn(move || waiter.wait());
        server.shutdown(LIMIT).unwrap();
        waiter.join().unwrap().unwrap();
    });
}

#[test]
fn a_service_can_ask_for_the_shutdown_of_its_own_server() {
    within(LIMIT, || {
        let handle = Arc::new(std::sync::OnceLock::<std::sync::Weak<zmqrpc::ServerHandle>>::new());
        let own = Arc::clone(&handle);
        let server = anywhere(Server::builder())
            .handler(move |_: support::Quit| {
                let server = own.get().unwrap().upgrade().unwrap();
                server.shutdown(Duration::ZERO).is_err()
            })
            .start()
            .unwrap();
        let server = Arc::new(server);
        handle.set(Arc::downgrade(&server)).unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        // Its socket is closed under it, so the answer may get lost; nothing hangs.
        let _ = client
            .with_timeout(Duration::from_secs(2))
            .call(&support::Quit);
        server.wait().unwrap();
    });
}
