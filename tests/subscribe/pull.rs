//! What is pushed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use zmqrpc::push::Puller;

use super::publisher::{Pusher, Rogue, notification, number};
use super::recorder::{SensorClient, record};
use super::support::{await_state, within};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn nothing_that_is_pushed_is_lost_behind_a_slow_handler() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .pull(Puller::bind("tcp://127.0.0.1:*"))
                .worker_threads(1)
                .max_queue(4)
        });
        let endpoint = server.pulls()[0].endpoint.clone();
        let count = 5000;
        let pushing = thread::spawn(move || {
            let pusher = Pusher::connect(&endpoint);
            pusher.call("slowly", &number(0));
            for value in 1..count {
                pusher.reading(value);
            }
            pusher
        });
        recorder.gate.await_arrivals(1);
        // The first is executed, and so many wait as may, while those who push have much more.
        await_state("a full queue", || server.stats().requests == 5);
        recorder.gate.open();
        let numbers = recorder.log.await_numbers(usize::try_from(count).unwrap());
        assert_eq!(
            numbers,
            (0..count).collect::<Vec<u64>>(),
            "each once, in order"
        );
        assert_eq!(server.stats().overloaded, 0);
        pushing.join().unwrap();
    });
}

#[test]
fn no_more_is_taken_than_may_wait_and_the_rest_stays_with_those_who_push() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .pull(Puller::bind("tcp://127.0.0.1:*"))
                .worker_threads(2)
                .max_message(64 << 10)
                .max_queue_bytes(1 << 20)
        });
        let pusher = Pusher::connect(&server.pulls()[0].endpoint);
        pusher.socket.set_sndtimeo(500).unwrap();
        pusher.socket.set_linger(0).unwrap();
        for value in 0..2 {
            pusher.call("slowly", &number(value));
        }
        recorder.gate.await_arrivals(2);
        // Each as large as it may be; undecodable, which is found out when they are executed.
        let large = notification("reading", &vec![0xC1; 60 << 10]);
        let mut sent = 0;
        while pusher.socket.send(&large, 0).is_ok() {
            sent += 1;
        }
        // 1 MiB in the queue; the rest, 100 messages at most and what the system buffers, is libzmq's.
        let waiting = server.stats().requests - 2;
        assert!((17..=19).contains(&waiting), "{waiting} wait, {sent} sent");
        assert!(sent < 400, "{sent} were sent");
        recorder.gate.open();
        await_state("the end of all", || server.stats().refused == sent);
    });
}

/// Long after libzmq was told to hold fewer: nobody may wait for a room that it does not tell of.
#[test]
fn what_was_left_unread_for_long_comes_all_the_same() {
    for endpoint in [
        "tcp://127.0.0.1:*".to_owned(),
        format!("ipc:///tmp/zmqrpc-unread-{}", std::process::id()),
        "inproc://unread".to_owned(),
    ] {
        within(LIMIT, move || {
            let (server, recorder) = record(|builder| {
                builder
                    .pull(Puller::bind(&endpoint))
                    .worker_threads(1)
                    .max_queue(4)
            });
            let pusher = zmqrpc::push::Pusher::connect(&server.pulls()[0].endpoint).unwrap();
            // More than those who push and the system hold.
            let padded = pusher.with_metadata("padding", "x".repeat(2_000));
            let (jobs, count) = (SensorClient::new(padded), 10_000);
            let progress = Arc::new(AtomicU64::new(0));
            let counted = Arc::clone(&progress);
            let pushing = thread::spawn(move || {
                jobs.slowly(0).unwrap();
                for value in 1..count {
                    jobs.reading(value).unwrap();
                    counted.fetch_add(1, Ordering::SeqCst);
                }
            });
            recorder.gate.await_arrivals(1);
            await_standstill(&progress);
            let before = progress.load(Ordering::SeqCst);
            assert!(before < count - 1, "all {before} found room");
            recorder.gate.open();
            let expected = usize::try_from(count).unwrap();
            let numbers = recorder.log.await_numbers(expected);
            assert_eq!(
                numbers,
                (0..count).collect::<Vec<_>>(),
                "each once, in order"
            );
            pushing.join().unwrap();
        });
    }
}

/// Waits until it has not changed for some time.
fn await_standstill(count: &AtomicU64) {
    let mut last = (count.load(Ordering::SeqCst), Instant::now());
    while last.1.elapsed() < Duration::from_millis(300) {
        let now = count.load(Ordering::SeqCst);
        if now != last.0 {
            last = (now, Instant::now());
        }
        thread::yield_now();
    }
}

#[test]
fn pushed_commands_that_wait_keep_no_caller_out() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .bind("tcp://127.0.0.1:*")
                .pull(Puller::bind("tcp://127.0.0.1:*"))
                .worker_threads(2)
                .max_queue(3)
        });
        let pusher = Pusher::connect(&server.pulls()[0].endpoint);
        for value in 0..2 {
            pusher.call("slowly", &number(value));
        }
        recorder.gate.await_arrivals(2);
        for value in 2..50 {
            pusher.reading(value);
        }
        await_state("a full queue", || server.stats().requests == 5);
        let client = SensorClient::connect(&server.endpoints()[0]).unwrap();
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let client = client.clone();
                thread::spawn(move || client.count())
            })
            .collect();
        await_state("three calls that wait", || server.stats().requests == 8);
        // The bounds of calls are those that they had without it.
        let error = client.count().unwrap_err();
        assert!(matches!(error, zmqrpc::Error::Overloaded { .. }), "{error}");
        recorder.gate.open();
        for caller in callers {
            caller.join().unwrap().unwrap();
        }
        recorder.log.await_entries(50);
    });
}

#[test]
fn only_what_wants_no_answer_is_executed() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let (server, recorder) = record(|builder| builder.pull(Puller::connect(&pusher.endpoint)));
        let mut call = notification("reading", &number(1));
        call[2] = 0x01;
        pusher.socket.send(call, 0).unwrap();
        for kind in [0x04, 0x05] {
            let mut frame = vec![0xC1, 1, kind];
            frame.extend(9_u64.to_le_bytes());
            pusher.socket.send(frame, 0).unwrap();
        }
        pusher.reading(2);
        assert_eq!(recorder.log.await_numbers(1), [2]);
        assert_eq!(
            (server.pulls()[0].received, server.pulls()[0].malformed),
            (1, 3)
        );
        assert_eq!(server.stats().malformed, 3);
        assert_eq!(server.stats().unreachable, 0);
    });
}

#[test]
fn what_has_arrived_is_executed_before_the_end() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| {
            builder
                .pull(Puller::bind("tcp://127.0.0.1:*"))
                .worker_threads(1)
                .max_queue(4)
        });
        let mut pusher = Rogue::connect(&server.pulls()[0].endpoint, "PUSH");
        pusher.send(&[&notification("slowly", &number(0))]);
        recorder.gate.await_arrivals(1);
        // In the queue, and beyond that in the socket.
        for value in 1..100 {
            pusher.send(&[&notification("reading", &number(value))]);
        }
        pusher.settle();
        let ending = thread::spawn(move || server.shutdown(Duration::from_secs(20)));
        recorder.gate.open();
        ending.join().unwrap().unwrap();
        assert_eq!(recorder.log.numbers(), (0..100).collect::<Vec<u64>>());
    });
}

#[test]
fn a_pusher_that_never_stops_does_not_hold_up_the_end() {
    within(LIMIT, || {
        let (server, recorder) = record(|builder| builder.pull(Puller::bind("tcp://127.0.0.1:*")));
        let endpoint = server.pulls()[0].endpoint.clone();
        let pushing = thread::spawn(move || {
            let pusher = Pusher::connect(&endpoint);
            pusher.socket.set_sndtimeo(200).unwrap();
            pusher.socket.set_linger(0).unwrap();
            let frame = notification("reading", &number(1));
            while pusher.socket.send(&frame, 0).is_ok() {}
        });
        recorder.log.await_entries(1000);
        server.shutdown(Duration::from_secs(20)).unwrap();
        pushing.join().unwrap();
    });
}

#[test]
fn work_is_shared_among_the_servers_that_pull() {
    within(LIMIT, || {
        let pusher = Pusher::bind();
        let servers: Vec<_> = (0..3)
            .map(|_| record(|builder| builder.pull(Puller::connect(&pusher.endpoint))))
            .collect();
        // A PUSH gives to who is there; so it is waited until all are.
        let mut sent = 0;
        let shares = || servers.iter().map(|(server, _)| server.pulls()[0].received);
        while shares().any(|share| share < 100) {
            pusher.reading(sent);
            sent += 1;
        }
        await_state("all of them", || shares().sum::<u64>() == sent);
        let mut numbers: Vec<u64> = servers
            .iter()
            .flat_map(|(server, recorder)| {
                let count = server.pulls()[0].received;
                recorder.log.await_numbers(usize::try_from(count).unwrap())
            })
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..sent).collect::<Vec<u64>>());
    });
}
