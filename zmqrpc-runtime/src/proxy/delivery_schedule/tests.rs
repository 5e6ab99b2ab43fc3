//! The order of deliveries, with a clock that stands.

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

/// Everything that may be tried now.
fn due(schedule: &mut DeliverySchedule, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| schedule.next(now).map(|(number, _)| number)).collect()
}

#[test]
fn one_request_of_a_connection_is_tried_at_a_time() {
    let (mut schedule, now) = schedule();
    for number in 1..=3 {
        schedule.add(number, Some(from(1, "a")));
    }
    for number in 1..=3 {
        assert_eq!(due(&mut schedule, now), [number]);
        assert!(schedule.is_under_way(number));
        schedule.end(number);
    }
    assert_eq!(due(&mut schedule, now), []);
    assert_eq!(schedule.len(), 0);
}

#[test]
fn connections_from_other_addresses_go_on_beside_it() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(2, "b")));
    schedule.add(3, Some(from(3, "c")));
    assert_eq!(due(&mut schedule, now), [1, 2, 3]);
}

#[test]
fn a_new_connection_waits_for_what_was_accepted_before_it() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(1, "a")));
    schedule.add(3, Some(from(2, "a")));
    schedule.add(4, Some(from(2, "a")));
    assert_eq!(due(&mut schedule, now), [1]);
    schedule.end(1);
    assert_eq!(due(&mut schedule, now), [2]);
    schedule.end(2);
    assert_eq!(due(&mut schedule, now), [3]);
    // From now on both are on their own.
    schedule.add(5, Some(from(1, "a")));
    assert_eq!(due(&mut schedule, now), [5]);
    schedule.end(3);
    assert_eq!(due(&mut schedule, now), [4]);
}

#[test]
fn a_third_connection_waits_for_both() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(2, "a")));
    schedule.add(3, Some(from(3, "a")));
    schedule.add(4, Some(from(2, "a")));
    assert_eq!(due(&mut schedule, now), [1]);
    schedule.end(1);
    assert_eq!(due(&mut schedule, now), [2]);
    schedule.end(2);
    // What the second connection sent after the third one's first does not count.
    let mut both = due(&mut schedule, now);
    both.sort_unstable();
    assert_eq!(both, [3, 4]);
}

#[test]
fn a_failure_rests_longer_each_time_and_holds_its_lane_up() {
    let (mut schedule, now) = schedule();
    schedule.add(1, Some(from(1, "a")));
    schedule.add(2, Some(from(1, "a")));
    let mut now = now;
    for rest in [100, 200, 400, 800, 1000, 1000] {
        assert_eq!(due(&mut schedule, now), [1]);
        schedule.failed(1, now);
        let rest = Duration::from_millis(rest);
        assert_eq!(schedule.next_time(), Some(now + rest));
        assert_eq!(due(&mut schedule, now + rest / 2), []);
        now += rest;
    }
    assert_eq!(due(&mut schedule, now), [1]);
    assert_eq!(schedule.tries(1), 7);
    schedule.end(1);
    assert_eq!(due(&mut schedule, now), [2]);
    // The next one begins anew.
    schedule.failed(2, now);
    assert_eq!(schedule.next_time(), Some(now + BACKOFF.first));
}

#[test]
fn a_connection_wakes_those_who_rest_once() {
    let (mut schedule, now) = schedule();
    for number in 1..=3 {
        schedule.add(number, None);
    }
    for number in due(&mut schedule, now) {
        schedule.failed(number, now);
    }
    schedule.rouse_all();
    assert_eq!(due(&mut schedule, now), [1, 2, 3]);
    assert_eq!(due(&mut schedule, now + 9 * BACKOFF.longest), []);
}

#[test]
fn requests_on_their_own_are_all_tried_at_once() {
    let (mut schedule, now) = schedule();
    for number in 1..=100 {
        schedule.add(number, None);
    }
    assert_eq!(due(&mut schedule, now).len(), 100);
}

#[test]
fn one_that_ends_while_it_waits_leaves_the_others_in_order() {
    let (mut schedule, now) = schedule();
    for number in 1..=3 {
        schedule.add(number, Some(from(1, "a")));
    }
    schedule.add(4, Some(from(2, "a")));
    schedule.end(2);
    assert_eq!(due(&mut schedule, now), [1]);
    schedule.end(4);
    schedule.end(1);
    assert_eq!(due(&mut schedule, now), [3]);
    schedule.end(3);
    assert!(schedule.addresses.is_empty() && schedule.by_connection.is_empty());
    assert_eq!(schedule.free.len(), schedule.all.len());
}

#[test]
fn known_connections_are_bounded() {
    let (mut schedule, now) = schedule();
    for number in 0..KNOWN_CONNECTIONS as u64 + 100 {
        schedule.add(number, Some(from(number, "a")));
        assert_eq!(due(&mut schedule, now), [number]);
        schedule.end(number);
    }
    assert_eq!(schedule.begun.len(), KNOWN_CONNECTIONS);
}
