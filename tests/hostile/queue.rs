//! One peer that asks for much, and what is left for the others.

use std::thread;
use std::time::Duration;

use super::support::{Peer, await_state, call_by_key, head, key, within};
use super::victim::{LIMIT, Victim, refusal};

/// `Probe.hold()` by key, without a time limit.
fn hold(id: u64) -> Vec<u8> {
    call_by_key(id, key("Probe.hold", "->unit", 1), 0, &[])
}

/// The same as a notification.
fn notify_hold() -> Vec<u8> {
    let mut frame = hold(0);
    frame[2] = 2;
    frame
}

#[test]
fn what_a_peer_that_is_gone_has_notified_is_dropped() {
    within(LIMIT, || {
        let victim = Victim::with_workers(1);
        let stranger = Peer::connect(&victim.endpoint);
        for _ in 0..500 {
            stranger.send(notify_hold());
        }
        victim.gate.await_arrivals(1);
        await_state("all have arrived", || victim.server.stats().requests == 500);
        drop(stranger);
        // Nothing is ever sent to who only notifies: the server has to ask.
        await_state("all are dropped", || victim.server.stats().cancelled == 499);
        victim.gate.open();
        victim.serves();
    });
}

#[test]
fn a_peer_that_stays_is_asked_and_loses_nothing() {
    within(LIMIT, || {
        let victim = Victim::with_workers(1);
        let peer = Peer::connect(&victim.endpoint);
        for _ in 0..3 {
            peer.send(notify_hold());
        }
        victim.gate.await_arrivals(1);
        // The question is a frame that clients know, and ignore.
        assert_eq!(peer.receive(LIMIT), Some(vec![head(0x85, 0)]));
        victim.gate.open();
        victim.gate.await_arrivals(3);
        assert_eq!(victim.counted().cancelled, 0);
    });
}

#[test]
fn who_fills_the_queue_keeps_nobody_else_out() {
    within(LIMIT, || {
        let victim = Victim::with_workers(1);
        let greedy = Peer::connect(&victim.endpoint);
        // One runs, 1,000 wait, 10 have no room.
        for id in 1..=1_011 {
            greedy.send(hold(id));
        }
        victim.gate.await_arrivals(1);
        await_state("the queue is full", || {
            victim.server.stats().overloaded == 10
        });
        for id in 1_002..=1_011 {
            assert_eq!(refusal(&greedy.next(), id).0, 7);
        }
        let client = victim.client.clone();
        let other = thread::spawn(move || client.add(2, 3));
        // The last that waits gives way: it was not executed.
        let (status, executed, _) = refusal(&greedy.next(), 1_001);
        assert_eq!((status, executed), (7, 0));
        victim.gate.open();
        assert_eq!(other.join().unwrap(), Ok(5));
        assert_eq!(victim.server.stats().overloaded, 11);
    });
}

#[test]
fn cancellations_of_calls_that_nobody_made_hold_up_nobody() {
    within(LIMIT, || {
        let victim = Victim::with_workers(1);
        let greedy = Peer::connect(&victim.endpoint);
        for id in 1..=1_000 {
            greedy.send(hold(id));
        }
        victim.gate.await_arrivals(1);
        for id in 0..20_000 {
            greedy.send(head(4, 1 << 32 | id));
        }
        // Those that were made are found among them.
        for id in 2..=1_000 {
            greedy.send(head(4, id));
        }
        await_state("all are cancelled", || {
            victim.server.stats().cancelled == 999
        });
        victim.gate.open();
        victim.serves();
        assert_eq!(
            victim.client.with_timeout(Duration::from_secs(5)).add(1, 2),
            Ok(3)
        );
    });
}
