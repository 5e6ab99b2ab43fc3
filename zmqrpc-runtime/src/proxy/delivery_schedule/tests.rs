//! Tests of the order of deliveries with a simulated clock.

use std::time::Duration;

use super::*;

const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(1),
};

fn from(connection: u64, address: &str) -> Origin {
    let address = address.into();
    Origin {
        connection,
        address,
    }
}

fn schedule() -> (DeliverySchedule, Instant) {
    (DeliverySchedule::new(BACKOFF), Instant::now())
}

/// Returns the requests that may be attempted now.
fn due(schedule: &mut DeliverySchedule, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| schedule.next(now).map(|(number, _)| number)).collect()
}

#[test]
fn one_request_of_a_connection_is_attempted_at_a_time() {
    let (mut schedule, now) = schedule();
    for number in 1..=3 {
        schedule.add(number, Some(from(1, "a")));
    }
    for number in 1..=3 {
        assert_eq!(due(&mut schedule, now), [number]);
        assert!(schedule.is_in_flight(number));
        schedule.finish(number);
    }
    assert!(due(&mut schedule, now).is_empty());
    assert_eq!(schedule.len(), 0);
}

#[test]
fn connections_from_different_addresses_progress_independently() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(2, "b")));
    schedule.add(3, Some(from(3, "c")));
    assert_eq!(due(&mut schedule, now), [1, 2, 3]);
}

#[test]
fn a_new_connection_waits_for_older_requests_of_its_address() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(1, "a")));
    schedule.add(3, Some(from(2, "a")));
    schedule.add(4, Some(from(2, "a")));
    assert_eq!(due(&mut schedule, now), [1]);
    schedule.finish(1);
    assert_eq!(due(&mut schedule, now), [2]);
    schedule.finish(2);
    assert_eq!(due(&mut schedule, now), [3]);
    // From now on the two connections are independent.
    schedule.add(5, Some(from(1, "a")));
    assert_eq!(due(&mut schedule, now), [5]);
    schedule.finish(3);
    assert_eq!(due(&mut schedule, now), [4]);
}

#[test]
fn a_third_connection_waits_for_both_others() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(2, "a")));
    schedule.add(3, Some(from(3, "a")));
    schedule.add(4, Some(from(2, "a")));
    assert_eq!(due(&mut schedule, now), [1]);
    schedule.finish(1);
    assert_eq!(due(&mut schedule, now), [2]);
    schedule.finish(2);
    // The second connection's request that came after the third one's first does not block it.
    let mut both = due(&mut schedule, now);
    both.sort_unstable();
    assert_eq!(both, [3, 4]);
}

#[test]
fn the_back_off_doubles_and_blocks_the_lane() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(1, "a")));
    let mut now = now;
    for delay in [100, 200, 400, 800, 1000, 1000] {
        assert_eq!(due(&mut schedule, now), [1]);
        schedule.back_off(1, now);
        let delay = Duration::from_millis(delay);
        assert_eq!(schedule.next_at(), Some(now + delay));
        assert!(due(&mut schedule, now + delay / 2).is_empty());
        now += delay;
    }
    assert_eq!(due(&mut schedule, now), [1]);
    assert_eq!(schedule.attempts(1), 7);
    schedule.finish(1);
    assert_eq!(due(&mut schedule, now), [2]);
    // The next request starts with the shortest back-off.
    schedule.back_off(2, now);
    assert_eq!(schedule.next_at(), Some(now + BACKOFF.first));
}

#[test]
fn a_new_connection_ends_every_back_off_once() {
    let (mut schedule, now) = schedule();
    for number in 1..=3 {
        schedule.add(number, None);
    }
    for number in due(&mut schedule, now) {
        schedule.back_off(number, now);
    }
    schedule.end_backoff();
    assert_eq!(due(&mut schedule, now), [1, 2, 3]);
    assert!(due(&mut schedule, now + 9 * BACKOFF.longest).is_empty());
}

#[test]
fn requests_without_an_origin_are_all_attempted_at_once() {
    let (mut schedule, now) = schedule();
    for number in 1..=100 {
        schedule.add(number, None);
    }
    assert_eq!(due(&mut schedule, now).len(), 100);
}

#[test]
fn a_request_that_ends_while_it_waits_leaves_the_others_in_order() {
    let (mut schedule, now) = schedule();
    for number in 1..=3 {
        schedule.add(number, Some(from(1, "a")));
    }
    schedule.add(4, Some(from(2, "a")));
    schedule.finish(2);
    assert_eq!(due(&mut schedule, now), [1]);
    schedule.finish(4);
    schedule.finish(1);
    assert_eq!(due(&mut schedule, now), [3]);
    schedule.finish(3);
    assert!(schedule.addresses.is_empty() && schedule.by_connection.is_empty());
    assert_eq!(schedule.free_lanes.len(), schedule.lanes.len());
}

#[test]
fn remembered_connections_are_bounded() {
    let (mut schedule, now) = schedule();
    for number in 0..MAX_STARTED as u64 + 100 {
        schedule.add(number, Some(from(number, "a")));
        assert_eq!(due(&mut schedule, now), [number]);
        schedule.finish(number);
    }
    assert_eq!(schedule.started.len(), MAX_STARTED);
}
