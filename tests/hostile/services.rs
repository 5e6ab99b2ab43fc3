//! Services that panic, never end or answer what cannot travel; calls that nobody waits for.

use std::thread;
use std::time::{Duration, Instant};

use zmqrpc::{Error, Executed};

use super::support::{self, Stubborn, call_by_key, head, key, within};
use super::victim::{LIMIT, MAX_MESSAGE, Victim, refusal};

#[test]
fn panicking_services_are_their_callers_misfortune_alone() {
    within(LIMIT, || {
        let victim = Victim::start();
        let panicked = |result: Result<(), Error>| {
            assert!(matches!(result, Err(Error::Panicked { .. })), "{result:?}");
            victim.serves();
        };
        panicked(victim.client.panics("on purpose"));
        panicked(victim.client.panics_later());
        panicked(victim.client.bomb(0));
        panicked(victim.client.answers_with(2).map(drop));
        panicked(victim.client.takes(Stubborn::Explodes).map(drop));
        assert_eq!(victim.counted().panics, 5);
    });
}

#[test]
fn a_panic_that_panics_when_it_is_dropped_does_not_stop_the_server() {
    within(LIMIT, || {
        let victim = Victim::start();
        for depth in [1, 2, 5] {
            let error = victim.client.bomb(depth).unwrap_err();
            assert!(
                matches!(error, Error::Panicked { .. }),
                "{depth}: {error:?}"
            );
            victim.serves();
        }
        assert_eq!(victim.counted().panics, 3);
    });
}

#[test]
fn replies_that_cannot_travel_are_refused() {
    within(LIMIT, || {
        let victim = Victim::start();
        let error = victim.client.bytes(MAX_MESSAGE as u64).unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit, .. } if limit == MAX_MESSAGE));
        assert_eq!(error.executed(), Executed::Yes);
        victim.serves();
        let error = victim.client.answers_with(1).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        victim.serves();
        assert_eq!(victim.counted().refused, 2);
    });
}

#[test]
fn an_async_service_that_never_ends_is_ended_at_its_deadline() {
    within(LIMIT, || {
        let victim = Victim::start();
        let hasty = victim.client.with_timeout(Duration::from_millis(50));
        let error = hasty.hold_for_ever().unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        victim.serves();
    });
}

#[test]
fn expired_and_cancelled_calls_are_not_executed() {
    within(LIMIT, || {
        // While its only worker is held, everything waits.
        let victim = Victim::with_workers(1);
        let hold = key("Probe.hold", "->unit", 1);
        let note = key("Probe.note", "u64,->unit", 1);
        victim.peer.send(call_by_key(1, hold, 0, &[]));
        victim.gate.await_arrivals(1);
        victim.peer.send(call_by_key(2, note, 1, &[5]));
        victim.peer.send(call_by_key(3, note, 0, &[5]));
        victim.peer.send(call_by_key(4, note, 0, &[5]));
        victim.peer.send(head(4, 3));
        victim.peer.send(head(4, 999));
        victim.peer.send(head(5, 5));
        // The pong tells that the others have been read; the time of the second begins there.
        assert_eq!(victim.peer.answer(), support::pong(5));
        let read = Instant::now();
        while read.elapsed() <= Duration::from_millis(1) {
            thread::yield_now();
        }
        victim.gate.open();
        let mut answers: Vec<_> = (0..3).map(|_| victim.peer.answer()).collect();
        answers.sort_by_key(|frame| frame[3]);
        assert_eq!((answers[0][3], answers[0][11]), (1, 0));
        assert_eq!(refusal(&answers[1], 2).0, 11);
        assert_eq!((answers[2][3], answers[2][11]), (4, 0));
        assert_eq!(victim.client.notes(), Ok(1));
        victim.serves();
        let counted = victim.counted();
        assert_eq!((counted.cancelled, counted.expired), (1, 1));
    });
}
