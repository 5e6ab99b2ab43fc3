//! What the runtime's `sync` has, of the scheduler's.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use rustix::kernel;
pub(crate) use shuttle::sync::atomic;

/// The ranks do not matter here.
pub(crate) mod rank {
    pub(crate) const LOOKED_AFTER: u8 = 0;
    pub(crate) const SOCKET: u8 = 0;
    pub(crate) const LEAF: u8 = 0;
}

#[derive(Debug, Default)]
pub(crate) struct Mutex<T, const RANK: u8 = { rank::LEAF }>(shuttle::sync::Mutex<T>);

#[derive(Debug, Default)]
pub(crate) struct Condvar(shuttle::sync::Condvar);

pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a shuttle::sync::Mutex<T>,
    guard: shuttle::sync::MutexGuard<'a, T>,
}

impl<T, const RANK: u8> Mutex<T, RANK> {
    pub(crate) const fn new(value: T) -> Self {
        Self(shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let guard = self.0.lock().unwrap();
        MutexGuard {
            mutex: &self.0,
            guard,
        }
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let guard = self.0.try_lock().ok()?;
        Some(MutexGuard {
            mutex: &self.0,
            guard,
        })
    }
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(shuttle::sync::Condvar::new())
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait<'a, T>(&self, lock: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let MutexGuard { mutex, guard } = lock;
        let guard = self.0.wait(guard).unwrap();
        MutexGuard { mutex, guard }
    }

    /// The time is over when the scheduler says so. Until then others go on, and notify whom they like.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        lock: MutexGuard<'a, T>,
        limit: Duration,
    ) -> MutexGuard<'a, T> {
        if kernel::is_never(limit) {
            return self.wait(lock);
        }
        let MutexGuard { mutex, guard } = lock;
        drop(guard);
        kernel::sleep(limit);
        let guard = mutex.lock().unwrap();
        MutexGuard { mutex, guard }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

pub(crate) mod thread {
    //! Threads of the scheduler's.

    use std::time::Duration;

    use rustix::kernel;
    pub(crate) use rustix::kernel::sleep;
    pub(crate) use shuttle::thread::{Builder, JoinHandle, Thread, current, spawn};

    pub(crate) fn park_timeout(limit: Duration) {
        if kernel::is_never(limit) {
            shuttle::thread::park();
        } else {
            sleep(limit);
        }
    }
}
