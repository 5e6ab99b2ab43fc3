//! What this process has open.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Descriptors and threads, but for the one that writes into the log: a process has it from its first line on.
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
        Self {
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: threads().len(),
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
        let threads = threads();
        assert!(
            now.is_within(self),
            "{self:?} before, {now:?} after, threads {threads:?}"
        );
    }
}

/// The names of this process's threads that count.
fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("comm")));
    // One may have ended meanwhile.
    let names = names.flatten().map(|name| name.trim().to_owned());
    names.filter(|name| name != "zmqrpc-log").collect()
}
