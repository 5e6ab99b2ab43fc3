use super::*;

fn identity(number: u64) -> DeliveryKey {
    DeliveryKey {
        mark: number,
        source: 1,
        queue: 1,
        codec: Codec::Postcard,
    }
}

fn joined(id: u64) -> DuplicateWaiter {
    DuplicateWaiter {
        route: Route::nowhere(),
        id,
    }
}

/// Whom the answers are for, and their statuses.
fn answers(answers: impl IntoIterator<Item = socket::RoutedMessage>) -> Vec<(u64, u8)> {
    let answer = |delivery: socket::RoutedMessage| {
        let id = crate::wire::answered_id(&delivery.message).unwrap();
        (id, delivery.message[11])
    };
    answers.into_iter().map(answer).collect()
}

#[test]
fn a_repeat_is_told_what_became_of_the_first() {
    let deduplicator = Deduplicator::new(10);
    for fate in [DeliveryResult::Done, DeliveryResult::Failed] {
        let identity = identity(fate as u64);
        let guard = deduplicator.admit(identity).ok().unwrap();
        assert_eq!(
            deduplicator.admit(identity).err(),
            Some(Duplicate::UnderWay)
        );
        guard.end(fate);
        assert_eq!(
            deduplicator.admit(identity).err(),
            Some(Duplicate::Ended(fate))
        );
    }
}

#[test]
fn what_was_not_executed_may_come_again() {
    let deduplicator = Deduplicator::new(10);
    drop(deduplicator.admit(identity(1)));
    assert!(deduplicator.admit(identity(1)).is_ok());
    assert!(deduplicator.known().states.is_empty());
}

#[test]
fn who_joins_is_answered_at_the_end() {
    let deduplicator = Deduplicator::new(10);
    for (number, fate, status) in [
        (1, Some(DeliveryResult::Done), 0),
        (2, Some(DeliveryResult::Failed), 10),
        (3, None, 7),
    ] {
        let identity = identity(number);
        let guard = deduplicator.admit(identity).ok().unwrap();
        assert!(deduplicator.join(identity, joined(number)).is_none());
        assert!(deduplicator.take_answers().is_empty());
        match fate {
            Some(fate) => guard.end(fate),
            None => drop(guard),
        }
        assert_eq!(answers(deduplicator.take_answers()), [(number, status)]);
        assert!(deduplicator.take_answers().is_empty());
        // The end came first.
        let late = deduplicator.join(identity, joined(9));
        assert_eq!(answers(late), [(9, status)]);
    }
}

#[test]
fn one_repeat_waits_and_each_gets_one_answer() {
    let deduplicator = Deduplicator::new(10);
    let guard = deduplicator.admit(identity(1)).ok().unwrap();
    assert!(deduplicator.join(identity(1), joined(1)).is_none());
    for id in 2..10 {
        let before = deduplicator.join(identity(1), joined(id));
        assert_eq!(answers(before), [(id - 1, 7)]);
    }
    guard.end(DeliveryResult::Done);
    assert_eq!(answers(deduplicator.take_answers()), [(9, 0)]);
}

#[test]
fn the_oldest_are_forgotten() {
    let deduplicator = Deduplicator::new(2);
    for number in 0..100 {
        let guard = deduplicator.admit(identity(number)).ok().unwrap();
        guard.end(DeliveryResult::Done);
    }
    assert_eq!(deduplicator.known().states.len(), 2);
    assert!(deduplicator.admit(identity(97)).is_ok());
    assert!(deduplicator.admit(identity(98)).is_err() && deduplicator.admit(identity(99)).is_err());
}

#[test]
fn nobody_pushes_out_what_another_one_has_delivered() {
    let deduplicator = Deduplicator::new(100);
    let end = |identity| {
        deduplicator
            .admit(identity)
            .ok()
            .unwrap()
            .end(DeliveryResult::Done);
    };
    end(identity(1));
    for number in 1000..2000 {
        end(DeliveryKey {
            source: 2,
            queue: number,
            ..identity(number)
        });
    }
    assert!(deduplicator.admit(identity(1)).is_err());
    assert_eq!(deduplicator.known().states.len(), 100);
}

#[test]
fn other_requests_are_no_deliveries() {
    let deduplicator = Deduplicator::new(2);
    let mut metadata = crate::wire::MetadataBuf::new();
    assert!(deduplicator.name(metadata.as_metadata()).is_none());
    metadata.set(DELIVERY_KEY, "nonsense");
    assert!(deduplicator.name(metadata.as_metadata()).is_none());
    let name = DeliveryId {
        queue: 1,
        number: 2,
    };
    metadata.set(DELIVERY_KEY, &name.to_string());
    assert_eq!(
        deduplicator.name(metadata.as_metadata()).as_deref(),
        Some(&name)
    );
    assert!(Deduplicator::new(0).name(metadata.as_metadata()).is_none());
}
