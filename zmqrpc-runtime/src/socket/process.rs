//! Which process this is. A forked child has its parent's memory and descriptors, and none of its threads.
//!
//! libzmq does not survive that: a child that uses or closes a socket of its parent's writes into the pipes between the
//! parent's threads, and the parent ends by an assertion (<https://github.com/zeromq/libzmq/issues/3223>). So whatever
//! belongs to a process knows which, and is left alone in every other one.

use std::ffi::c_int;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// How often the process was forked off, counted from the first one that used this library.
static FORKS: AtomicU32 = AtomicU32::new(0);
static WATCHED: AtomicBool = AtomicBool::new(false);
static FLAG: AtomicPtr<AtomicBool> = AtomicPtr::new(ptr::null_mut());

/// The process that something was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn current() -> Self {
        watch();
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether it is this one, and not a parent of it. Costs no more than a look at memory.
    pub(crate) fn is_current(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }
}

/// Has a flag set in each child, before anything else happens there. One flag for the process.
pub(crate) fn set_in_children(flag: &'static AtomicBool) {
    watch();
    FLAG.store(ptr::from_ref(flag).cast_mut(), Ordering::Release);
}

/// Without a lock, which could be held for ever in a child. Several threads that come here at once register it several
/// times, and then a child counts so many forks: all that matters is that it counts.
fn watch() {
    unsafe extern "C" fn count() {
        FORKS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: it is null, or was a reference for ever.
        if let Some(flag) = unsafe { FLAG.load(Ordering::Acquire).as_ref() } {
            flag.store(true, Ordering::SeqCst);
        }
    }
    type Handler = Option<unsafe extern "C" fn()>;
    unsafe extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
    }
    if WATCHED.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: the handler is a function of the program's own, and does nothing but what is allowed in a child of several
    // threads: it changes atomics.
    let code = unsafe { pthread_atfork(None, None, Some(count)) };
    if code == 0 {
        WATCHED.store(true, Ordering::Release);
    }
}

/// A static of which each process has its own: the parent's may be locked in a child, for ever, by a thread that is not
/// there, and speaks of threads that are not there.
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
            // SAFETY: it is null or came out of a box, and is never freed once it stands here.
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
                // SAFETY: it came out of a box just now, and nobody else has seen it.
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
    fn all_threads_of_a_process_have_the_same_value() {
        static VALUE: PerProcess<Mutex<u32>> = PerProcess::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| *VALUE.get().lock().unwrap() += 1);
            }
        });
        assert_eq!(*VALUE.get().lock().unwrap(), 8);
    }

    #[test]
    fn what_was_made_here_belongs_here() {
        let here = Process::current();
        assert!(here.is_current());
        assert!(!Process(here.0 + 1).is_current());
    }
}
