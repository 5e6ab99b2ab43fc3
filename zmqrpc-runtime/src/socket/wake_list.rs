//! Wakers that are used when no lock is held.
//!
//! A waker is a user's code: of an executor, or written by hand. Waking it, and dropping it too, may run a task or drop
//! one, and that task may use the very socket whose lock is held. It may panic, which is its own affair.

use crate::log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Collects wakers under a lock. They are used when this is dropped, so it has to outlive the lock.
#[derive(Debug, Default)]
pub(crate) struct WakeList(Vec<Spent>);

#[derive(Debug)]
enum Spent {
    Woken(Waker),
    /// It is not needed any more.
    Dropped(Waker),
}

impl WakeList {
    pub(crate) fn wake(&mut self, waker: Waker) {
        self.0.push(Spent::Woken(waker));
    }

    pub(crate) fn discard(&mut self, waker: Waker) {
        self.0.push(Spent::Dropped(waker));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what another one has collected.
    #[inline]
    pub(crate) fn take_from(&mut self, other: &mut Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            // The memory goes to and fro.
            std::mem::swap(&mut self.0, &mut other.0);
        } else {
            self.0.append(&mut other.0);
        }
    }

    /// Uses what has been collected. No lock may be held.
    #[inline]
    pub(crate) fn run(&mut self) {
        if !self.is_empty() {
            self.use_all();
        }
    }

    fn use_all(&mut self) {
        for spent in self.0.drain(..) {
            contain(|| match spent {
                Spent::Woken(waker) => waker.wake(),
                Spent::Dropped(waker) => drop(waker),
            });
        }
    }
}

impl Drop for WakeList {
    fn drop(&mut self) {
        self.run();
    }
}

/// Runs what a panic of must not get further than here.
fn contain(action: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
        log::line!(error, ; "a task's waker panicked");
        // What it panics with may panic again when it is dropped.
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
    fn a_waker_that_panics_keeps_no_other_from_being_woken() {
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
