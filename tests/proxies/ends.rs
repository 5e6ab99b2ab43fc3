//! How proxies end, and what they leave behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{Client, Error, Executed};

use crate::support::{
    Peer, ProbeAdd, ProbeHold, TargetHold, TargetProcess, anywhere, call_by_key, failure, key,
    serve, within,
};
use crate::{ANYWHERE, LIMIT, await_stats, client_of, endpoint, proxy_to, timed_drop};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn it_ends_within_a_second_when_idle() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        assert_eq!(client_of(&proxy).add(2, 3), Ok(5));
        let start = Instant::now();
        assert_eq!(proxy.shutdown(5 * SECOND), Ok(()));
        assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
        // Once ended, it stays ended.
        assert_eq!(proxy.shutdown(5 * SECOND), Ok(()));
        assert!(timed_drop(proxy) < SECOND);
    });
}

#[test]
fn it_ends_within_a_second_when_its_target_is_dead() {
    within(LIMIT, || {
        let proxy = proxy_to("tcp://127.0.0.1:1");
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let key = key("Probe.add", "i64,i64,->i64", 1);
        for id in 1..=10 {
            peer.send(call_by_key(id, key, 20_000, &[4, 6]));
        }
        await_stats(&proxy, "the requests", |stats| stats.received == 10);
        let start = Instant::now();
        assert_eq!(proxy.shutdown(5 * SECOND), Ok(()));
        assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
        for id in 1..=10 {
            assert_eq!(peer.answer(), failure(id, 9, 0, ""));
        }
    });
}

#[test]
fn it_ends_within_a_second_when_its_queue_is_full() {
    within(LIMIT, || {
        let proxy = Proxy::new(
            Rep::new().bind(ANYWHERE),
            Req::new().connect("tcp://127.0.0.1:1"),
        )
        .max_calls(1000)
        .start()
        .unwrap();
        let peer = Peer::connect(&proxy.endpoints()[0]);
        let key = key("Probe.add", "i64,i64,->i64", 1);
        for id in 1..=2000 {
            peer.send(call_by_key(id, key, 20_000, &[4, 6]));
        }
        await_stats(&proxy, "a full queue", |stats| stats.overloaded == 1000);
        let took = timed_drop(proxy);
        assert!(took < SECOND, "{took:?}");
        let mut statuses = std::collections::BTreeMap::new();
        for _ in 0..2000 {
            *statuses.entry(peer.answer()[11]).or_insert(0) += 1;
        }
        // Overloaded and shutting down.
        assert_eq!(statuses, [(7, 1000), (9, 1000)].into());
    });
}

#[test]
fn it_ends_within_a_second_under_load() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let stop = Arc::new(AtomicBool::new(false));
        let load: Vec<_> = (0..4)
            .map(|_| {
                let client = Client::connect(&proxy.endpoints()[0]).unwrap();
                let stop = Arc::clone(&stop);
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let calls: Vec<_> = (0..64)
                            .map_while(|a| client.begin(&ProbeAdd { a, b: 1 }).ok())
                            .collect();
                        for (a, call) in (0..).zip(calls) {
                            match call.wait() {
                                Ok(sum) => assert_eq!(sum, a + 1),
                                Err(error) => {
                                    assert!(matches!(
                                        error,
                                        Error::ShuttingDown { .. } | Error::Unavailable { .. }
                                    ));
                                    return;
                                }
                            }
                        }
                    }
                })
            })
            .collect();
        await_stats(&proxy, "load", |stats| stats.answered > 1000);
        let start = Instant::now();
        assert_eq!(proxy.shutdown(5 * SECOND), Ok(()));
        assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
        stop.store(true, Ordering::Relaxed);
        for thread in load {
            thread.join().unwrap();
        }
    });
}

#[test]
fn it_ends_within_a_second_when_its_target_is_frozen() {
    within(LIMIT, || {
        let target = TargetProcess::start(4);
        let proxy = proxy_to(&target.endpoint);
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held = client.begin(&TargetHold { gate: 1 }).unwrap();
        target.await_hold(1);
        target.process.freeze();
        let took = timed_drop(proxy);
        assert!(took < SECOND, "{took:?}");
        let error = held.wait().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        assert_eq!(error.executed(), Executed::Maybe);
    });
}

#[test]
fn calls_under_way_may_end_before_it_does() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let client = Client::builder()
            .connect(&proxy.endpoints()[0])
            .connect_timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let held = client.begin(&ProbeHold {}).unwrap();
        gate.await_arrivals(1);
        let waiting = thread::spawn(move || held.wait());
        thread::scope(|scope| {
            let ending = scope.spawn(|| proxy.shutdown(10 * SECOND));
            // New ones wait for another one meanwhile.
            let refused = loop {
                match client.call(&ProbeAdd { a: 1, b: 1 }) {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert!(matches!(refused, Error::Unavailable { .. }), "{refused}");
            assert_eq!(refused.executed(), Executed::No);
            gate.open();
            assert_eq!(ending.join().unwrap(), Ok(()));
        });
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
}

#[test]
fn calls_that_do_not_end_in_time_are_given_up() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let proxy = proxy_to(&endpoint(&server));
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held = client.begin(&ProbeHold {}).unwrap();
        gate.await_arrivals(1);
        let limit = Duration::from_millis(50);
        assert_eq!(
            proxy.shutdown(limit),
            Err(Error::StillRunning { timeout: limit })
        );
        let error = held.wait().unwrap_err();
        assert_eq!(error.executed(), Executed::Maybe);
        gate.open();
    });
}

#[test]
fn its_endpoint_is_free_when_it_has_ended() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let mut place = ANYWHERE.to_owned();
        for _ in 0..10 {
            let back = Req::new().connect(endpoint(&server));
            let proxy = Proxy::new(Rep::new().bind(&place), back).start().unwrap();
            place.clone_from(&proxy.endpoints()[0]);
            assert_eq!(client_of(&proxy).add(2, 3), Ok(5));
        }
    });
}
