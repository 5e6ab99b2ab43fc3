use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn sent(connection: usize, deadline: Option<Instant>) -> ForwardedCall<&'static str> {
    ForwardedCall {
        origin: "sent",
        deadline,
        wants_reply: true,
        stage: CallStage::Sent {
            connection,
            again: None,
        },
    }
}

fn over(connection: usize) -> CallStage {
    CallStage::Sent {
        connection,
        again: None,
    }
}

fn waiting(until: Instant, deadline: Option<Instant>) -> ForwardedCall<&'static str> {
    ForwardedCall {
        origin: "waiting",
        deadline,
        wants_reply: true,
        stage: CallStage::Waiting {
            request: Message::copy_of(&[0; 100]),
            until,
        },
    }
}

#[test]
fn a_late_reply_finds_nothing() {
    let mut calls = ForwardedCalls::default();
    let first = calls.insert(0, sent(0, None));
    assert!(calls.take(first).is_some());
    let second = calls.insert(0, sent(0, None));
    assert_ne!(first, second);
    assert!(calls.take(first).is_none());
    assert_eq!(calls.len(), 1);
}

#[test]
fn ids_that_were_never_given_out_are_harmless() {
    let mut calls: ForwardedCalls<()> = ForwardedCalls::default();
    let next = calls.next_id(0);
    for id in [0, 1, next, u64::MAX, 1 << HALF, u64::from(MASK)] {
        assert!(calls.get(id).is_none());
        assert!(calls.take(id).is_none());
    }
    assert_eq!(calls.len(), 0);
}

#[test]
fn the_next_id_is_the_one_that_is_given() {
    let mut calls = ForwardedCalls::default();
    for _ in 0..3 {
        let next = calls.next_id(0);
        assert_eq!(calls.insert(0, sent(0, None)), next);
        let next = calls.next_id(0);
        assert_eq!(calls.insert(0, sent(0, None)), next);
        calls.take(next);
    }
}

#[test]
fn what_waits_is_sent_in_order_and_counted_until_then() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let first = calls.insert(0, waiting(now + SECOND, None));
    let given_up = calls.insert(0, waiting(now + SECOND, None));
    let last = calls.insert(0, waiting(now + SECOND, None));
    assert_eq!(calls.waiting_bytes(), 300);
    assert!(calls.take(given_up).is_some());
    assert_eq!(calls.send_next(|message, _| Err(message)), None);
    assert_eq!(calls.waiting_bytes(), 200);
    assert_eq!(calls.send_next(|_, _| Ok(over(1))), Some(first));
    assert_eq!(calls.send_next(|_, _| Ok(over(1))), Some(last));
    assert_eq!(calls.send_next(|_, _| Ok(over(1))), None);
    assert_eq!((calls.waiting_bytes(), calls.has_waiting()), (0, false));
    assert_eq!(calls.len(), 2);
}

#[test]
fn waiting_ends_when_there_is_no_connection_in_time() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let id = calls.insert(0, waiting(now + SECOND, Some(now + 30 * SECOND)));
    assert!(calls.expire(now).is_none());
    assert_eq!(calls.next_alarm(), Some(now + SECOND));
    let (expired, call) = calls.expire(now + SECOND).unwrap();
    assert!(expired == id && matches!(call.stage, CallStage::Waiting { .. }));
}

#[test]
fn what_was_sent_in_time_ends_at_its_deadline() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let id = calls.insert(0, waiting(now + SECOND, Some(now + 30 * SECOND)));
    assert_eq!(calls.send_next(|_, _| Ok(over(0))), Some(id));
    assert!(calls.expire(now + 2 * SECOND).is_none());
    assert_eq!(calls.next_alarm(), Some(now + 30 * SECOND));
    assert_eq!(calls.expire(now + 30 * SECOND).unwrap().0, id);
    assert_eq!(calls.next_alarm(), None);
}

#[test]
fn a_call_without_a_deadline_is_never_over() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    calls.insert(0, waiting(now + SECOND, None));
    calls.send_next(|_, _| Ok(over(0)));
    assert!(calls.expire(now + 1000 * SECOND).is_none());
    assert_eq!(calls.len(), 1);
}

#[test]
fn only_what_went_over_a_link_is_lost_with_it() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let over_it = calls.insert(0, sent(1, None));
    calls.insert(0, sent(0, None));
    calls.insert(0, waiting(now, None));
    let lost = calls.pick(|call| matches!(call.stage, CallStage::Sent { connection: 1, .. }));
    assert_eq!(lost, [over_it]);
}

#[test]
fn what_has_ended_takes_no_room() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    for number in 0..10_000 {
        let call = if number % 2 == 0 {
            sent(0, Some(now + 30 * SECOND))
        } else {
            waiting(now + SECOND, None)
        };
        let id = calls.insert(0, call);
        calls.take(id);
    }
    assert!(calls.places.len() == 1 && calls.alarms.len() <= SPARE + 2);
    assert!(calls.waiting.len() <= SPARE + 2);
}

#[test]
fn what_is_kept_for_another_target_is_counted_until_it_is_not() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let again = || Some(Box::new(Redirect::of(&Message::copy_of(&[0; 100]))));
    let sent = |connection| CallStage::Sent {
        connection,
        again: again(),
    };
    let first = calls.insert(0, waiting(now + SECOND, None));
    assert_eq!(calls.send_next(|_, _| Ok(sent(0))), Some(first));
    assert_eq!(calls.kept_bytes(), 100);
    let kept = calls.refuse(first).unwrap();
    assert_eq!(calls.kept_bytes(), 0);
    calls.restart(first, sent(1));
    assert_eq!(calls.kept_bytes(), 100);
    assert!(calls.refuse(first).is_some());
    assert!(calls.refuse(first).is_none());
    let until = now + SECOND;
    calls.restart(
        first,
        CallStage::Waiting {
            request: kept.request,
            until,
        },
    );
    assert_eq!((calls.kept_bytes(), calls.waiting_bytes()), (0, 100));
    assert_eq!(calls.expire(until).unwrap().0, first);
    assert_eq!((calls.len(), calls.has_waiting()), (0, false));
}

#[test]
fn a_call_keeps_its_hops() {
    let mut calls = ForwardedCalls::default();
    let id = calls.insert(3, sent(0, None));
    assert_eq!(crate::wire::hops(id), 3);
    assert_eq!(calls.pick(|_| true), [id]);
    calls.take(id);
    let next = calls.insert(0, sent(0, None));
    assert_eq!(crate::wire::hops(next), 0);
}
