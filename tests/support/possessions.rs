//! What this process has open.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Descriptors and threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possessions {
    descriptors: usize,
    threads: usize,
}

impl Possessions {
    pub(crate) const NONE: Self = Self {
        descriptors: 0,
        threads: 0,
    };

    fn now() -> Self {
        let count = |directory| fs::read_dir(directory).unwrap().count();
        Self {
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }

    /// What the process has once it has no more than `most`, or when it does not come to that: libzmq closes on
    /// threads of its own, a moment later.
    pub(crate) fn settled(most: Self) -> Self {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let now = Self::now();
            if now.is_within(most) || Instant::now() > end {
                return now;
            }
            thread::yield_now();
        }
    }

    fn is_within(self, most: Self) -> bool {
        self.descriptors <= most.descriptors && self.threads <= most.threads
    }

    /// Fails if the process has come to have more.
    #[track_caller]
    pub(crate) fn assert_kept(self) {
        let now = Self::settled(self);
        assert!(now.is_within(self), "{self:?} before, {now:?} after");
    }
}
