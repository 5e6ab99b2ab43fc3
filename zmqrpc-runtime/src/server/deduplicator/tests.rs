use super::*;
use crate::dialect::{CallId, Dialect};

fn key(number: u64) -> DeliveryKey {
    DeliveryKey {
        hash: number,
        source: 1,
        queue: 1,
        codec: Codec::Postcard,
    }
}

fn waiter(id: u64) -> DuplicateWaiter {
    DuplicateWaiter {
        route: Route::nowhere(),
        to: ReplyTo::new(Dialect::Native, CallId::from(id)),
    }
}

/// The ids of the replies, and their statuses.
fn replies(replies: impl IntoIterator<Item = OutboundFrame>) -> Vec<(u64, u8)> {
    let reply = |reply: OutboundFrame| {
        let id = reply.ends.unwrap().id().number();
        (id, reply.frame[11])
    };
    replies.into_iter().map(reply).collect()
}

#[test]
fn a_duplicate_gets_the_result_of_the_first_delivery() {
    let deduplicator = Deduplicator::new(10);
    for result in [DeliveryResult::Done, DeliveryResult::Failed] {
        let key = key(result as u64);
        let guard = deduplicator.admit(key).ok().unwrap();
        assert_eq!(deduplicator.admit(key).err(), Some(Duplicate::InFlight));
        guard.complete(result);
        assert_eq!(
            deduplicator.admit(key).err(),
            Some(Duplicate::Ended(result))
        );
    }
}

#[test]
fn a_delivery_that_was_not_executed_may_come_again() {
    let deduplicator = Deduplicator::new(10);
    drop(deduplicator.admit(key(1)));
    assert!(deduplicator.admit(key(1)).is_ok());
    assert!(deduplicator.lock().deliveries.is_empty());
}

#[test]
fn a_waiting_duplicate_gets_its_reply_at_the_end() {
    let deduplicator = Deduplicator::new(10);
    for (number, result, status) in [
        (1, Some(DeliveryResult::Done), 0),
        (2, Some(DeliveryResult::Failed), 10),
        (3, None, 7),
    ] {
        let key = key(number);
        let guard = deduplicator.admit(key).ok().unwrap();
        assert!(deduplicator.join(key, waiter(number)).is_none());
        assert!(deduplicator.take_replies().is_empty());
        match result {
            Some(result) => guard.complete(result),
            None => drop(guard),
        }
        assert_eq!(replies(deduplicator.take_replies()), [(number, status)]);
        assert!(deduplicator.take_replies().is_empty());
        // The delivery has ended before.
        let late = deduplicator.join(key, waiter(9));
        assert_eq!(replies(late), [(9, status)]);
    }
}

#[test]
fn one_repeat_waits_and_each_gets_one_answer() {
    let deduplicator = Deduplicator::new(10);
    let guard = deduplicator.admit(key(1)).ok().unwrap();
    assert!(deduplicator.join(key(1), waiter(1)).is_none());
    for id in 2..10 {
        let before = deduplicator.join(key(1), waiter(id));
        assert_eq!(replies(before), [(id - 1, 7)]);
    }
    guard.complete(DeliveryResult::Done);
    assert_eq!(replies(deduplicator.take_replies()), [(9, 0)]);
}

#[test]
fn the_oldest_are_forgotten() {
    let deduplicator = Deduplicator::new(2);
    for number in 0..100 {
        let guard = deduplicator.admit(key(number)).ok().unwrap();
        guard.complete(DeliveryResult::Done);
    }
    assert_eq!(deduplicator.lock().deliveries.len(), 2);
    assert!(deduplicator.admit(key(97)).is_ok());
    assert!(deduplicator.admit(key(98)).is_err() && deduplicator.admit(key(99)).is_err());
}

#[test]
fn nobody_pushes_out_what_another_one_has_delivered() {
    let deduplicator = Deduplicator::new(100);
    let end = |key| {
        deduplicator
            .admit(key)
            .ok()
            .unwrap()
            .complete(DeliveryResult::Done);
    };
    end(key(1));
    for number in 1000..2000 {
        end(DeliveryKey {
            source: 2,
            queue: number,
            ..key(number)
        });
    }
    assert!(deduplicator.admit(key(1)).is_err());
    assert_eq!(deduplicator.lock().deliveries.len(), 100);
}

#[test]
fn requests_without_an_id_are_not_deliveries() {
    let deduplicator = Deduplicator::new(2);
    let mut metadata = crate::wire::MetadataBuf::new();
    assert!(deduplicator.delivery_id(metadata.as_metadata()).is_none());
    metadata.set(DELIVERY_KEY, "nonsense");
    assert!(deduplicator.delivery_id(metadata.as_metadata()).is_none());
    let id = DeliveryId {
        queue: 1,
        number: 2,
    };
    metadata.set(DELIVERY_KEY, &id.to_string());
    assert_eq!(
        deduplicator.delivery_id(metadata.as_metadata()).as_deref(),
        Some(&id)
    );
    assert!(
        Deduplicator::new(0)
            .delivery_id(metadata.as_metadata())
            .is_none()
    );
}
