//! Detects calls that block the only thread of a tokio runtime, while a server of the same process needs that runtime.
//!
//! If a server runs its `async` methods on such a runtime, a call of one of them from the same thread would wait for
//! itself until its deadline. So a call that blocks there says so in its metadata, and the server fails it as soon as
//! the method waits. A process without such a server pays one load of a counter per call.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Handle, Id, RuntimeFlavor};
use tokio::task::coop;

use crate::socket::PerProcess;
use crate::sync::{Mutex, MutexGuard};

/// A single-threaded runtime on which a server of this process runs `async` methods.
pub(crate) struct SingleThreadRuntime(Id);

/// The single-threaded runtimes on which this process has servers.
struct HostRuntimes {
    count: AtomicUsize,
    ids: Mutex<Vec<Id>>,
    /// A random number of this process, as runtimes of other processes have the same ids.
    process: u64,
}

static HOSTS: PerProcess<HostRuntimes> = PerProcess::new();

impl Default for HostRuntimes {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            ids: Mutex::default(),
            // Hashes the process id too, as a forked child continues the parent's sequence of hasher keys.
            process: RandomState::new().hash_one(std::process::id()),
        }
    }
}

impl HostRuntimes {
    fn ids(&self) -> MutexGuard<'_, Vec<Id>> {
        self.ids.lock()
    }

    fn tag(&self, id: Id) -> String {
        format!("{:016x}-{id}", self.process)
    }
}

impl SingleThreadRuntime {
    /// Registers a runtime; `None` if it has several threads.
    pub(crate) fn of(handle: &Handle) -> Option<Self> {
        (handle.runtime_flavor() == RuntimeFlavor::CurrentThread).then(|| {
            let hosts = HOSTS.get();
            hosts.ids().push(handle.id());
            hosts.count.fetch_add(1, Ordering::Relaxed);
            Self(handle.id())
        })
    }

    /// Returns whether the calling thread is the one that drives this runtime, and so cannot drive it while it waits.
    pub(crate) fn is_polled_here(&self) -> bool {
        Handle::try_current().is_ok_and(|here| here.id() == self.0) && is_polled_by_tokio()
    }

    /// Returns whether the runtime's thread waits for a call with this [tag](blocked_runtime_tag).
    pub(crate) fn is_blocked_by(&self, tag: &str) -> bool {
        tag == HOSTS.get().tag(self.0)
    }
}

impl Drop for SingleThreadRuntime {
    fn drop(&mut self) {
        let hosts = HOSTS.get();
        let mut ids = hosts.ids();
        // The id of a forked process's parent is not in the list.
        if let Some(at) = ids.iter().position(|id| *id == self.0) {
            ids.swap_remove(at);
            hosts.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Returns the tag of the calling thread's runtime, for the metadata of a call that is about to block the thread;
/// `None` if no server's `async` methods need that runtime.
pub(crate) fn blocked_runtime_tag() -> Option<String> {
    let hosts = HOSTS.get();
    if hosts.count.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let id = Handle::try_current().ok()?.id();
    (hosts.ids().contains(&id) && is_polled_by_tokio()).then(|| hosts.tag(id))
}

/// Returns whether this thread polls a task or a future for a runtime, rather than a closure of `spawn_blocking`, which
/// has the same handle.
///
/// Only what a runtime polls has a limited budget. This takes the budget until it is used up, and gives it back.
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
    // Each one restores the budget that was left before it, so they are dropped in reverse order.
    while taken.pop().is_some() {}
    is_limited
}

/// More than a poll's budget, which is 128 operations.
const MORE_THAN_A_BUDGET: usize = 1024;

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn the_polling_thread_is_distinguished_from_blocking_ones() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let host = SingleThreadRuntime::of(runtime.handle()).unwrap();
        assert!(!host.is_polled_here());
        runtime.block_on(async {
            for _ in 0..1000 {
                assert!(host.is_polled_here());
            }
            let tag = blocked_runtime_tag().unwrap();
            assert!(host.is_blocked_by(&tag) && !host.is_blocked_by("0-1"));
            let here = tokio::spawn(async { blocked_runtime_tag() }).await.unwrap();
            assert_eq!(here, Some(tag));
            let elsewhere = tokio::task::spawn_blocking(blocked_runtime_tag);
            assert_eq!(elsewhere.await.unwrap(), None);
        });
        let _entered = runtime.enter();
        assert_eq!(blocked_runtime_tag(), None);
    }

    #[test]
    fn a_runtime_of_several_threads_is_not_registered() {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        assert!(SingleThreadRuntime::of(runtime.handle()).is_none());
    }
}
