use super::super::queue::MemoryQueue;
use super::*;

const ATTEMPT: Duration = Duration::from_secs(1);

fn keeping() -> Keeping {
    let patience = Patience {
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
    Keeping::new(store, Limits::NONE, patience, Arc::default()).unwrap()
}

fn put(keeping: &mut Keeping, bytes: usize, now: Instant) -> Result<(), Refusal> {
    if let Some(refusal) = keeping.refusal(bytes, now) {
        return Err(refusal);
    }
    let kept = Kept {
        origin: None,
        accepted: 0,
        frame: vec![0; bytes],
    };
    keeping.put(kept, now);
    Ok(())
}

fn has_letter(keeping: &Keeping) -> bool {
    keeping.store.letter_after(None).unwrap().is_some()
}

#[test]
fn what_comes_faster_than_it_is_written_is_refused() {
    let (mut keeping, now) = (keeping(), Instant::now());
    for _ in 0..8 {
        put(&mut keeping, UNWRITTEN / 8, now).unwrap();
    }
    let refusal = put(&mut keeping, 1, now).unwrap_err();
    assert_eq!(refusal.status, Status::Overloaded);
    assert!(
        refusal.detail.contains("wait to be written"),
        "{}",
        refusal.detail
    );
    // Some at a time are written, and then there is room again.
    for written in 1..=4 {
        assert!(keeping.has_much_to_write());
        assert_eq!(keeping.commit(now, true).unwrap(), 2);
        assert_eq!(keeping.has_more_to_write(), written < 4);
        assert!(keeping.is_written(2 * written - 1));
        assert_eq!(keeping.is_written(2 * written), written == 4);
    }
    put(&mut keeping, 2 * UNWRITTEN, now).expect("alone it may be as large as it likes");
    assert_eq!(keeping.commit(now, true).unwrap(), 1);
}

#[test]
fn what_ended_is_recorded_behind_what_is_new() {
    let (mut keeping, now) = (keeping(), Instant::now());
    put(&mut keeping, WRITE, now).unwrap();
    put(&mut keeping, WRITE, now).unwrap();
    // The second is too old before it has been written.
    keeping.give_up(1, "too old".into());
    assert_eq!(keeping.commit(now, true).unwrap(), 1);
    assert!(!has_letter(&keeping));
    assert_eq!(keeping.commit(now, true).unwrap(), 1);
    assert!(has_letter(&keeping));
    assert_eq!(keeping.store.contents().map(|held| held.len()), Ok(1));
}
