use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn sent(link: usize, deadline: Option<Instant>) -> ForwardedCall<&'static str> {
    ForwardedCall {
        origin: "sent",
        deadline,
        wants_reply: true,
        stage: CallStage::Sent { link, again: None },
    }
}

fn over(link: usize) -> CallStage {
    CallStage::Sent { link, again: None }
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
    let mut table = ForwardedCalls::default();
    let first = table.insert(0, sent(0, None));
    assert!(table.take(first).is_some());
    let second = table.insert(0, sent(0, None));
    assert_ne!(first, second);
    assert!(table.take(first).is_none());
    assert_eq!(table.len(), 1);
}

#[test]
fn ids_that_were_never_given_out_are_harmless() {
    let mut table: ForwardedCalls<()> = ForwardedCalls::default();
    let next = table.next_id(0);
    for id in [0, 1, next, u64::MAX, 1 << HALF, u64::from(MASK)] {
        assert!(table.get(id).is_none());
        assert!(table.take(id).is_none());
    }
    assert_eq!(table.len(), 0);
}

#[test]
fn the_next_id_is_the_one_that_is_given() {
    let mut table = ForwardedCalls::default();
    for _ in 0..3 {
        let next = table.next_id(0);
        assert_eq!(table.insert(0, sent(0, None)), next);
        let next = table.next_id(0);
        assert_eq!(table.insert(0, sent(0, None)), next);
        table.take(next);
    }
}

#[test]
fn what_waits_is_sent_in_order_and_counted_until_then() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    let first = table.insert(0, waiting(now + SECOND, None));
    let given_up = table.insert(0, waiting(now + SECOND, None));
    let last = table.insert(0, waiting(now + SECOND, None));
    assert_eq!(table.waiting_bytes(), 300);
    assert!(table.take(given_up).is_some());
    assert_eq!(table.send_next(|message, _| Err(message)), None);
    assert_eq!(table.waiting_bytes(), 200);
    assert_eq!(table.send_next(|_, _| Ok(over(1))), Some(first));
    assert_eq!(table.send_next(|_, _| Ok(over(1))), Some(last));
    assert_eq!(table.send_next(|_, _| Ok(over(1))), None);
    assert_eq!((table.waiting_bytes(), table.has_waiting()), (0, false));
    assert_eq!(table.len(), 2);
}

#[test]
fn waiting_ends_when_there_is_no_connection_in_time() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    let id = table.insert(0, waiting(now + SECOND, Some(now + 30 * SECOND)));
    assert!(table.expire(now).is_none());
    assert_eq!(table.next_alarm(), Some(now + SECOND));
    let (expired, call) = table.expire(now + SECOND).unwrap();
    assert!(expired == id && matches!(call.stage, CallStage::Waiting { .. }));
}

#[test]
fn what_was_sent_in_time_ends_at_its_deadline() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    let id = table.insert(0, waiting(now + SECOND, Some(now + 30 * SECOND)));
    assert_eq!(table.send_next(|_, _| Ok(over(0))), Some(id));
    assert!(table.expire(now + 2 * SECOND).is_none());
    assert_eq!(table.next_alarm(), Some(now + 30 * SECOND));
    assert_eq!(table.expire(now + 30 * SECOND).unwrap().0, id);
    assert_eq!(table.next_alarm(), None);
}

#[test]
fn a_call_without_a_deadline_is_never_over() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    table.insert(0, waiting(now + SECOND, None));
    table.send_next(|_, _| Ok(over(0)));
    assert!(table.expire(now + 1000 * SECOND).is_none());
    assert_eq!(table.len(), 1);
}

#[test]
fn only_what_went_over_a_link_is_lost_with_it() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    let over_it = table.insert(0, sent(1, None));
    table.insert(0, sent(0, None));
    table.insert(0, waiting(now, None));
    let lost = table.pick(|call| matches!(call.stage, CallStage::Sent { link: 1, .. }));
    assert_eq!(lost, [over_it]);
}

#[test]
fn what_has_ended_takes_no_room() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    for number in 0..10_000 {
        let call = if number % 2 == 0 {
            sent(0, Some(now + 30 * SECOND))
        } else {
            waiting(now + SECOND, None)
        };
        let id = table.insert(0, call);
        table.take(id);
    }
    assert!(table.places.len() == 1 && table.alarms.len() <= SPARE + 2);
    assert!(table.waiting.len() <= SPARE + 2);
}

#[test]
fn what_is_kept_for_another_target_is_counted_until_it_is_not() {
    let (mut table, now) = (ForwardedCalls::default(), Instant::now());
    let again = || Some(Box::new(Redirect::of(&Message::copy_of(&[0; 100]))));
    let sent = |link| CallStage::Sent {
        link,
        again: again(),
    };
    let first = table.insert(0, waiting(now + SECOND, None));
    assert_eq!(table.send_next(|_, _| Ok(sent(0))), Some(first));
    assert_eq!(table.kept_bytes(), 100);
    let kept = table.refuse(first).unwrap();
    assert_eq!(table.kept_bytes(), 0);
    table.restart(first, sent(1));
    assert_eq!(table.kept_bytes(), 100);
    assert!(table.refuse(first).is_some());
    assert!(table.refuse(first).is_none());
    let until = now + SECOND;
    table.restart(
        first,
        CallStage::Waiting {
            request: kept.request,
            until,
        },
    );
    assert_eq!((table.kept_bytes(), table.waiting_bytes()), (0, 100));
    assert_eq!(table.expire(until).unwrap().0, first);
    assert_eq!((table.len(), table.has_waiting()), (0, false));
}

#[test]
fn a_call_keeps_its_hops() {
    let mut table = ForwardedCalls::default();
    let id = table.insert(3, sent(0, None));
    assert_eq!(crate::wire::hops(id), 3);
    assert_eq!(table.pick(|_| true), [id]);
    table.take(id);
    let next = table.insert(0, sent(0, None));
    assert_eq!(crate::wire::hops(next), 0);
}
