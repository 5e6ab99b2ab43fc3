//! Wakers that are collected under a lock and used after it is released.
//!
//! A waker is foreign code, an executor's or hand-written. Waking or dropping it may run or drop a task, which may use
//! the very socket whose lock is held, and it may panic.

use crate::log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Collects wakers under a lock. Dropping the list uses them, so the list has to outlive the lock.
#[derive(Debug, Default)]
pub(crate) struct WakeList(Vec<WakerUse>);

#[derive(Debug)]
enum WakerUse {
    Wake(Waker),
    /// To be dropped without being woken.
    Drop(Waker),
}

impl WakeList {
    #[inline]
    pub(crate) fn wake(&mut self, waker: Waker) {
        self.0.push(WakerUse::Wake(waker));
    }

    #[inline]
    pub(crate) fn discard(&mut self, waker: Waker) {
        self.0.push(WakerUse::Drop(waker));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Moves all wakers of `other` to this list.
    #[inline]
    pub(crate) fn append(&mut self, other: &mut Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            // Both lists keep an allocation.
            std::mem::swap(&mut self.0, &mut other.0);
        } else {
            self.0.append(&mut other.0);
        }
    }

    /// Wakes or drops the collected wakers. No lock may be held.
    #[inline]
    pub(crate) fn run(&mut self) {
        if !self.is_empty() {
            self.use_all();
        }
    }

    fn use_all(&mut self) {
        for entry in self.0.drain(..) {
            contain_panic(|| match entry {
                WakerUse::Wake(waker) => waker.wake(),
                WakerUse::Drop(waker) => drop(waker),
            });
        }
    }
}

impl Drop for WakeList {
    #[inline]
    fn drop(&mut self) {
        self.run();
    }
}

/// Runs `action` and contains its panics.
fn contain_panic(action: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
        log::line!(error, ; "a task's waker panicked");
        // The panic's payload may panic again when it is dropped.
        std::mem::forget(panic);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    struct Counting(AtomicUsize);

    impl Wake for Counting {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Panicking;

    impl Wake for Panicking {
        fn wake(self: Arc<Self>) {
            panic!("as executors do that have ended");
        }
    }

    #[test]
    fn a_panicking_waker_does_not_keep_others_from_being_woken() {
        let counting = Arc::new(Counting(AtomicUsize::new(0)));
        let mut wakes = WakeList::default();
        wakes.wake(Waker::from(Arc::new(Panicking)));
        wakes.wake(Waker::from(Arc::clone(&counting)));
        wakes.discard(Waker::from(Arc::clone(&counting)));
        drop(wakes);
        assert_eq!(counting.0.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&counting), 1);
    }
}
