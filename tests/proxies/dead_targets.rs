//! Targets that are not there, die or freeze.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{Client, Error, Executed};

use crate::support::{
    Peer, ProbeAdd, ProbeHold, TargetAdd, TargetClient, TargetHold, TargetProcess, anywhere,
    call_by_key, key, serve, serve_again, within,
};
use crate::{ANYWHERE, LIMIT, await_stats, client_of, endpoint, eventually, proxy_to, watchful};

fn assert_unavailable(error: &Error, reason: &str, executed: Executed) {
    match error {
        Error::Unavailable { cause: told, .. } => {
            assert!(told.to_string().contains(reason), "{told}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(error.executed(), executed);
}

#[test]
fn a_target_that_was_never_there_costs_a_typed_error_in_time() {
    within(LIMIT, || {
        let proxy = watchful("tcp://127.0.0.1:1");
        let client = client_of(&proxy);
        let start = Instant::now();
        let error = client.add(2, 3).unwrap_err();
        assert_unavailable(&error, "to its target in time", Executed::No);
        let took = start.elapsed();
        assert!((250..1000).contains(&took.as_millis()), "{took:?}");
        // With less time than that, it is the time that is over.
        let hasty = client.with_timeout(Duration::from_millis(100));
        assert!(matches!(hasty.add(2, 3), Err(Error::Timeout { .. })));
        // Others are not held up meanwhile.
        let waiting = Client::connect(&proxy.endpoints()[0]).unwrap();
        let calls: Vec<_> = (0..100)
            .map(|a| waiting.begin(&ProbeAdd { a, b: 0 }).unwrap())
            .collect();
        for call in calls {
            assert_unavailable(&call.wait().unwrap_err(), "in time", Executed::No);
        }
    });
}

#[test]
fn what_waits_is_executed_when_the_target_comes() {
    within(LIMIT, || {
        let place = crate::support::ipc("comes-late");
        let proxy = proxy_to(&place);
        let client = client_of(&proxy);
        let waiting = thread::spawn(move || client.add(2, 3));
        await_stats(&proxy, "the request", |stats| stats.received == 1);
        let (server, _gate) = serve(|builder| builder.bind(&place));
        assert_eq!(waiting.join().unwrap(), Ok(5));
        assert_eq!(server.stats().requests, 1);
    });
}

#[test]
fn a_target_killed_with_calls_under_way_fails_them_at_once() {
    within(LIMIT, || {
        let mut target = TargetProcess::start(4);
        let proxy = proxy_to(&target.endpoint);
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held: Vec<_> = (0..3)
            .map(|_| client.begin(&TargetHold { gate: 1 }).unwrap())
            .collect();
        for _ in 0..3 {
            target.await_hold(1);
        }
        let start = Instant::now();
        target.process.kill();
        for call in held {
            let error = call.wait().unwrap_err();
            assert_unavailable(&error, "lost its connection", Executed::Maybe);
        }
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(proxy.stats().lost, 3);
        // And when it is there again, so are its calls.
        target.replace(4);
        let client = TargetClient::connect(&proxy.endpoints()[0]).unwrap();
        assert_eq!(client.add(2, 3), Ok(5));
    });
}

#[test]
fn a_frozen_target_is_found_out_by_pings() {
    within(LIMIT, || {
        let target = TargetProcess::start(4);
        let proxy = watchful(&target.endpoint);
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        assert_eq!(client.call(&TargetAdd { a: 2, b: 3 }), Ok(5));
        let held = client.begin(&TargetHold { gate: 1 }).unwrap();
        target.await_hold(1);
        target.process.freeze();
        let start = Instant::now();
        assert_unavailable(
            &held.wait().unwrap_err(),
            "no sign of life",
            Executed::Maybe,
        );
        let took = start.elapsed();
        assert!(took < Duration::from_millis(1500), "{took:?}");
        assert_eq!((proxy.stats().renewals, proxy.stats().lost), (1, 1));
        // It takes connections still, as the system does so for it, and nothing that one could be executed by.
        let error = client.call(&TargetAdd { a: 2, b: 3 }).unwrap_err();
        assert_unavailable(&error, "in time", Executed::No);
        target.process.thaw();
        eventually("the target's return", || {
            client.call(&TargetAdd { a: 2, b: 3 }) == Ok(5)
        });
    });
}

#[test]
fn a_slow_method_is_not_taken_for_a_dead_target() {
    within(LIMIT, || {
        let (server, gate) = serve(|builder| anywhere(builder).worker_threads(1));
        let proxy = watchful(&endpoint(&server));
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        let held = client.begin(&ProbeHold {}).unwrap();
        gate.await_arrivals(1);
        // The second sign of life: longer than silence may last.
        let peer = Peer::connect(&proxy.endpoints()[0]);
        peer.send(call_by_key(
            1,
            key("Probe.hold_for_ever", "->unit", 1),
            0,
            &[],
        ));
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(900) {
            thread::park_timeout(Duration::from_millis(900));
        }
        gate.open();
        assert_eq!(held.wait(), Ok(()));
        assert_eq!(proxy.stats().renewals, 0);
    });
}

#[test]
fn a_target_that_restarts_is_found_again() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let place = endpoint(&server);
        let proxy = proxy_to(&place);
        let client = client_of(&proxy);
        for _ in 0..3 {
            assert_eq!(client.add(2, 3), Ok(5));
        }
        drop(server);
        let (_server, _gate) = serve_again(|builder| builder.bind(&place));
        assert_eq!(client.add(2, 3), Ok(5));
    });
}

#[test]
fn an_inproc_target_that_goes_takes_its_calls_along_at_once() {
    within(LIMIT, || {
        let back = "inproc://goes-away";
        let (server, gate) = serve(|builder| builder.bind(back));
        let proxy = proxy_to(back);
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        assert_eq!(client.call(&ProbeAdd { a: 2, b: 3 }), Ok(5));
        drop(server);
        let waits = client.begin(&ProbeAdd { a: 2, b: 3 }).unwrap();
        let (server, _gate) = serve_again(|builder| builder.bind(back));
        assert_eq!(waits.wait(), Ok(5));
        gate.open();
        drop(server);
    });
}

#[test]
fn what_is_no_zeromq_is_told_apart() {
    within(LIMIT, || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("tcp://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                use std::io::Write;
                let _ = stream
                    .unwrap()
                    .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\r\n\r\n");
            }
        });
        let proxy = proxy_to(&place);
        let client = client_of(&proxy);
        let error = client.add(2, 3).unwrap_err();
        assert_unavailable(&error, "", Executed::No);
    });
}

#[test]
fn a_live_target_does_the_work_of_a_dead_one() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let back = Req::new()
            .connect("tcp://127.0.0.1:1")
            .connect(endpoint(&server));
        let proxy = Proxy::new(Rep::new().bind(ANYWHERE), back).start().unwrap();
        let client = client_of(&proxy);
        for _ in 0..100 {
            assert_eq!(client.add(2, 3), Ok(5));
        }
        await_stats(&proxy, "all answers", |stats| stats.answered == 100);
    });
}
