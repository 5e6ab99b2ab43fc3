//! The tokio runtime of a server: the one that it was started in, and one of its own where there is none, or none any
//! more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;

use super::scheduler::Cancel;
use crate::command::{CallContext, SingleThreadRuntime};
use crate::log;
use crate::wire::BLOCKED_KEY;

pub(super) struct Runtime {
    found: Option<UserRuntime>,
    own: OnceLock<Option<OwnRuntime>>,
}

/// A runtime of the user's, which may end before the server does.
struct UserRuntime {
    handle: Handle,
    one_thread: Option<SingleThreadRuntime>,
    ended: Arc<AtomicBool>,
    /// The task that notices its end.
    sentinel: AbortHandle,
}

impl Runtime {
    pub(super) fn find() -> Self {
        Self {
            found: Handle::try_current().ok().map(UserRuntime::new),
            own: OnceLock::new(),
        }
    }

    pub(super) fn handle(&self) -> Option<&Handle> {
        if let Some(found) = self.living() {
            return Some(&found.handle);
        }
        let own = self.own.get_or_init(OwnRuntime::start).as_ref();
        own.map(|own| &own.handle)
    }

    fn living(&self) -> Option<&UserRuntime> {
        let found = self.found.as_ref();
        found.filter(|found| !found.ended.load(Ordering::Relaxed))
    }

    /// Whether nobody but this thread drives the runtime, and does not while it waits.
    pub(super) fn needs_this_thread(&self) -> bool {
        let one_thread = self.living().and_then(|found| found.one_thread.as_ref());
        one_thread.is_some_and(SingleThreadRuntime::is_polled_here)
    }

    /// Whether a call blocks the runtime's only thread, as it says in its metadata.
    pub(super) fn is_blocked_by(&self, call: &CallContext) -> bool {
        let one_thread = self.living().and_then(|found| found.one_thread.as_ref());
        one_thread.is_some_and(|one_thread| {
            let mark = call.metadata(BLOCKED_KEY);
            mark.is_some_and(|mark| one_thread.is_blocked_by(mark))
        })
    }
}

impl UserRuntime {
    fn new(handle: Handle) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let noticing = OnDrop(Arc::clone(&ended));
        let sentinel = handle.spawn(async move {
            let _noticing = noticing;
            std::future::pending::<()>().await;
        });
        Self {
            one_thread: SingleThreadRuntime::of(&handle),
            handle,
            ended,
            sentinel: sentinel.abort_handle(),
        }
    }
}

impl Drop for UserRuntime {
    fn drop(&mut self) {
        self.sentinel.abort();
    }
}

struct OnDrop(Arc<AtomicBool>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        // The runtime drops its tasks when it ends.
        self.0.store(true, Ordering::Relaxed);
    }
}

struct OwnRuntime {
    handle: Handle,
    runtime: Option<tokio::runtime::Runtime>,
}

impl OwnRuntime {
    fn start() -> Option<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("zmqrpc-tokio")
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => Some(Self {
                handle: runtime.handle().clone(),
                runtime: Some(runtime),
            }),
            Err(error) => {
                log::line!(error, error = log::text(&error); "no tokio runtime could be started: `async` methods run without one");
                None
            }
        }
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        // Not its own drop: that waits, and panics where a server is dropped within another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Cancel for AbortHandle {
    fn cancel(&self) {
        self.abort();
    }
}
