//! Messages that tell when libzmq has let go of them.
//!
//! libzmq does not say when a queue is empty. It frees a message when it has been copied into the buffer that is written
//! to the connection next, with others that are there by then. The next buffer is begun when that one has been written.
//! So a second marked message that gets into another buffer shows when it is freed that what came before the first has
//! left. It does if it is sent when the first has been freed, and the [I/O thread has come round](super::await_io_thread).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Counts messages that libzmq holds.
pub(crate) struct UnsentCounter {
    held: AtomicUsize,
    /// Who waits for it.
    thread: Option<Thread>,
}

/// How often a thread looks that nobody wakes.
const LOOK: Duration = Duration::from_millis(2);

impl UnsentCounter {
    /// One that this thread is going to wait for.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            thread: Some(thread::current()),
        })
    }

    /// One that nobody may ever wait for.
    pub(crate) fn quiet() -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            thread: None,
        })
    }

    /// Whether libzmq holds none of the marked messages.
    pub(crate) fn is_free(&self) -> bool {
        self.held.load(Ordering::Acquire) == 0
    }

    /// Waits until it does not. `false` if `deadline` passes first.
    pub(crate) fn wait(&self, deadline: Instant) -> bool {
        while !self.is_free() {
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return false;
            }
            // The thread that is woken may be another one.
            thread::park_timeout(rest.min(LOOK));
        }
        true
    }

    /// Counts a message for as long as what is answered lives.
    pub(super) fn count(self: &Arc<Self>) -> Counted {
        self.held.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(self))
    }
}

/// What a marked message owns.
pub(super) struct Counted(Arc<UnsentCounter>);

impl Drop for Counted {
    fn drop(&mut self) {
        let Self(mark) = self;
        if mark.held.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(thread) = &mark.thread
        {
            thread.unpark();
        }
    }
}
