//! Messages that report when libzmq frees them.
//!
//! libzmq does not report when a queue is empty. It frees a message once the message is copied into the buffer that is
//! written to the connection next, together with other messages that are queued by then. It fills the next buffer after
//! that one is written. So a second tracked message that goes into another buffer shows, once it is freed, that
//! everything before the first has been written. It goes into another buffer if it is sent after the first is freed and
//! the [I/O thread has completed a round](super::await_io_thread).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Counts messages that libzmq holds.
pub(crate) struct UnsentCounter {
    count: AtomicUsize,
    /// The thread to wake when the count reaches zero.
    waiter: Option<Thread>,
}

/// How often a waiting thread checks by itself.
const CHECK_INTERVAL: Duration = Duration::from_millis(2);

impl UnsentCounter {
    /// Returns a counter that the calling thread will wait for.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            waiter: Some(thread::current()),
        })
    }

    /// Returns a counter that wakes no thread.
    pub(crate) fn without_waiter() -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            waiter: None,
        })
    }

    /// Returns whether libzmq holds none of the tracked messages.
    pub(crate) fn is_zero(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Waits until libzmq holds none of the tracked messages. Returns `false` if `deadline` passes first.
    pub(crate) fn wait(&self, deadline: Instant) -> bool {
        while !self.is_zero() {
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return false;
            }
            // Another thread may be the one that is woken.
            thread::park_timeout(rest.min(CHECK_INTERVAL));
        }
        true
    }

    /// Counts a message until the returned guard is dropped.
    pub(super) fn track(self: &Arc<Self>) -> TrackedGuard {
        self.count.fetch_add(1, Ordering::Relaxed);
        TrackedGuard(Arc::clone(self))
    }
}

/// The guard that a tracked message owns.
pub(super) struct TrackedGuard(Arc<UnsentCounter>);

impl Drop for TrackedGuard {
    fn drop(&mut self) {
        let Self(counter) = self;
        if counter.count.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(waiter) = &counter.waiter
        {
            waiter.unpark();
        }
    }
}
