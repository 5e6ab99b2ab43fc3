//! Events that come faster than they are executed: those that are short are executed several at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::publisher::{Publisher, number};
use super::recorder::{only, record};
use super::support::{await_state, within};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn one_that_takes_its_time_holds_no_other_up() {
    within(LIMIT, || {
        for round in 0..10 {
            let mut publisher = Publisher::bind(1);
            let (_server, recorder) =
                record(|builder| builder.subscribe(&publisher.endpoint).worker_threads(2));
            publisher.await_subscriber();
            // Wherever it comes among those that are executed together.
            let slow = 2_000 + round;
            let all = slow + 100;
            for value in 0..all {
                let method = if value == slow { "slowly" } else { "reading" };
                publisher.call("", method, &number(value));
            }
            let others = usize::try_from(all - 1).unwrap();
            let mut numbers = recorder.log.await_numbers(others);
            numbers.sort_unstable();
            let expected: Vec<u64> = (0..all).filter(|value| *value != slow).collect();
            assert!(numbers == expected, "each of the others, once");
            recorder.gate.open();
            assert_eq!(recorder.log.await_numbers(others + 1).last(), Some(&slow));
        }
    });
}

#[test]
fn one_worker_keeps_their_order_whatever_some_of_them_do() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (server, recorder) =
            record(|builder| builder.subscribe(&publisher.endpoint).worker_threads(1));
        publisher.await_subscriber();
        recorder.gate.open();
        let all = 10_000;
        for value in 0..all {
            let method = match value % 50 {
                7 => "fails",
                11 => "panics",
                13 => "unheard_of",
                17 => "slowly",
                _ => "reading",
            };
            publisher.call("", method, &number(value));
        }
        let written: Vec<u64> = (0..all)
            .filter(|value| ![7, 11, 13].contains(&(value % 50)))
            .collect();
        let numbers = recorder.log.await_numbers(written.len());
        assert!(numbers == written, "in order");
        let stats = server.stats();
        assert_eq!((stats.panics, stats.refused), (all / 50, all / 50));
        assert_eq!(stats.requests, all - all / 50);
        assert_eq!((only(&server).received, only(&server).lost), (all, 0));
    });
}

#[test]
fn async_methods_among_them_go_on_elsewhere() {
    within(LIMIT, || {
        let mut publisher = Publisher::bind(1);
        let (_server, recorder) =
            record(|builder| builder.subscribe(&publisher.endpoint).worker_threads(2));
        publisher.await_subscriber();
        let all = 5_000;
        for value in 0..all {
            let method = if value % 3 == 0 { "later" } else { "reading" };
            publisher.call("", method, &number(value));
        }
        let mut numbers = recorder.log.await_numbers(usize::try_from(all).unwrap());
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..all), "each of them, once");
    });
}

#[test]
fn what_was_taken_on_before_a_shutdown_is_executed() {
    within(LIMIT, || {
        for _ in 0..10 {
            let mut publisher = Publisher::bind(1);
            let (server, recorder) = record(|builder| builder.subscribe(&publisher.endpoint));
            publisher.await_subscriber();
            let ended = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let ending = SetAtEnd(&ended);
                scope.spawn(|| {
                    for value in 0.. {
                        publisher.reading("", value);
                        if ended.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
                await_state("a burst", || server.stats().requests > 500);
                server.shutdown(Duration::from_secs(20)).unwrap();
                drop(ending);
            });
            let numbers = recorder.log.numbers();
            assert_eq!(numbers.len() as u64, server.stats().requests);
        }
    });
}

/// Ends the publisher whatever becomes of the test.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
