//! The signals that ask a process to end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// Tells of the first signal, on a thread of its own. The second one does what it does to a program that knows nothing of
/// signals: it ends the process at once.
pub(super) struct Watch {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub(super) fn start(tell: impl Fn() + Send + 'static) -> io::Result<Self> {
        let again = again()?;
        again.store(false, Ordering::SeqCst);
        let mut signals = Signals::new(ENDING)?;
        let handle = signals.handle();
        let thread = thread::Builder::new()
            .name("zmqrpc-signals".into())
            .spawn(move || {
                for _ in signals.forever() {
                    again.store(true, Ordering::SeqCst);
                    tell();
                }
            })?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Nobody waits for a signal any more: the next one ends the process.
        if let Ok(again) = again() {
            again.store(true, Ordering::SeqCst);
        }
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether the next signal is not the first one: it has its usual effect then. Once for the process, since what is done
/// about a signal cannot be undone.
fn again() -> io::Result<Arc<AtomicBool>> {
    static AGAIN: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(again) = AGAIN.get() {
        return Ok(Arc::clone(again));
    }
    let again = Arc::new(AtomicBool::new(false));
    for signal in ENDING {
        flag::register_conditional_default(signal, Arc::clone(&again))?;
    }
    Ok(Arc::clone(AGAIN.get_or_init(|| again)))
}
