//! What has left when a flush of jobs ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use zmqrpc::push::Pusher;
use zmqrpc::{Error, Executed};

use super::mill::{BLOB, LIMIT, MillClient, SOON, fill, mill, stalled};
use super::support::{Peer, within};

const SHORT: Duration = Duration::from_millis(100);

/// Reads until it is told to stop, and nothing comes any more. Answers how many jobs came.
fn drain(peer: &Peer, stopped: &AtomicBool) -> u64 {
    let mut jobs = 0;
    loop {
        match peer.receive(SHORT) {
            // Not the pings of the flush.
            Some(frames) => jobs += u64::from(frames[0][2] == 2),
            None if stopped.load(Ordering::Relaxed) => return jobs,
            None => {}
        }
    }
}

#[test]
fn a_flush_waits_for_a_full_puller_beside_one_that_keeps_up() {
    within(LIMIT, || {
        let (mill, full) = stalled();
        let filled = fill(&mill);
        let pusher = mill.transport();
        let quick = Peer::of(zmq::PULL, &pusher.endpoints()[0]);
        let stopped = &AtomicBool::new(false);
        thread::scope(|scope| {
            let quick = scope.spawn(move || drain(&quick, stopped));
            (0..100).for_each(|_| mill.blob(&BLOB).unwrap());
            for _ in 0..2 {
                let error = pusher.flush(SHORT).unwrap_err();
                assert!(matches!(error, Error::Timeout { .. }), "{error}");
                assert_eq!(error.executed(), Executed::Maybe);
            }
            let full = scope.spawn(move || drain(&full, stopped));
            pusher.flush(SOON).unwrap();
            stopped.store(true, Ordering::Relaxed);
            assert_eq!(quick.join().unwrap() + full.join().unwrap(), filled + 100);
        });
    });
}

#[test]
fn flushes_end_while_others_go_on_pushing() {
    within(LIMIT, || {
        let (mill, endpoint) = mill();
        let pullers = [(); 3].map(|()| Peer::of(zmq::PULL, &endpoint));
        let stopped = &AtomicBool::new(false);
        let pushed = thread::scope(|scope| {
            let pullers = pullers.map(|peer| scope.spawn(move || drain(&peer, stopped)));
            let pushers = [(); 2].map(|()| {
                scope.spawn(|| (0..5_000).for_each(|number| mill.grind(number).unwrap()))
            });
            for _ in 0..10 {
                mill.transport().flush(SOON).unwrap();
            }
            for pusher in pushers {
                pusher.join().unwrap();
            }
            mill.transport().flush(SOON).unwrap();
            stopped.store(true, Ordering::Relaxed);
            pullers.map(|puller| puller.join().unwrap())
        });
        assert_eq!(pushed.iter().sum::<u64>(), 10_000);
    });
}

#[test]
fn a_flush_waits_for_nobody_who_has_gone() {
    within(LIMIT, || {
        let (abandoned, full) = stalled();
        fill(&abandoned);
        drop(full);
        abandoned.transport().flush(SOON).unwrap();
        // Nor is there anything to wait for where nobody ever came.
        let (nobody, _) = mill();
        nobody.transport().flush(SOON).unwrap();
    });
}

#[test]
fn a_queue_of_one_job_is_flushed_too() {
    within(LIMIT, || {
        let (peer, endpoint) = Peer::bound(zmq::PULL, "tcp://127.0.0.1:*");
        let pusher = Pusher::builder().connect(&endpoint).high_water(1).build();
        let mill = MillClient::new(pusher.unwrap());
        for number in 0..100 {
            mill.grind(number).unwrap();
            mill.transport().flush(SOON).unwrap();
        }
        let stopped = AtomicBool::new(true);
        assert_eq!(drain(&peer, &stopped), 100);
    });
}
