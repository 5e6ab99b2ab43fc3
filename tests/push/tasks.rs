//! Tasks that wait until there is room, or in vain.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::push::{AsyncPusher, Puller, Pusher};
use zmqrpc::{Error, Executed, Server};

use super::jobs::Miller;
use super::mill::{BLOB, LIMIT, MillClient, MillServer, SOON, fill, mill, number, stalled};
use super::support::{Peer, await_state, block_on, within};

#[test]
fn a_task_goes_no_faster_than_those_who_pull() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut waiting = pin!(tasks.blob(&BLOB));
            let soon = tokio::time::timeout(Duration::from_millis(100), &mut waiting);
            soon.await.expect_err("there is no room");
            assert_eq!(tasks.transport().stats().pushed, sent);
            for _ in 0..sent {
                peer.receive(SOON).unwrap();
            }
            waiting.await.unwrap();
            assert_eq!(tasks.transport().stats().pushed, sent + 1);
        });
    });
}

#[test]
fn a_future_that_is_dropped_has_sent_nothing_and_holds_nobody_up() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            // Polled in turn by one task: the first of them in the queue are given up, one of them after it was woken.
            let mut given_up: Vec<_> = (100..110)
                .map(|number| Box::pin(tasks.grind(number)))
                .collect();
            let mut noop = Context::from_waker(Waker::noop());
            for future in &mut given_up {
                assert!(future.as_mut().poll(&mut noop).is_pending());
            }
            let never_polled = tasks.grind(110);
            let others: Vec<_> = (0..10)
                .map(|number| tokio::spawn(tasks.grind(number)))
                .collect();
            // Their places in the queue are behind those that are about to go.
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(given_up.split_off(5));
            for _ in 0..sent {
                peer.receive(SOON).unwrap();
            }
            // Room wakes the first, whose future does not look any more.
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(given_up);
            drop(never_polled);
            for other in others {
                other.await.unwrap().unwrap();
            }
        });
        let seen: BTreeSet<_> = (0..10).map(|_| number(&peer)).collect();
        assert_eq!(seen, (0..10).collect());
        assert!(peer.is_silent());
    });
}

#[test]
fn tasks_without_a_puller_end_in_time() {
    within(LIMIT, || {
        let pusher = AsyncPusher::connect("tcp://127.0.0.1:1").unwrap();
        let mill = MillClient::new(pusher).with_timeout(Duration::from_millis(200));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let start = Instant::now();
        let errors = runtime.block_on(async {
            let tasks: Vec<_> = (0..50)
                .map(|number| tokio::spawn(mill.grind(number)))
                .collect();
            let mut errors = Vec::new();
            for task in tasks {
                errors.push(task.await.unwrap().unwrap_err());
            }
            errors
        });
        let elapsed = start.elapsed().as_millis();
        assert!((200..2000).contains(&elapsed), "{elapsed} ms");
        for error in errors {
            assert!(matches!(error, Error::Unavailable { .. }), "{error}");
            assert_eq!(error.executed(), Executed::No);
        }
    });
}

#[test]
fn a_task_waits_for_a_name_to_be_bound_in_this_process() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let pusher = Pusher::connect("inproc://bound-later").unwrap();
        let hasty = MillClient::new(pusher.with_timeout(Duration::from_millis(10)));
        let mill = MillClient::new(AsyncPusher::from(pusher.with_timeout(SOON)));
        runtime.block_on(async {
            for number in 0..2 {
                let push = tokio::spawn(mill.grind(number));
                // The task waits, and so does the one that waits for all tasks.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                let (sender, got) = channel();
                let server = Server::builder()
                    .service(MillServer::new(Miller(Mutex::new(sender))))
                    .pull(Puller::bind("inproc://bound-later"))
                    .start()
                    .unwrap();
                let start = Instant::now();
                push.await.unwrap().unwrap();
                assert!(start.elapsed() < SOON / 2, "not before its limit");
                assert_eq!(got.recv_timeout(SOON), Ok(number));
                server.shutdown(SOON).unwrap();
                await_state("it has gone", || hasty.grind(99).is_err());
            }
        });
    });
}

#[test]
fn tasks_of_another_runtime_wait_when_the_first_has_ended() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        for _ in 0..2 {
            let first = tokio::runtime::Runtime::new().unwrap();
            let error = first.block_on(tasks.with_timeout(Duration::from_millis(50)).grind(1));
            assert!(matches!(error, Err(Error::Unavailable { .. })), "{error:?}");
            drop(first);
        }
        let second = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let peer = Peer::of(zmq::PULL, &endpoint);
        second.block_on(tasks.grind(2)).unwrap();
        assert_eq!(number(&peer), 2);
    });
}

#[test]
fn tasks_wait_for_room_and_keep_their_limits_without_any_runtime() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let error = block_on(tasks.hasty()).unwrap_err();
        assert!(matches!(error, Error::Overloaded { .. }), "{error}");
        let waiting = thread::spawn(move || block_on(tasks.grind(5)));
        for _ in 0..sent {
            peer.receive(SOON).unwrap();
        }
        waiting.join().unwrap().unwrap();
        assert_eq!(number(&peer), 5);
    });
}

#[test]
fn tasks_that_are_woken_and_never_polled_keep_no_other_waiting() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let mut forlorn: Vec<_> = (0..20).map(|_| Box::pin(tasks.blob(&BLOB))).collect();
        let mut noop = Context::from_waker(Waker::noop());
        for future in &mut forlorn {
            assert!(future.as_mut().poll(&mut noop).is_pending());
        }
        let own = tasks.clone();
        let waiting = thread::spawn(move || block_on(own.grind(5)));
        for _ in 0..sent {
            peer.receive(SOON).unwrap();
        }
        waiting.join().unwrap().unwrap();
        assert_eq!(number(&peer), 5);
    });
}
