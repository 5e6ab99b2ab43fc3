//! The order of deliveries, with a clock that stands.

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

fn lanes() -> (DeliverySchedule, Instant) {
    (DeliverySchedule::new(BACKOFF), Instant::now())
}

/// Everything that may be tried now.
fn due(lanes: &mut DeliverySchedule, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| lanes.next(now).map(|(number, _)| number)).collect()
}

#[test]
fn one_request_of_a_connection_is_tried_at_a_time() {
    let (mut lanes, now) = lanes();
    for number in 1..=3 {
        lanes.add(number, Some(from(1, "a")));
    }
    for number in 1..=3 {
        assert_eq!(due(&mut lanes, now), [number]);
        assert!(lanes.is_under_way(number));
        lanes.end(number);
    }
    assert_eq!(due(&mut lanes, now), []);
    assert_eq!(lanes.len(), 0);
}

#[test]
fn connections_from_other_addresses_go_on_beside_it() {
    let (mut lanes, now) = lanes();
    lanes.add(1, Some(from(1, "a")));
    lanes.add(2, Some(from(2, "b")));
    lanes.add(3, Some(from(3, "c")));
    assert_eq!(due(&mut lanes, now), [1, 2, 3]);
}

#[test]
fn a_new_connection_waits_for_what_was_accepted_before_it() {
    let (mut lanes, now) = lanes();
    lanes.add(1, Some(from(1, "a")));
    lanes.add(2, Some(from(1, "a")));
    lanes.add(3, Some(from(2, "a")));
    lanes.add(4, Some(from(2, "a")));
    assert_eq!(due(&mut lanes, now), [1]);
    lanes.end(1);
    assert_eq!(due(&mut lanes, now), [2]);
    lanes.end(2);
    assert_eq!(due(&mut lanes, now), [3]);
    // From now on both are on their own.
    lanes.add(5, Some(from(1, "a")));
    assert_eq!(due(&mut lanes, now), [5]);
    lanes.end(3);
    assert_eq!(due(&mut lanes, now), [4]);
}

#[test]
fn a_third_connection_waits_for_both() {
    let (mut lanes, now) = lanes();
    lanes.add(1, Some(from(1, "a")));
    lanes.add(2, Some(from(2, "a")));
    lanes.add(3, Some(from(3, "a")));
    lanes.add(4, Some(from(2, "a")));
    assert_eq!(due(&mut lanes, now), [1]);
    lanes.end(1);
    assert_eq!(due(&mut lanes, now), [2]);
    lanes.end(2);
    // What the second connection sent after the third one's first does not count.
    let mut both = due(&mut lanes, now);
    both.sort_unstable();
    assert_eq!(both, [3, 4]);
}

#[test]
fn a_failure_rests_longer_each_time_and_holds_its_lane_up() {
    let (mut lanes, now) = lanes();
    lanes.add(1, Some(from(1, "a")));
    lanes.add(2, Some(from(1, "a")));
    let mut now = now;
    for rest in [100, 200, 400, 800, 1000, 1000] {
        assert_eq!(due(&mut lanes, now), [1]);
        lanes.failed(1, now);
        let rest = Duration::from_millis(rest);
        assert_eq!(lanes.next_time(), Some(now + rest));
        assert_eq!(due(&mut lanes, now + rest / 2), []);
        now += rest;
    }
    assert_eq!(due(&mut lanes, now), [1]);
    assert_eq!(lanes.tries(1), 7);
    lanes.end(1);
    assert_eq!(due(&mut lanes, now), [2]);
    // The next one begins anew.
    lanes.failed(2, now);
    assert_eq!(lanes.next_time(), Some(now + BACKOFF.first));
}

#[test]
fn a_connection_wakes_those_who_rest_once() {
    let (mut lanes, now) = lanes();
    for number in 1..=3 {
        lanes.add(number, None);
    }
    for number in due(&mut lanes, now) {
        lanes.failed(number, now);
    }
    lanes.rouse_all();
    assert_eq!(due(&mut lanes, now), [1, 2, 3]);
    assert_eq!(due(&mut lanes, now + 9 * BACKOFF.longest), []);
}

#[test]
fn requests_on_their_own_are_all_tried_at_once() {
    let (mut lanes, now) = lanes();
    for number in 1..=100 {
        lanes.add(number, None);
    }
    assert_eq!(due(&mut lanes, now).len(), 100);
}

#[test]
fn one_that_ends_while_it_waits_leaves_the_others_in_order() {
    let (mut lanes, now) = lanes();
    for number in 1..=3 {
        lanes.add(number, Some(from(1, "a")));
    }
    lanes.add(4, Some(from(2, "a")));
    lanes.end(2);
    assert_eq!(due(&mut lanes, now), [1]);
    lanes.end(4);
    lanes.end(1);
    assert_eq!(due(&mut lanes, now), [3]);
    lanes.end(3);
    assert!(lanes.addresses.is_empty() && lanes.by_connection.is_empty());
    assert_eq!(lanes.free.len(), lanes.all.len());
}

#[test]
fn known_connections_are_bounded() {
    let (mut lanes, now) = lanes();
    for number in 0..KNOWN_CONNECTIONS as u64 + 100 {
        lanes.add(number, Some(from(number, "a")));
        assert_eq!(due(&mut lanes, now), [number]);
        lanes.end(number);
    }
    assert_eq!(lanes.begun.len(), KNOWN_CONNECTIONS);
}
