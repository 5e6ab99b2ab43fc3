//! Threads that block although something needs them to go on: the only one of a tokio runtime.
//!
//! A server may have been started on such a runtime, and a call of one of its `async` methods may be waited for on the
//! very thread: it would wait until its time is over. So a call that blocks there says so in its metadata, and the server
//! does not let it wait. Elsewhere that costs a look at a counter.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Handle, Id, RuntimeFlavor};
use tokio::task::coop;

use crate::socket::PerProcess;

/// A runtime of one thread that `async` methods of a server of this process run on.
pub(crate) struct SingleThreadRuntime(Id);

/// The runtimes of one thread that this process has servers on.
struct RuntimeHosts {
    count: AtomicUsize,
    ids: Mutex<Vec<Id>>,
    /// Of this process alone: another one has runtimes of the same numbers.
    process: u64,
}

static HOSTS: PerProcess<RuntimeHosts> = PerProcess::new();

impl Default for RuntimeHosts {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            ids: Mutex::default(),
            // A child's hashers go on with the numbers of its parent's.
            process: RandomState::new().hash_one(std::process::id()),
        }
    }
}

impl RuntimeHosts {
    fn ids(&self) -> MutexGuard<'_, Vec<Id>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, id: Id) -> String {
        format!("{:016x}-{id}", self.process)
    }
}

impl SingleThreadRuntime {
    /// `None` for a runtime of several threads.
    pub(crate) fn of(handle: &Handle) -> Option<Self> {
        (handle.runtime_flavor() == RuntimeFlavor::CurrentThread).then(|| {
            let hosts = HOSTS.get();
            hosts.ids().push(handle.id());
            hosts.count.fetch_add(1, Ordering::Relaxed);
            Self(handle.id())
        })
    }

    /// Whether nobody but this thread drives it, and does not while it waits.
    pub(crate) fn is_here(&self) -> bool {
        Handle::try_current().is_ok_and(|here| here.id() == self.0) && is_polled_by_tokio()
    }

    /// Whether its thread waits for a call with this [mark](mark_of_blocked).
    pub(crate) fn is_blocked_by(&self, mark: &str) -> bool {
        mark == HOSTS.get().mark(self.0)
    }
}

impl Drop for SingleThreadRuntime {
    fn drop(&mut self) {
        let hosts = HOSTS.get();
        let mut ids = hosts.ids();
        // A parent's is not among them.
        if let Some(at) = ids.iter().position(|id| *id == self.0) {
            ids.swap_remove(at);
            hosts.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What a call says that is about to block this thread, if `async` methods of a server may need it.
pub(crate) fn mark_of_blocked() -> Option<String> {
    let hosts = HOSTS.get();
    if hosts.count.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let id = Handle::try_current().ok()?.id();
    (hosts.ids().contains(&id) && is_polled_by_tokio()).then(|| hosts.mark(id))
}

/// Whether this thread polls a task or a future for a runtime, and not a closure of `spawn_blocking`, which has the same
/// handle.
///
/// What is polled has a budget, which comes to an end. It is given back here.
fn is_polled_by_tokio() -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    let mut taken = Vec::new();
    let is_limited = (0..MORE_THAN_A_BUDGET).any(|_| match coop::poll_proceed(&mut cx) {
        Poll::Ready(part) => {
            taken.push(part);
            false
        }
        Poll::Pending => true,
    });
    // Each gives back what was left before it.
    while taken.pop().is_some() {}
    is_limited
}

/// A poll may do 128 things.
const MORE_THAN_A_BUDGET: usize = 1024;

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn the_thread_that_polls_is_told_from_those_that_block_for_it() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let host = SingleThreadRuntime::of(runtime.handle()).unwrap();
        assert!(!host.is_here());
        runtime.block_on(async {
            for _ in 0..1000 {
                assert!(host.is_here());
            }
            let mark = mark_of_blocked().unwrap();
            assert!(host.is_blocked_by(&mark) && !host.is_blocked_by("0-1"));
            let here = tokio::spawn(async { mark_of_blocked() }).await.unwrap();
            assert_eq!(here, Some(mark));
            let elsewhere = tokio::task::spawn_blocking(mark_of_blocked);
            assert_eq!(elsewhere.await.unwrap(), None);
        });
        let _entered = runtime.enter();
        assert_eq!(mark_of_blocked(), None);
    }

    #[test]
    fn a_runtime_of_several_threads_is_none_of_these() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        assert!(SingleThreadRuntime::of(runtime.handle()).is_none());
    }
}
