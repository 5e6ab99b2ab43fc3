//! Locks that know their place in the lock order. A poisoned lock is locked all the same: whoever panicked has left the
//! value as it is, and others go on with it.
//!
//! In builds with debug assertions each thread knows which locks it holds, and panics where it takes one out of order. In
//! others these are std's locks, and cost nothing more.
//!
//! What a model checks, see `models/`, takes its atomics and threads from here too, and its time from `clock`: a model has
//! others.

use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;
use std::time::Duration;

pub(crate) use std::sync::atomic;
pub(crate) use std::thread;

/// The lock order: a thread that holds a lock takes only those of a higher rank.
pub(crate) mod rank {
    /// A client's changes of its endpoints.
    pub(crate) const ENDPOINTS: u8 = 0;
    /// What a thread of the process looks after, while it does: the idle poller, or the driver of tasks.
    pub(crate) const LOOKED_AFTER: u8 = 1;
    /// A socket and what belongs to it: a client's connection, a publisher, a pusher, a server's state.
    pub(crate) const SOCKET: u8 = 2;
    /// A queue's file, for as long as its disk takes.
    #[cfg_attr(
        not(feature = "disk-queue"),
        expect(dead_code, reason = "no queue has a file")
    )]
    pub(crate) const FILE: u8 = 3;
    /// All others, which are held for a few lines.
    pub(crate) const LEAF: u8 = u8::MAX - 1;
    /// The log's: there may be something to say anywhere.
    pub(crate) const LOG: u8 = u8::MAX;
}

/// A [`std::sync::Mutex`] with a [rank].
#[derive(Debug, Default)]
pub(crate) struct Mutex<T, const RANK: u8 = { rank::LEAF }>(std::sync::Mutex<T>);

/// A [`std::sync::RwLock`] with a [rank]. Its readers keep to it as well: one that waits behind a writer blocks as a writer
/// does.
#[derive(Debug, Default)]
pub(crate) struct RwLock<T, const RANK: u8 = { rank::LEAF }>(std::sync::RwLock<T>);

/// A [`std::sync::Condvar`]. Who waits at it holds no other lock.
#[derive(Debug, Default)]
pub(crate) struct Condvar(std::sync::Condvar);

/// A guard of std's.
pub(crate) struct LockGuard<G> {
    // Declared first, and so unlocked before it counts as unlocked.
    guard: G,
    held: Held,
}

pub(crate) type MutexGuard<'a, T> = LockGuard<std::sync::MutexGuard<'a, T>>;
pub(crate) type RwLockReadGuard<'a, T> = LockGuard<std::sync::RwLockReadGuard<'a, T>>;
pub(crate) type RwLockWriteGuard<'a, T> = LockGuard<std::sync::RwLockWriteGuard<'a, T>>;

impl<T, const RANK: u8> Mutex<T, RANK> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::Mutex::new(value))
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        // Before it is taken: a thread that is told of a deadlock is not in it.
        let held = Held::in_order::<T>(RANK);
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        LockGuard { guard, held }
    }

    /// Returns `None` if the lock is held, or a thread panicked while it held it. This waits for nobody, so it may be out
    /// of order.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let guard = self.0.try_lock().ok()?;
        let held = Held::out_of_order::<T>(RANK);
        Some(LockGuard { guard, held })
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, const RANK: u8> RwLock<T, RANK> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::sync::RwLock::new(value))
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        let held = Held::in_order::<T>(RANK);
        let guard = self.0.read().unwrap_or_else(PoisonError::into_inner);
        LockGuard { guard, held }
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        let held = Held::in_order::<T>(RANK);
        let guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        LockGuard { guard, held }
    }
}

impl Condvar {
    pub(crate) const fn new() -> Self {
        Self(std::sync::Condvar::new())
    }

    #[inline]
    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    #[inline]
    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn wait<'a, T>(&self, lock: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        lock.waited(|guard| self.0.wait(guard).unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        lock: MutexGuard<'a, T>,
        limit: Duration,
    ) -> MutexGuard<'a, T> {
        lock.waited(|guard| {
            let waited = self.0.wait_timeout(guard, limit);
            waited.unwrap_or_else(PoisonError::into_inner).0
        })
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    #[cfg_attr(
        not(feature = "auth"),
        expect(dead_code, reason = "only threads that decide logins wait so")
    )]
    pub(crate) fn wait_while<'a, T>(
        &self,
        lock: MutexGuard<'a, T>,
        condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        lock.waited(|guard| {
            let waited = self.0.wait_while(guard, condition);
            waited.unwrap_or_else(PoisonError::into_inner)
        })
    }

    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn wait_timeout_while<'a, T>(
        &self,
        lock: MutexGuard<'a, T>,
        limit: Duration,
        condition: impl FnMut(&mut T) -> bool,
    ) -> MutexGuard<'a, T> {
        lock.waited(|guard| {
            let waited = self.0.wait_timeout_while(guard, limit, condition);
            waited.unwrap_or_else(PoisonError::into_inner).0
        })
    }
}

impl<G> LockGuard<G> {
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    fn waited(self, wait: impl FnOnce(G) -> G) -> Self {
        let Self { guard, held } = self;
        held.assert_alone();
        Self {
            guard: wait(guard),
            held,
        }
    }
}

impl<G: Deref> Deref for LockGuard<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for LockGuard<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

#[cfg(debug_assertions)]
use order::Held;

/// The order, kept by each thread for the locks that it holds.
#[cfg(debug_assertions)]
mod order {
    use std::any::type_name;
    use std::cell::RefCell;

    thread_local! {
        static HELD: RefCell<Vec<HeldLock>> = const { RefCell::new(Vec::new()) };
    }

    /// A lock that the thread holds. What it guards is its name.
    #[derive(Clone, Copy, PartialEq)]
    struct HeldLock {
        rank: u8,
        name: &'static str,
    }

    /// The entry of a guard, for as long as it lives.
    pub(super) struct Held(HeldLock);

    impl Held {
        /// Panics if the thread holds a lock of the same rank or a higher one.
        #[track_caller]
        pub(super) fn in_order<T>(rank: u8) -> Self {
            let name = type_name::<T>();
            let highest = with(|held| held.iter().copied().max_by_key(|entry| entry.rank));
            if let Some(Some(highest)) = highest {
                assert!(
                    highest.rank < rank,
                    "the lock of {name} is taken under that of {}, against the lock order",
                    highest.name
                );
            }
            Self::out_of_order::<T>(rank)
        }

        pub(super) fn out_of_order<T>(rank: u8) -> Self {
            let entry = HeldLock {
                rank,
                name: type_name::<T>(),
            };
            with(|held| held.push(entry));
            Self(entry)
        }

        /// Panics if the thread holds another lock.
        #[track_caller]
        pub(super) fn assert_alone(&self) {
            let other = with(|held| held.iter().copied().find(|entry| *entry != self.0));
            if let Some(Some(other)) = other {
                panic!(
                    "a thread waits with the lock of {} and holds that of {}",
                    self.0.name, other.name
                );
            }
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            with(|held| {
                if let Some(at) = held.iter().rposition(|entry| *entry == self.0) {
                    held.swap_remove(at);
                }
            });
        }
    }

    /// Returns `None` when the thread ends and has no such list any more.
    fn with<R>(action: impl FnOnce(&mut Vec<HeldLock>) -> R) -> Option<R> {
        HELD.try_with(|held| action(&mut held.borrow_mut())).ok()
    }
}

#[cfg(not(debug_assertions))]
struct Held;

#[cfg(not(debug_assertions))]
impl Held {
    #[inline]
    fn in_order<T>(_rank: u8) -> Self {
        Self
    }

    #[inline]
    fn out_of_order<T>(_rank: u8) -> Self {
        Self
    }

    #[inline]
    fn assert_alone(&self) {}
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_lock_is_locked_although_a_thread_has_panicked_with_it() {
        let lock = <Mutex<u8>>::new(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut value = lock.lock();
            *value = 2;
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 2);
        assert!(lock.try_lock().is_none());
    }

    #[test]
    fn locks_cost_what_std_s_do() {
        assert_eq!(size_of::<Mutex<u8>>(), size_of::<std::sync::Mutex<u8>>());
        if !cfg!(debug_assertions) {
            let size = size_of::<std::sync::MutexGuard<'_, u8>>();
            assert_eq!(size_of::<MutexGuard<'_, u8>>(), size);
        }
    }

    #[test]
    fn locks_are_taken_in_their_order_and_released_in_any() {
        let (first, leaf) = (<Mutex<u8, 0>>::new(1), <Mutex<u16>>::new(2));
        let (outer, inner) = (first.lock(), leaf.lock());
        drop(outer);
        drop(inner);
        drop(leaf.lock());
        drop(first.lock());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "the lock of u8 is taken under that of u16, against the lock order")]
    fn a_lock_that_is_taken_out_of_order_panics_and_names_both() {
        let (first, leaf) = (<Mutex<u8, 0>>::new(1), <Mutex<u16>>::new(2));
        let _leaf = leaf.lock();
        drop(first.lock());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "the lock of u8 is taken under that of u16, against the lock order")]
    fn two_leaves_are_not_held_at_once() {
        let (one, other) = (<Mutex<u8>>::new(1), <RwLock<u16>>::new(2));
        let _other = other.read();
        drop(one.lock());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "the lock of u8 is taken under that of u16, against the lock order")]
    fn a_lock_may_be_tried_out_of_order_and_counts_as_held() {
        let (first, leaf) = (<Mutex<u16, 0>>::new(1), <Mutex<u32>>::new(2));
        let tried = {
            let _leaf = leaf.lock();
            first.try_lock()
        };
        assert!(tried.is_some());
        drop(<Mutex<u8, 0>>::new(3).lock());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "a thread waits with the lock of u16 and holds that of u8")]
    fn who_waits_holds_no_other_lock() {
        let (first, leaf) = (<Mutex<u8, 0>>::new(1), <Mutex<u16>>::new(2));
        let _first = first.lock();
        drop(Condvar::new().wait_timeout(leaf.lock(), Duration::ZERO));
    }
}
