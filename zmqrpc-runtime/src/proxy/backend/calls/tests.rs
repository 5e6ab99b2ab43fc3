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
            redirect: None,
        },
    }
}

fn sent_stage(connection: usize) -> CallStage {
    CallStage::Sent {
        connection,
        redirect: None,
    }
}

fn waiting(until: Instant, deadline: Option<Instant>) -> ForwardedCall<&'static str> {
    ForwardedCall {
        origin: "waiting",
        deadline,
        wants_reply: true,
        stage: CallStage::Waiting {
            request: Frame::copy_of(&[0; 100]),
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
    for id in [0, 1, next, u64::MAX, 1 << 24, (1 << 24) - 1] {
        assert!(calls.get(id).is_none());
        assert!(calls.take(id).is_none());
    }
    assert_eq!(calls.len(), 0);
}

#[test]
fn insert_uses_the_id_that_next_id_returned() {
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
fn waiting_calls_are_sent_in_order_and_counted_until_then() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let first = calls.insert(0, waiting(now + SECOND, None));
    let cancelled = calls.insert(0, waiting(now + SECOND, None));
    let last = calls.insert(0, waiting(now + SECOND, None));
    assert_eq!(calls.waiting_bytes(), 300);
    assert!(calls.take(cancelled).is_some());
    assert_eq!(calls.send_next(|message, _| Err(message)), None);
    assert_eq!(calls.waiting_bytes(), 200);
    assert_eq!(calls.send_next(|_, _| Ok(sent_stage(1))), Some(first));
    assert_eq!(calls.send_next(|_, _| Ok(sent_stage(1))), Some(last));
    assert_eq!(calls.send_next(|_, _| Ok(sent_stage(1))), None);
    assert_eq!((calls.waiting_bytes(), calls.has_waiting()), (0, false));
    assert_eq!(calls.len(), 2);
}

#[test]
fn waiting_ends_when_there_is_no_connection_in_time() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let id = calls.insert(0, waiting(now + SECOND, Some(now + 30 * SECOND)));
    assert!(calls.expire(now).is_none());
    assert_eq!(calls.next_timer(), Some(now + SECOND));
    let (expired, call) = calls.expire(now + SECOND).unwrap();
    assert!(expired == id && matches!(call.stage, CallStage::Waiting { .. }));
}

#[test]
fn a_call_that_was_sent_in_time_ends_at_its_deadline() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let id = calls.insert(0, waiting(now + SECOND, Some(now + 30 * SECOND)));
    assert_eq!(calls.send_next(|_, _| Ok(sent_stage(0))), Some(id));
    assert!(calls.expire(now + 2 * SECOND).is_none());
    assert_eq!(calls.next_timer(), Some(now + 30 * SECOND));
    assert_eq!(calls.expire(now + 30 * SECOND).unwrap().0, id);
    assert_eq!(calls.next_timer(), None);
}

#[test]
fn a_call_without_a_deadline_never_expires() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    calls.insert(0, waiting(now + SECOND, None));
    calls.send_next(|_, _| Ok(sent_stage(0)));
    assert!(calls.expire(now + 1000 * SECOND).is_none());
    assert_eq!(calls.len(), 1);
}

#[test]
fn only_calls_sent_over_a_connection_are_lost_with_it() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let sent_there = calls.insert(0, sent(1, None));
    calls.insert(0, sent(0, None));
    calls.insert(0, waiting(now, None));
    let lost = calls.ids_where(|call| matches!(call.stage, CallStage::Sent { connection: 1, .. }));
    assert_eq!(lost, [sent_there]);
}

#[test]
fn ended_calls_take_no_room() {
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
    assert!(calls.timers.len() <= MAX_STALE + 2);
    assert!(calls.waiting.len() <= MAX_STALE + 2);
}

#[test]
fn requests_kept_for_a_redirect_are_counted_until_they_are_released() {
    let (mut calls, now) = (ForwardedCalls::default(), Instant::now());
    let redirect = || Some(Box::new(Redirect::of(&Frame::copy_of(&[0; 100]))));
    let sent = |connection| CallStage::Sent {
        connection,
        redirect: redirect(),
    };
    let first = calls.insert(0, waiting(now + SECOND, None));
    assert_eq!(calls.send_next(|_, _| Ok(sent(0))), Some(first));
    assert_eq!(calls.redirect_bytes(), 100);
    let taken = calls.take_redirect(first).unwrap();
    assert_eq!(calls.redirect_bytes(), 0);
    calls.set_stage(first, sent(1));
    assert_eq!(calls.redirect_bytes(), 100);
    assert!(calls.take_redirect(first).is_some());
    assert!(calls.take_redirect(first).is_none());
    let until = now + SECOND;
    calls.set_stage(
        first,
        CallStage::Waiting {
            request: taken.request,
            until,
        },
    );
    assert_eq!((calls.redirect_bytes(), calls.waiting_bytes()), (0, 100));
    assert_eq!(calls.expire(until).unwrap().0, first);
    assert_eq!((calls.len(), calls.has_waiting()), (0, false));
}

#[test]
fn a_call_keeps_its_hops() {
    let mut calls = ForwardedCalls::default();
    let id = calls.insert(3, sent(0, None));
    assert_eq!(crate::wire::hops(id), 3);
    assert_eq!(calls.ids_where(|_| true), [id]);
    calls.take(id);
    let next = calls.insert(0, sent(0, None));
    assert_eq!(crate::wire::hops(next), 0);
}
