//! The signals that ask a process to end.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

use crate::socket::{PerProcess, Process, set_in_children};

const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// Tells of the first signal, on a thread of its own. The second one does what it does to a program that knows nothing of
/// signals: it ends the process at once.
pub(super) struct SignalWatcher {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    process: Process,
    // Dropped last: as long as somebody may be told, the first signal does nothing else.
    _present: WaiterPresence,
}

impl SignalWatcher {
    pub(super) fn start(tell: impl Fn() + Send + 'static) -> io::Result<Self> {
        let again = again()?;
        let mut signals = Signals::new(ENDING)?;
        let handle = signals.handle();
        let present = WaiterPresence::new(again);
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
            process: Process::current(),
            _present: present,
        })
    }
}

impl Drop for SignalWatcher {
    fn drop(&mut self) {
        let thread = self.thread.take();
        if !self.process.is_current() {
            // The parent's.
            return std::mem::forget(thread);
        }
        self.handle.close();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// Somebody waits for signals. When nobody does, the next one ends the process.
struct WaiterPresence {
    again: &'static AtomicBool,
    process: Process,
}

impl WaiterPresence {
    fn new(again: &'static AtomicBool) -> Self {
        let mut count = Self::count();
        if *count == 0 {
            again.store(false, Ordering::SeqCst);
        }
        *count += 1;
        Self {
            again,
            process: Process::current(),
        }
    }

    fn count() -> MutexGuard<'static, usize> {
        static COUNT: PerProcess<Mutex<usize>> = PerProcess::new();
        COUNT.get().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WaiterPresence {
    fn drop(&mut self) {
        if !self.process.is_current() {
            return;
        }
        let mut count = Self::count();
        *count -= 1;
        if *count == 0 {
            self.again.store(true, Ordering::SeqCst);
        }
    }
}

/// Whether the next signal has its usual effect: nobody waits for it, or it is not the first one. Once for the process,
/// since what is done about a signal cannot be undone. A child begins with what is usual.
fn again() -> io::Result<&'static AtomicBool> {
    static AGAIN: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    static DONE: AtomicUsize = AtomicUsize::new(0);
    static TURN: PerProcess<Mutex<()>> = PerProcess::new();
    let _turn = TURN.get().lock().unwrap_or_else(PoisonError::into_inner);
    let again = AGAIN.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for signal in &ENDING[DONE.load(Ordering::Relaxed)..] {
        flag::register_conditional_default(*signal, Arc::clone(again))?;
        DONE.fetch_add(1, Ordering::Relaxed);
    }
    set_in_children(again);
    Ok(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_for_those_who_wait_and_every_other_one_for_the_process() {
        static AGAIN: AtomicBool = AtomicBool::new(true);
        let again = || AGAIN.load(Ordering::SeqCst);
        let first = WaiterPresence::new(&AGAIN);
        let second = WaiterPresence::new(&AGAIN);
        drop(first);
        assert!(!again(), "one waits still");
        AGAIN.store(true, Ordering::SeqCst);
        let third = WaiterPresence::new(&AGAIN);
        assert!(again(), "the first one has come");
        drop(second);
        drop(third);
        let fourth = WaiterPresence::new(&AGAIN);
        assert!(!again(), "nobody was there any more");
        drop(fourth);
        assert!(again());
    }
}
