use super::super::queue::MemoryQueue;
use super::*;
use crate::proxy::backoff::Backoff;

const ATTEMPT: Duration = Duration::from_secs(1);

fn spool() -> Spool {
    let policy = RetryPolicy {
        attempt_timeout: ATTEMPT,
        max_attempts: 10,
        count_all_failures: false,
        time_to_live: None,
        backoff: Backoff {
            first: ATTEMPT,
            longest: ATTEMPT,
        },
    };
    let store = Arc::new(MemoryQueue::new(1000, 1 << 30));
    Spool::new(store, Limits::NONE, policy, Arc::default()).unwrap()
}

fn put(spool: &mut Spool, bytes: usize, now: Instant) -> Result<(), CallFailure> {
    if let Some(failure) = spool.check_room(bytes, now) {
        return Err(failure);
    }
    let stored = Stored {
        origin: None,
        accepted: 0,
        frame: vec![0; bytes],
    };
    spool.push(stored, now);
    Ok(())
}

/// Writes the next batch. Returns how many new requests have thereby been accepted.
fn write(spool: &mut Spool, now: Instant) -> usize {
    let batch = spool.next_batch(now, true).unwrap();
    let outcome = spool.store.commit(&batch);
    spool.batch_written(&batch, outcome, now).unwrap()
}

fn has_letter(spool: &Spool) -> bool {
    spool.store.letter_after(None).unwrap().is_some()
}

#[test]
fn what_comes_faster_than_it_is_written_is_refused() {
    let (mut spool, now) = (spool(), Instant::now());
    for _ in 0..8 {
        put(&mut spool, MAX_UNWRITTEN / 8, now).unwrap();
    }
    let failure = put(&mut spool, 1, now).unwrap_err();
    assert_eq!(failure.status, Status::Overloaded);
    assert!(
        failure.detail.contains("wait to be written"),
        "{}",
        failure.detail
    );
    // Each batch that is written makes room again.
    for written in 1..=4 {
        let batch = spool.next_batch(now, true).unwrap();
        assert_eq!(batch.new.len(), 2);
        assert_eq!(
            spool.schedule.next(now),
            None,
            "none is delivered before it is written"
        );
        let rest = put(&mut spool, MAX_UNWRITTEN, now);
        rest.expect_err("requests being written take room");
        let outcome = spool.store.commit(&batch);
        assert_eq!(spool.batch_written(&batch, outcome, now).unwrap(), 2);
        for number in [2 * written - 2, 2 * written - 1] {
            assert_eq!(spool.schedule.next(now), Some((number, 0)));
        }
    }
    assert!(spool.next_batch(now, true).is_none());
    put(&mut spool, 2 * MAX_UNWRITTEN, now).expect("a single request may be larger");
    assert_eq!(write(&mut spool, now), 1);
}

#[test]
fn a_request_given_up_while_it_is_written_is_not_delivered() {
    let (mut spool, now) = (spool(), Instant::now());
    put(&mut spool, 1, now).unwrap();
    let batch = spool.next_batch(now, false).unwrap();
    spool.give_up(0, "too old".into());
    let outcome = spool.store.commit(&batch);
    assert_eq!(spool.batch_written(&batch, outcome, now).unwrap(), 1);
    assert_eq!(spool.schedule.next(now), None);
    assert_eq!(write(&mut spool, now), 0);
    assert!(has_letter(&spool));
    assert_eq!(spool.store.contents().map(|entries| entries.len()), Ok(0));
}

#[test]
fn a_failed_write_also_drops_the_requests_that_wait_behind_it() {
    let (mut spool, now) = (spool(), Instant::now());
    put(&mut spool, MAX_BATCH_BYTES, now).unwrap();
    let batch = spool.next_batch(now, true).unwrap();
    spool.give_up(0, "too old".into());
    put(&mut spool, 1, now).unwrap();
    let failure = WriteFailure {
        reason: "no room".into(),
        nothing_written: true,
    };
    let failure = spool.batch_written(&batch, Err(failure), now).unwrap_err();
    assert_eq!(failure.status, Status::Overloaded);
    assert_eq!(failure.executed, Executed::No);
    assert_eq!(
        (spool.requests.len(), spool.bytes, spool.new_bytes),
        (0, 0, 0)
    );
    put(&mut spool, 1, now).expect_err("the queue is not written again before the delay");
    assert!(spool.next_batch(now, true).is_none());
    // After the delay it is, and the requests that may have got into it are removed.
    let later = spool.next_batch_at(now).unwrap();
    assert!(later > now);
    put(&mut spool, 1, later).unwrap();
    let batch = spool.next_batch(later, false).unwrap();
    assert_eq!((batch.new.len(), &batch.done[..]), (1, &[0, 1][..]));
    assert!(
        batch.dead.is_empty(),
        "its caller was told of the rejection"
    );
    assert_eq!(spool.batch_written(&batch, Ok(0), later).unwrap(), 1);
    assert_eq!(spool.schedule.next(later), Some((2, 0)));
    assert_eq!(spool.schedule.next(later), None);
}

#[test]
fn ended_requests_are_recorded_after_new_ones() {
    let (mut spool, now) = (spool(), Instant::now());
    put(&mut spool, MAX_BATCH_BYTES, now).unwrap();
    put(&mut spool, MAX_BATCH_BYTES, now).unwrap();
    // The second expires before it has been written.
    spool.give_up(1, "too old".into());
    assert_eq!(write(&mut spool, now), 1);
    assert!(!has_letter(&spool));
    assert_eq!(write(&mut spool, now), 1);
    assert!(has_letter(&spool));
    assert_eq!(spool.store.contents().map(|entries| entries.len()), Ok(1));
}
