//! The tokio runtime of a server: the one that the server was started in or, without one or after its end, a runtime of
//! the server's own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;

use super::scheduler::Cancel;
use crate::command::{CallContext, SingleThreadRuntime};
use crate::log;
use crate::wire::BLOCKED_KEY;

pub(super) struct Runtime {
    user: Option<UserRuntime>,
    own: OnceLock<Option<OwnRuntime>>,
}

/// The user's runtime, which may end before the server does.
struct UserRuntime {
    handle: Handle,
    single_thread: Option<SingleThreadRuntime>,
    ended: Arc<AtomicBool>,
    /// A task that never completes: its drop marks the runtime as ended.
    sentinel: AbortHandle,
}

impl Runtime {
    pub(super) fn detect() -> Self {
        Self {
            user: Handle::try_current().ok().map(UserRuntime::new),
            own: OnceLock::new(),
        }
    }

    pub(super) fn handle(&self) -> Option<&Handle> {
        if let Some(user) = self.live_user_runtime() {
            return Some(&user.handle);
        }
        let own = self.own.get_or_init(OwnRuntime::start).as_ref();
        own.map(|own| &own.handle)
    }

    fn live_user_runtime(&self) -> Option<&UserRuntime> {
        let user = self.user.as_ref();
        user.filter(|user| !user.ended.load(Ordering::Relaxed))
    }

    /// Returns whether this thread alone drives the runtime, so that nothing on the runtime makes progress while this
    /// thread waits.
    pub(super) fn needs_this_thread(&self) -> bool {
        self.single_thread()
            .is_some_and(SingleThreadRuntime::is_polled_here)
    }

    /// Returns whether a call blocks the runtime's only thread, as the caller's metadata says.
    pub(super) fn is_blocked_by(&self, call: &CallContext) -> bool {
        self.single_thread().is_some_and(|single_thread| {
            let blocked = call.metadata(BLOCKED_KEY);
            blocked.is_some_and(|blocked| single_thread.is_blocked_by(blocked))
        })
    }

    fn single_thread(&self) -> Option<&SingleThreadRuntime> {
        self.live_user_runtime()?.single_thread.as_ref()
    }
}

impl UserRuntime {
    fn new(handle: Handle) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let set_ended = SetOnDrop(Arc::clone(&ended));
        let sentinel = handle.spawn(async move {
            let _set_ended = set_ended;
            std::future::pending::<()>().await;
        });
        Self {
            single_thread: SingleThreadRuntime::of(&handle),
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

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        // A runtime drops its tasks when it shuts down.
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
        // `Runtime`'s drop would block, and panic where a server is dropped within another runtime.
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
