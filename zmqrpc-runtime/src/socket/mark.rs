//! Messages that tell when libzmq has let go of them.
//!
//! libzmq does not say when a queue is empty. It frees a message when it has been copied into the buffer that is written
//! to the connection next, and takes the following one only when that buffer has been written. So a second marked
//! message, sent when the first has been freed, shows when it is freed that what came before the first has left.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Instant;

/// Counts messages that libzmq holds, for the thread that it was made on.
pub(crate) struct Mark {
    held: AtomicUsize,
    thread: Thread,
}

impl Mark {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            thread: thread::current(),
        })
    }

    /// Waits until libzmq holds none of the marked messages. `false` if `deadline` passes first.
    pub(crate) fn wait(&self, deadline: Instant) -> bool {
        while self.held.load(Ordering::Acquire) > 0 {
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return false;
            }
            thread::park_timeout(rest);
        }
        true
    }
}

/// What a marked message owns.
pub(super) struct Marked {
    pub(super) bytes: Vec<u8>,
    mark: Arc<Mark>,
}

impl Marked {
    pub(super) fn new(bytes: &[u8], mark: &Arc<Mark>) -> Self {
        mark.held.fetch_add(1, Ordering::Relaxed);
        Self {
            bytes: bytes.to_vec(),
            mark: Arc::clone(mark),
        }
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        if self.mark.held.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.mark.thread.unpark();
        }
    }
}

/// Called by libzmq, on a thread of its own.
pub(super) unsafe extern "C" fn free_marked(_data: *mut c_void, hint: *mut c_void) {
    // SAFETY: the hint is the box that the message was made with, and libzmq calls this once.
    drop(unsafe { Box::from_raw(hint.cast::<Marked>()) });
}
