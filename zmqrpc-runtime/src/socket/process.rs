//! The identity of this process. A forked child has its parent's memory and descriptors, but none of its threads.
//!
//! libzmq does not support forks: a child that uses or closes a socket of its parent writes into the pipes between the
//! parent's threads, and an assertion ends the parent (<https://github.com/zeromq/libzmq/issues/3223>). So whatever
//! belongs to a process records which one, and does nothing in any other.

use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// The number of forks between the first process that used this library and this one.
static FORKS: AtomicU32 = AtomicU32::new(0);
static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
static CHILD_FLAG: AtomicPtr<AtomicBool> = AtomicPtr::new(ptr::null_mut());

/// The process that a value was created in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        register_handler();
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Returns whether it is this process, and not a parent of it. Costs one load.
    pub(crate) fn is_current(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }
}

/// Sets `flag` in each forked child, before any other code runs there. A process has one such flag.
pub(crate) fn set_in_children(flag: &'static AtomicBool) {
    register_handler();
    CHILD_FLAG.store(ptr::from_ref(flag).cast_mut(), Ordering::Release);
}

/// Registers the fork handler, without a lock, which a child could inherit locked for ever. Threads that race here
/// register it several times, and then one fork counts several times: it only matters that the count changes.
fn register_handler() {
    unsafe extern "C" fn count() {
        FORKS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the pointer is null or comes from a `&'static` reference.
        if let Some(flag) = unsafe { CHILD_FLAG.load(Ordering::Acquire).as_ref() } {
            flag.store(true, Ordering::SeqCst);
        }
    }
    type Handler = Option<unsafe extern "C" fn()>;
    unsafe extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
    }
    if IS_REGISTERED.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: the handler is a function of this program and only changes atomics, which is allowed in the child of a
    // process with several threads.
    let code = unsafe { pthread_atfork(None, None, Some(count)) };
    if code == 0 {
        IS_REGISTERED.store(true, Ordering::Release);
    }
}

/// A static with one value per process: a child may inherit the parent's value locked for ever by a thread that it does
/// not have, and describing threads that it does not have.
pub(crate) struct PerProcess<T> {
    current: AtomicPtr<(Process, T)>,
}

impl<T: Default + Sync + 'static> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self {
            current: AtomicPtr::new(ptr::null_mut()),
        }
    }

    pub(crate) fn get(&self) -> &'static T {
        let process = Process::current();
        loop {
            let present = self.current.load(Ordering::Acquire);
            // SAFETY: the pointer is null or comes from `Box::into_raw`, and the value is never freed once it is stored
            // here.
            if let Some((owner, value)) = unsafe { present.as_ref() }
                && *owner == process
            {
                return value;
            }
            let fresh = Box::into_raw(Box::new((process, T::default())));
            let swapped =
                self.current
                    .compare_exchange(present, fresh, Ordering::AcqRel, Ordering::Acquire);
            if swapped.is_err() {
                // SAFETY: it comes from `Box::into_raw` above, and no other thread has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn all_threads_of_a_process_share_the_value() {
        static VALUE: PerProcess<Mutex<u32>> = PerProcess::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| *VALUE.get().lock().unwrap() += 1);
            }
        });
        assert_eq!(*VALUE.get().lock().unwrap(), 8);
    }

    #[test]
    fn only_the_current_process_is_current() {
        let here = Process::current();
        assert!(here.is_current());
        assert!(!Process(here.0 + 1).is_current());
    }
}
