//! The signals that ask the process to end.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::{Handle, Signals};

use crate::socket::{PerProcess, Process, set_in_children};
use crate::sync::{Mutex, MutexGuard};

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Calls a function on the first signal, on a thread of its own. The second signal has its default action: it ends the
/// process at once.
pub(super) struct SignalWatcher {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    process: Process,
    // Dropped last: while the thread can still notify, the first signal must not have its default action.
    _presence: WaiterPresence,
}

impl SignalWatcher {
    pub(super) fn start(notify: impl Fn() + Send + 'static) -> io::Result<Self> {
        let default_action = default_action()?;
        let mut signals = Signals::new(SIGNALS)?;
        let handle = signals.handle();
        let presence = WaiterPresence::new(default_action);
        let thread = thread::Builder::new()
            .name("zmqrpc-signals".into())
            .spawn(move || {
                for _ in signals.forever() {
                    default_action.store(true, Ordering::SeqCst);
                    notify();
                }
            })?;
        Ok(Self {
            handle,
            thread: Some(thread),
            process: Process::current(),
            _presence: presence,
        })
    }
}

impl Drop for SignalWatcher {
    fn drop(&mut self) {
        let thread = self.thread.take();
        if !self.process.is_current() {
            // The thread is the parent's.
            return std::mem::forget(thread);
        }
        self.handle.close();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// Registers a server that waits for signals. While no server does, a signal has its default action.
struct WaiterPresence {
    default_action: &'static AtomicBool,
    process: Process,
}

impl WaiterPresence {
    fn new(default_action: &'static AtomicBool) -> Self {
        let mut count = Self::count();
        if *count == 0 {
            default_action.store(false, Ordering::SeqCst);
        }
        *count += 1;
        Self {
            default_action,
            process: Process::current(),
        }
    }

    fn count() -> MutexGuard<'static, usize> {
        static COUNT: PerProcess<Mutex<usize>> = PerProcess::new();
        COUNT.get().lock()
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
            self.default_action.store(true, Ordering::SeqCst);
        }
    }
}

/// Returns the flag that gives signals their default action: set while no server waits, and after the first signal.
///
/// Registers the signals once per process, since that cannot be undone. A forked child begins with the default action.
fn default_action() -> io::Result<&'static AtomicBool> {
    static DEFAULT_ACTION: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    static REGISTERED: AtomicUsize = AtomicUsize::new(0);
    static REGISTERING: PerProcess<Mutex<()>> = PerProcess::new();
    let _lock = REGISTERING.get().lock();
    let default_action = DEFAULT_ACTION.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for signal in &SIGNALS[REGISTERED.load(Ordering::Relaxed)..] {
        flag::register_conditional_default(*signal, Arc::clone(default_action))?;
        REGISTERED.fetch_add(1, Ordering::Relaxed);
    }
    set_in_children(default_action);
    Ok(default_action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_is_for_those_who_wait_and_every_other_one_for_the_process() {
        static DEFAULT_ACTION: AtomicBool = AtomicBool::new(true);
        let default_action = || DEFAULT_ACTION.load(Ordering::SeqCst);
        let first = WaiterPresence::new(&DEFAULT_ACTION);
        let second = WaiterPresence::new(&DEFAULT_ACTION);
        drop(first);
        assert!(!default_action(), "one still waits");
        DEFAULT_ACTION.store(true, Ordering::SeqCst);
        let third = WaiterPresence::new(&DEFAULT_ACTION);
        assert!(default_action(), "the first one has come");
        drop(second);
        drop(third);
        let fourth = WaiterPresence::new(&DEFAULT_ACTION);
        assert!(!default_action(), "no server waited any more");
        drop(fourth);
        assert!(default_action());
    }
}
