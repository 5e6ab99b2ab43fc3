//! A socket behind a lock. Any thread may use it; one thread at a time waits on its descriptors, further threads wait for
//! that one. While no thread uses it, the process's idle poller reads its events.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::socket::{IdleSocket, POLL_INTERVAL, Poller, SocketError, WakeList};
use crate::sync::{Condvar, Mutex, MutexGuard, rank};

/// A socket state `C` that threads share.
pub(super) struct SharedSocket<C> {
    guarded: Mutex<Guarded<C>, { rank::SOCKET }>,
    /// Wakes the threads that wait for the thread which polls the socket.
    pub(super) changed: Condvar,
    poller: Arc<Poller>,
}

/// The state behind the lock.
pub(super) struct Guarded<C> {
    inner: C,
    /// Whether a thread polls the socket. A thread that changes the state meanwhile wakes it.
    pub(super) polled: bool,
    /// The number of threads that wait for that one.
    parked: usize,
    pub(super) uses_since_drain: u32,
    /// When the socket's events were last read.
    drained_at: Instant,
}

/// A guard of the locked state. Dropping it unlocks the state and then wakes tasks.
pub(super) struct SocketLock<'a, C> {
    pub(super) guarded: MutexGuard<'a, Guarded<C>>,
    // Declared after the guard, and so dropped after it.
    pub(super) wakes: WakeList,
}

/// A socket and the state that belongs to it.
pub(super) trait SocketState: Send {
    /// Reads the socket's events. Returns whether a thread or task may wait for one of them.
    fn drain(&mut self) -> bool;
    /// Adds the waker of the next waiting task to `wakes`.
    fn wake_task(&mut self, _wakes: &mut WakeList) {}
    /// Returns whether a connection may have to be made again without an event that says so.
    fn awaits_reconnect(&self) -> bool;
    /// Returns whether some changes come without an event, so that the socket must be polled for them.
    fn needs_polling(&self) -> bool;
    /// Closes the socket and frees its endpoints.
    fn close_and_release(&mut self);
}

/// After how many uses a socket's events are read, which pile up otherwise. The idle poller reads those of an unused
/// socket.
const MAX_USES: u32 = 64;

/// How often a socket in use is polled for changes that come without an event.
pub(super) const MAINTENANCE_INTERVAL: Duration = Duration::from_millis(100);

/// The longest single wait of a thread that has no deadline.
const MAX_WAIT: Duration = Duration::from_secs(3600);

impl<C: SocketState> SharedSocket<C> {
    pub(super) fn new(inner: C, poller: Arc<Poller>) -> Self {
        let guarded = Guarded {
            inner,
            polled: false,
            parked: 0,
            uses_since_drain: 0,
            drained_at: Instant::now(),
        };
        Self {
            guarded: Mutex::new(guarded),
            changed: Condvar::new(),
            poller,
        }
    }

    pub(super) fn lock(&self) -> SocketLock<'_, C> {
        SocketLock {
            guarded: self.guarded.lock(),
            wakes: WakeList::default(),
        }
    }

    /// Reads the socket's events, and notifies waiting threads and tasks of changes.
    pub(super) fn drain_and_notify(&self, lock: &mut SocketLock<'_, C>) {
        if lock.drain_socket() {
            self.notify(lock);
        }
    }

    /// Wakes one waiter of each kind: the thread that polls the socket, a thread that waits for that one, and a task.
    pub(super) fn notify(&self, lock: &mut SocketLock<'_, C>) {
        lock.guarded.inner.wake_task(&mut lock.wakes);
        if lock.parked > 0 {
            self.changed.notify_one();
        }
        if lock.polled {
            self.poller.wake();
        }
    }

    /// Waits until the socket signals, or until the thread that polls it is notified. The caller has drained the socket.
    pub(super) fn wait<'a>(
        &'a self,
        mut lock: SocketLock<'a, C>,
        deadline: Option<Instant>,
    ) -> (SocketLock<'a, C>, Result<(), SocketError>) {
        let now = Instant::now();
        if lock.polled {
            if !lock.wakes.is_empty() {
                // Tasks must not wait until this thread is woken.
                drop(lock);
                return (self.lock(), Ok(()));
            }
            lock.parked += 1;
            let timeout =
                deadline.map_or(MAX_WAIT, |deadline| deadline.saturating_duration_since(now));
            let SocketLock { guarded, wakes } = lock;
            let guarded = self.changed.wait_timeout(guarded, timeout);
            let mut lock = SocketLock { guarded, wakes };
            lock.parked -= 1;
            return (lock, Ok(()));
        }
        lock.polled = true;
        let next_poll = lock.needs_polling().then(|| now + POLL_INTERVAL);
        drop(lock);
        let driven = self
            .poller
            .wait([next_poll, deadline].into_iter().flatten().min());
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
    /// Reads the socket's events. Returns whether a thread or task may wait for one of them.
    pub(super) fn drain_socket(&mut self) -> bool {
        let notify = self.inner.drain();
        (self.uses_since_drain, self.drained_at) = (0, Instant::now());
        notify
    }

    /// Returns whether it is time to read the socket's events.
    pub(super) fn drain_is_due(&self) -> bool {
        // Not always by the clock: reading it costs a quarter of the time of sending a message.
        self.uses_since_drain >= MAX_USES
            || self.needs_polling() && self.drained_at.elapsed() >= MAINTENANCE_INTERVAL
    }
}

impl<C> Deref for SocketLock<'_, C> {
    type Target = Guarded<C>;

    fn deref(&self) -> &Guarded<C> {
        &self.guarded
    }
}

impl<C> DerefMut for SocketLock<'_, C> {
    fn deref_mut(&mut self) -> &mut Guarded<C> {
        &mut self.guarded
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
        // The thread that holds the lock or polls the socket reads the events itself.
        let Some(guarded) = self.guarded.try_lock() else {
            return false;
        };
        let mut lock = SocketLock {
            guarded,
            wakes: WakeList::default(),
        };
        if !lock.polled {
            self.drain_and_notify(&mut lock);
        }
        wakes.append(&mut lock.wakes);
        lock.awaits_reconnect()
    }
}
