//! A socket behind its lock: any thread uses it, one at a time waits at it, and the caretaker looks after it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::socket::{IdleSocket, POLL_INTERVAL, Poller, SocketError, WakeList};

pub(super) struct SharedSocket<C> {
    held: Mutex<Guarded<C>>,
    /// For the threads that do not wait at the socket.
    pub(super) changed: Condvar,
    poller: Arc<Poller>,
}

/// What stands under the lock.
pub(super) struct Guarded<C> {
    inner: C,
    /// A thread waits at the socket: whoever uses it now wakes that thread if something has changed.
    pub(super) polled: bool,
    /// Threads that wait for that one.
    parked: usize,
    pub(super) uses: u32,
    settled: Instant,
}

/// What stands under the lock, locked. Tasks are woken when it is free again.
pub(super) struct SocketLock<'a, C> {
    pub(super) held: MutexGuard<'a, Guarded<C>>,
    // Behind the guard, so dropped after it.
    pub(super) wakes: WakeList,
}

/// A socket and what belongs to it.
pub(super) trait SocketState: Send {
    /// Takes in what has happened. `true` if somebody may wait for it.
    fn take_in(&mut self) -> bool;
    /// How to wake a task that waits.
    fn wake_task(&mut self, _wakes: &mut WakeList) {}
    /// A connection may have to be made again, of which nothing tells.
    fn is_cut(&self) -> bool;
    /// Nothing tells of some of what happens: it has to be looked for.
    fn must_look(&self) -> bool;
    /// Leaves all endpoints.
    fn close_and_release(&mut self);
}

/// What has happened at a socket piles up until it is taken in: it is, after so many uses, or by the caretaker when it has
/// waited for long.
const USES: u32 = 64;

/// How often a socket in use looks after connections that nothing tells of.
pub(super) const REST: Duration = Duration::from_millis(100);

/// A wait without a deadline looks at the clock now and then.
const LONG: Duration = Duration::from_secs(3600);

impl<C: SocketState> SharedSocket<C> {
    pub(super) fn new(inner: C, poller: Arc<Poller>) -> Self {
        let held = Guarded {
            inner,
            polled: false,
            parked: 0,
            uses: 0,
            settled: Instant::now(),
        };
        Self {
            held: Mutex::new(held),
            changed: Condvar::new(),
            poller,
        }
    }

    pub(super) fn lock(&self) -> SocketLock<'_, C> {
        SocketLock {
            held: self.held.lock().unwrap_or_else(PoisonError::into_inner),
            wakes: WakeList::default(),
        }
    }

    /// Takes in what has happened, and tells who waits for it.
    pub(super) fn settle(&self, lock: &mut SocketLock<'_, C>) {
        if lock.settle() {
            self.tell(lock);
        }
    }

    /// Wakes the next of each kind that waits: the thread at the socket, one that waits for that one, a task.
    pub(super) fn tell(&self, lock: &mut SocketLock<'_, C>) {
        lock.held.inner.wake_task(&mut lock.wakes);
        if lock.parked > 0 {
            self.changed.notify_one();
        }
        if lock.polled {
            self.poller.wake();
        }
    }

    /// Waits until something happens, at the socket or for the thread that waits there. The socket was drained before.
    pub(super) fn wait<'a>(
        &'a self,
        mut lock: SocketLock<'a, C>,
        deadline: Option<Instant>,
    ) -> (SocketLock<'a, C>, Result<(), SocketError>) {
        let now = Instant::now();
        if lock.polled {
            if !lock.wakes.is_empty() {
                // They must not wait as long.
                drop(lock);
                return (self.lock(), Ok(()));
            }
            lock.parked += 1;
            let rest = deadline.map_or(LONG, |deadline| deadline.saturating_duration_since(now));
            let SocketLock { held, wakes } = lock;
            let waited = self.changed.wait_timeout(held, rest);
            let held = waited.unwrap_or_else(PoisonError::into_inner).0;
            let mut lock = SocketLock { held, wakes };
            lock.parked -= 1;
            return (lock, Ok(()));
        }
        lock.polled = true;
        let next = lock.must_look().then(|| now + POLL_INTERVAL);
        drop(lock);
        let driven = self
            .poller
            .wait([next, deadline].into_iter().flatten().min());
        lock = self.lock();
        lock.polled = false;
        (lock, driven.map_err(|error| SocketError::waiting(&error)))
    }

    pub(super) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Closes the socket and frees its endpoints.
    pub(super) fn close_and_release(&self) {
        self.lock().close_and_release();
    }
}

impl<C: SocketState> Guarded<C> {
    /// Whether somebody may wait for what was taken in.
    pub(super) fn settle(&mut self) -> bool {
        let concerns = self.inner.take_in();
        (self.uses, self.settled) = (0, Instant::now());
        concerns
    }

    /// Whether it is time to take in what has happened, although nobody asks for it.
    pub(super) fn is_due(&self) -> bool {
        // A look at the clock costs as much as a quarter of a message.
        self.uses >= USES || self.must_look() && self.settled.elapsed() >= REST
    }
}

impl<C> Deref for SocketLock<'_, C> {
    type Target = Guarded<C>;

    fn deref(&self) -> &Guarded<C> {
        &self.held
    }
}

impl<C> DerefMut for SocketLock<'_, C> {
    fn deref_mut(&mut self) -> &mut Guarded<C> {
        &mut self.held
    }
}

impl<C> Deref for Guarded<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.inner
    }
}

impl<C> DerefMut for Guarded<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.inner
    }
}

impl<C: SocketState> IdleSocket for SharedSocket<C> {
    fn poller(&self) -> &Poller {
        &self.poller
    }

    fn maintain(&self, wakes: &mut WakeList) -> bool {
        // Whoever has the lock, or waits at the socket, does it.
        let Ok(held) = self.held.try_lock() else {
            return false;
        };
        let mut lock = SocketLock {
            held,
            wakes: WakeList::default(),
        };
        if !lock.polled {
            self.settle(&mut lock);
        }
        wakes.append(&mut lock.wakes);
        lock.is_cut()
    }
}
