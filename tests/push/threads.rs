//! Threads that wait until there is room, or in vain.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::push::{AsyncPusher, Pusher};
use zmqrpc::{Error, Executed};

use super::mill::{LIMIT, MillClient, SOON, fill, mill, number, stalled};
use super::support::{Peer, await_state, within};

#[test]
fn without_a_puller_pushing_ends_in_time() {
    within(LIMIT, || {
        let nobody = Pusher::connect("tcp://127.0.0.1:1").unwrap();
        let (bound, _endpoint) = mill();
        let within = Pusher::connect("inproc://nobody-pulls-here").unwrap();
        for mill in [MillClient::new(nobody), bound, MillClient::new(within)] {
            for (mill, limit) in [
                (mill.with_timeout(Duration::ZERO), 0),
                (mill.with_timeout(Duration::from_millis(200)), 200),
            ] {
                let start = Instant::now();
                let error = mill.grind(1).unwrap_err();
                let elapsed = start.elapsed().as_millis();
                assert!(matches!(error, Error::Unavailable { .. }), "{error}");
                assert_eq!(error.executed(), Executed::No);
                assert_eq!(error.method(), Some("Mill.grind"));
                assert!(
                    (limit..limit + 1000).contains(&elapsed),
                    "{elapsed} of {limit} ms"
                );
            }
            // The method has a limit of its own.
            let start = Instant::now();
            let error = mill.hasty().unwrap_err();
            assert!(error.to_string().contains("150ms"), "{error}");
            assert!(start.elapsed() < Duration::from_secs(2));
            assert_eq!(mill.transport().stats().pushed, 0);
        }
    });
}

#[test]
fn a_full_puller_is_told_from_one_that_is_gone() {
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let sent = fill(&mill);
        let impatient = mill.with_timeout(Duration::from_millis(100));
        let start = Instant::now();
        let error = impatient.grind(1).unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(100));
        assert!(matches!(error, Error::Overloaded { .. }), "{error}");
        assert!(error.to_string().contains("high_water"), "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(mill.transport().stats().pushed, sent);
        for _ in 0..sent {
            peer.receive(SOON).expect("what was taken arrives");
        }
        mill.grind(7).unwrap();
        assert_eq!(number(&peer), 7, "and nothing else");
        fill(&mill);
        drop(peer);
        await_state("it has gone", || {
            matches!(impatient.grind(1), Err(Error::Unavailable { .. }))
        });
        // Those who only look in do not count, and whoever comes then gets what is pushed then.
        let address = mill.transport().endpoints().remove(0);
        drop(std::net::TcpStream::connect(address.trim_start_matches("tcp://")).unwrap());
        let error = impatient.grind(1).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        let peer = Peer::of(zmq::PULL, &address);
        mill.grind(9).unwrap();
        assert_eq!(number(&peer), 9);
    });
}

#[test]
fn threads_that_wait_go_on_when_a_puller_comes() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let mill = mill.clone();
                thread::spawn(move || mill.grind(number))
            })
            .collect();
        let peer = Peer::of(zmq::PULL, &endpoint);
        let seen: BTreeSet<_> = (0..16).map(|_| number(&peer)).collect();
        assert_eq!(seen, (0..16).collect());
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
}

#[test]
fn threads_and_tasks_wait_together_until_there_is_room() {
    const EACH: u64 = 200;
    within(LIMIT, || {
        let (mill, peer) = stalled();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let tasks = MillClient::new(AsyncPusher::from(mill.transport().clone()));
        let sent = fill(&mill);
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let mill = mill.clone();
                thread::spawn(move || {
                    (0..EACH).try_for_each(|number| mill.grind(thread * EACH + number))
                })
            })
            .collect();
        let tasks: Vec<_> = (4..8)
            .map(|task| {
                let mill = tasks.clone();
                runtime.spawn(async move {
                    for number in 0..EACH {
                        mill.grind(task * EACH + number).await?;
                    }
                    Ok::<(), Error>(())
                })
            })
            .collect();
        for _ in 0..sent {
            peer.receive(SOON).unwrap();
        }
        let seen: BTreeSet<_> = (0..8 * EACH).map(|_| number(&peer)).collect();
        assert_eq!(seen, (0..8 * EACH).collect());
        assert!(peer.is_silent());
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
        for task in tasks {
            runtime.block_on(task).unwrap().unwrap();
        }
        assert_eq!(mill.transport().stats().pushed, sent + 8 * EACH);
    });
}
