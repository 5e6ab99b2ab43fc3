use std::time::Duration;

use super::*;
use crate::connection::call::{CallKind, Waiting};

const SECOND: Duration = Duration::from_secs(1);

/// A call to insert.
struct Inserted {
    deadline: Option<Instant>,
    stage: Stage,
}

fn insert(calls: &mut Calls<()>, hops: u8, call: Inserted) -> u64 {
    let id = calls.next_id(hops);
    let new = NewCall {
        kind: CallKind::Call,
        hops,
        deadline: call.deadline,
        movable: false,
    };
    calls.insert(id, new, call.stage);
    id
}

fn sent(link: u32, deadline: Option<Instant>) -> Inserted {
    let stage = sent_stage(link);
    Inserted { deadline, stage }
}

fn sent_stage(link: u32) -> Stage {
    Stage::Sent {
        link,
        redirect: None,
    }
}

fn waiting(until: Instant, deadline: Option<Instant>) -> Inserted {
    let waiting = Waiting {
        request: Frame::copy_of(&[0; 100]),
        until: Some(until),
    };
    let stage = Stage::Waiting(Box::new(waiting));
    Inserted { deadline, stage }
}

#[test]
fn a_late_reply_finds_nothing() {
    let mut calls = Calls::default();
    let first = insert(&mut calls, 0, sent(0, None));
    assert!(calls.remove(first).is_some());
    let second = insert(&mut calls, 0, sent(0, None));
    assert_ne!(first, second);
    assert!(calls.remove(first).is_none());
    assert_eq!(calls.len(), 1);
}

#[test]
fn ids_that_were_never_given_out_are_harmless() {
    let mut calls: Calls<()> = Calls::default();
    let next = calls.next_id(0);
    for id in [0, 1, next, u64::MAX, 1 << 24, (1 << 24) - 1] {
        assert!(calls.get(id).is_none());
        assert!(calls.remove(id).is_none());
    }
    assert_eq!(calls.len(), 0);
}

#[test]
fn waiting_calls_are_sent_in_order_and_counted_until_then() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    let first = insert(&mut calls, 0, waiting(now + SECOND, None));
    let cancelled = insert(&mut calls, 0, waiting(now + SECOND, None));
    let last = insert(&mut calls, 0, waiting(now + SECOND, None));
    assert_eq!(calls.waiting_bytes(), 300);
    assert!(calls.remove(cancelled).is_some());
    assert_eq!(calls.send_next(|_, _, _| None), None);
    assert_eq!(calls.waiting_bytes(), 200);
    assert_eq!(calls.send_next(|_, _, _| Some(sent_stage(1))), Some(first));
    assert_eq!(calls.send_next(|_, _, _| Some(sent_stage(1))), Some(last));
    assert_eq!(calls.send_next(|_, _, _| Some(sent_stage(1))), None);
    assert_eq!((calls.waiting_bytes(), calls.waiting()), (0, 0));
    assert_eq!(calls.len(), 2);
}

#[test]
fn waiting_ends_when_there_is_no_connection_in_time() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    let id = insert(
        &mut calls,
        0,
        waiting(now + SECOND, Some(now + 30 * SECOND)),
    );
    assert!(calls.expired(now).is_empty());
    assert_eq!(calls.next_look(), Some(now + SECOND));
    assert_eq!(calls.expired(now + SECOND), [id]);
    assert!(calls.get(id).unwrap().is_waiting());
}

#[test]
fn a_call_that_was_sent_in_time_ends_at_its_deadline() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    let id = insert(
        &mut calls,
        0,
        waiting(now + SECOND, Some(now + 30 * SECOND)),
    );
    assert_eq!(calls.send_next(|_, _, _| Some(sent_stage(0))), Some(id));
    assert!(calls.expired(now + 2 * SECOND).is_empty());
    assert_eq!(calls.next_look(), Some(now + 30 * SECOND));
    assert_eq!(calls.expired(now + 30 * SECOND), [id]);
    assert_eq!(calls.next_look(), None);
}

#[test]
fn a_deadline_that_comes_later_counts() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    let id = insert(&mut calls, 0, sent(0, None));
    assert_eq!(calls.next_look(), None);
    for _ in 0..100 {
        calls.set_deadline(id, now + 2 * SECOND, now + SECOND);
    }
    // It has been sent.
    assert_eq!(calls.next_look(), Some(now + 2 * SECOND));
    let other = insert(&mut calls, 0, waiting(now + 9 * SECOND, None));
    calls.set_deadline(other, now + 2 * SECOND, now + SECOND);
    assert_eq!(calls.next_look(), Some(now + SECOND));
    assert_eq!(calls.expired(now + SECOND), [other]);
}

#[test]
fn whatever_the_deadlines_the_calls_are_not_looked_at_all_the_time() {
    const CALLS: u32 = 10_000;
    let (mut calls, start) = (Calls::default(), Instant::now());
    let step = Duration::from_micros(1);
    for number in 0..CALLS {
        insert(&mut calls, 0, sent(0, Some(start + number * step)));
    }
    let (mut looks, mut expired) = (0, 0);
    while let Some(at) = calls.next_look() {
        let due = calls.expired(at);
        assert!(calls.expired(at).is_empty(), "one look is enough");
        // One comes that is to end before.
        if due.len() > 1 {
            insert(&mut calls, 0, sent(0, Some(at)));
        }
        for id in &due {
            calls.remove(*id);
        }
        expired += due.len();
        looks += 1;
        assert!(at <= start + CALLS * step + LOOK_PAUSE * CALLS);
    }
    assert!(expired > CALLS as usize && calls.len() == 0);
    assert!(looks <= 30, "{looks}");
}

#[test]
fn a_call_without_a_deadline_never_expires() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    insert(&mut calls, 0, waiting(now + SECOND, None));
    calls.send_next(|_, _, _| Some(sent_stage(0)));
    assert!(calls.expired(now + 1000 * SECOND).is_empty());
    assert_eq!(calls.len(), 1);
}

#[test]
fn only_calls_sent_over_a_link_are_lost_with_it() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    let sent_there = insert(&mut calls, 0, sent(1, None));
    insert(&mut calls, 0, sent(0, None));
    insert(&mut calls, 0, waiting(now, None));
    let lost = calls.ids_where(|call| matches!(call.stage, Stage::Sent { link: 1, .. }));
    assert_eq!(lost, [sent_there]);
}

#[test]
fn ended_calls_take_no_room() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    for number in 0..10_000 {
        let call = if number % 2 == 0 {
            sent(0, Some(now + 30 * SECOND))
        } else {
            waiting(now + SECOND, None)
        };
        let id = insert(&mut calls, 0, call);
        calls.remove(id);
    }
    assert!(calls.waiting.len() <= MAX_STALE + 2);
}

#[test]
fn requests_kept_for_a_redirect_are_counted_until_they_are_released() {
    let (mut calls, now) = (Calls::default(), Instant::now());
    let redirect = || Some(Box::new(Redirect::of(&Frame::copy_of(&[0; 100]))));
    let sent = |link: u32| Stage::Sent {
        link,
        redirect: redirect(),
    };
    let first = insert(&mut calls, 0, waiting(now + SECOND, None));
    assert_eq!(calls.send_next(|_, _, _| Some(sent(0))), Some(first));
    assert_eq!(calls.redirect_bytes(), 100);
    let taken = calls.take_redirect(first).unwrap();
    assert_eq!(calls.redirect_bytes(), 0);
    calls.set_stage(first, sent(1));
    assert_eq!(calls.redirect_bytes(), 100);
    assert!(calls.take_redirect(first).is_some());
    assert!(calls.take_redirect(first).is_none());
    let until = now + SECOND;
    let waits = Waiting {
        request: taken.request,
        until: Some(until),
    };
    calls.set_stage(first, Stage::Waiting(Box::new(waits)));
    assert_eq!((calls.redirect_bytes(), calls.waiting_bytes()), (0, 100));
    assert_eq!(calls.expired(until), [first]);
    calls.end(first);
    assert_eq!(
        (calls.len(), calls.waiting(), calls.waiting_bytes()),
        (1, 0, 0)
    );
    calls.remove(first);
    assert_eq!(calls.len(), 0);
}

#[test]
fn a_call_keeps_its_hops() {
    let mut calls = Calls::default();
    let id = insert(&mut calls, 3, sent(0, None));
    assert_eq!(crate::wire::hops(id), 3);
    assert_eq!(calls.ids_where(|_| true), [id]);
    calls.remove(id);
    let next = insert(&mut calls, 0, sent(0, None));
    assert_eq!(crate::wire::hops(next), 0);
}
