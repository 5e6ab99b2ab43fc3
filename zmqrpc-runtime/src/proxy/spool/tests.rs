use super::super::queue::MemoryQueue;
use super::*;
use crate::proxy::backoff::Backoff;

const ATTEMPT: Duration = Duration::from_secs(1);

fn spool() -> Spool {
    let patience = RetryPolicy {
        attempt: ATTEMPT,
        attempts: 10,
        counts_all: false,
        time_to_live: None,
        backoff: Backoff {
            first: ATTEMPT,
            longest: ATTEMPT,
        },
    };
    let store = Arc::new(MemoryQueue::new(1000, 1 << 30));
    Spool::new(store, Limits::NONE, patience, Arc::default()).unwrap()
}

fn put(spool: &mut Spool, bytes: usize, now: Instant) -> Result<(), CallFailure> {
    if let Some(refusal) = spool.refusal(bytes, now) {
        return Err(refusal);
    }
    let stored = Stored {
        origin: None,
        accepted: 0,
        frame: vec![0; bytes],
    };
    spool.put(stored, now);
    Ok(())
}

/// Writes what is due. Returns how many new requests are accepted with that.
fn write(spool: &mut Spool, now: Instant) -> usize {
    let batch = spool.next_batch(now, true).unwrap();
    let outcome = spool.store.commit(&batch);
    spool.written(&batch, outcome, now).unwrap()
}

fn has_letter(spool: &Spool) -> bool {
    spool.store.letter_after(None).unwrap().is_some()
}

#[test]
fn what_comes_faster_than_it_is_written_is_refused() {
    let (mut spool, now) = (spool(), Instant::now());
    for _ in 0..8 {
        put(&mut spool, UNWRITTEN / 8, now).unwrap();
    }
    let refusal = put(&mut spool, 1, now).unwrap_err();
    assert_eq!(refusal.status, Status::Overloaded);
    assert!(
        refusal.detail.contains("wait to be written"),
        "{}",
        refusal.detail
    );
    // Some at a time are written, and then there is room again.
    for written in 1..=4 {
        let batch = spool.next_batch(now, true).unwrap();
        assert_eq!(batch.new.len(), 2);
        assert_eq!(spool.schedule.next(now), None, "none is delivered before");
        let rest = put(&mut spool, UNWRITTEN, now);
        rest.expect_err("what is being written takes room");
        let outcome = spool.store.commit(&batch);
        assert_eq!(spool.written(&batch, outcome, now).unwrap(), 2);
        for number in [2 * written - 2, 2 * written - 1] {
            assert_eq!(spool.schedule.next(now), Some((number, 0)));
        }
    }
    assert!(spool.next_batch(now, true).is_none());
    put(&mut spool, 2 * UNWRITTEN, now).expect("alone it may be as large as it likes");
    assert_eq!(write(&mut spool, now), 1);
}

#[test]
fn what_is_given_up_while_it_is_written_is_not_delivered() {
    let (mut spool, now) = (spool(), Instant::now());
    put(&mut spool, 1, now).unwrap();
    let batch = spool.next_batch(now, false).unwrap();
    spool.give_up(0, "too old".into());
    let outcome = spool.store.commit(&batch);
    assert_eq!(spool.written(&batch, outcome, now).unwrap(), 1);
    assert_eq!(spool.schedule.next(now), None);
    assert_eq!(write(&mut spool, now), 0);
    assert!(has_letter(&spool));
    assert_eq!(spool.store.contents().map(|held| held.len()), Ok(0));
}

#[test]
fn what_is_new_is_not_held_when_what_comes_before_it_cannot_be_written() {
    let (mut spool, now) = (spool(), Instant::now());
    put(&mut spool, WRITE, now).unwrap();
    let batch = spool.next_batch(now, true).unwrap();
    spool.give_up(0, "too old".into());
    put(&mut spool, 1, now).unwrap();
    let unwritten = WriteFailure {
        reason: "no room".into(),
        surely: true,
    };
    let refusal = spool.written(&batch, Err(unwritten), now).unwrap_err();
    assert_eq!(refusal.status, Status::Overloaded);
    assert_eq!(refusal.executed, Executed::No);
    assert_eq!((spool.held.len(), spool.bytes, spool.new_bytes), (0, 0, 0));
    put(&mut spool, 1, now).expect_err("it is not tried again at once");
    assert!(spool.next_batch(now, true).is_none());
    // Then it is, and what may have got into it is taken out.
    let later = spool.next_batch_time(now).unwrap();
    assert!(later > now);
    put(&mut spool, 1, later).unwrap();
    let batch = spool.next_batch(later, false).unwrap();
    assert_eq!((batch.new.len(), &batch.done[..]), (1, &[0, 1][..]));
    assert!(batch.dead.is_empty(), "its caller was refused");
    assert_eq!(spool.written(&batch, Ok(0), later).unwrap(), 1);
    assert_eq!(spool.schedule.next(later), Some((2, 0)));
    assert_eq!(spool.schedule.next(later), None);
}

#[test]
fn what_ended_is_recorded_behind_what_is_new() {
    let (mut spool, now) = (spool(), Instant::now());
    put(&mut spool, WRITE, now).unwrap();
    put(&mut spool, WRITE, now).unwrap();
    // The second is too old before it has been written.
    spool.give_up(1, "too old".into());
    assert_eq!(write(&mut spool, now), 1);
    assert!(!has_letter(&spool));
    assert_eq!(write(&mut spool, now), 1);
    assert!(has_letter(&spool));
    assert_eq!(spool.store.contents().map(|held| held.len()), Ok(1));
}
