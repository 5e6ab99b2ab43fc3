//! Runs `async` methods to their end.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use crate::command::{Handled, Task};

/// Where `async` methods find timers and sockets, if they use tokio's.
pub(super) struct Executor {
    #[cfg(feature = "tokio")]
    runtime: Runtime,
}

#[cfg(feature = "tokio")]
enum Runtime {
    /// The one that the server was started in.
    Found(tokio::runtime::Handle),
    /// One of the server's own, made for the first `async` method.
    Own(std::sync::OnceLock<Option<OwnRuntime>>),
}

impl Executor {
    /// Belongs to the runtime that this is called in, if there is one.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(feature = "tokio")]
            runtime: tokio::runtime::Handle::try_current()
                .map_or_else(|_| Runtime::Own(std::sync::OnceLock::new()), Runtime::Found),
        }
    }

    /// Runs `task` on this thread. Nothing is answered if `deadline` passes first: the task is dropped then.
    pub(super) fn run(&self, task: Task, deadline: Option<Instant>) -> Option<Handled> {
        #[cfg(feature = "tokio")]
        let handle = match &self.runtime {
            Runtime::Found(handle) => Some(handle),
            Runtime::Own(own) => own
                .get_or_init(OwnRuntime::start)
                .as_ref()
                .map(|own| &own.handle),
        };
        #[cfg(feature = "tokio")]
        let _entered = handle.map(tokio::runtime::Handle::enter);
        block_on(task, deadline)
    }
}

/// Not tokio's `block_on`: that needs the runtime's timer for a deadline, and panics in a runtime without one.
fn block_on(task: Task, deadline: Option<Instant>) -> Option<Handled> {
    let mut task = pin!(task);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(handled) = task.as_mut().poll(&mut cx) {
            return Some(handled);
        }
        match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => thread::park(),
            Some(remaining) if remaining.is_zero() => return None,
            Some(remaining) => thread::park_timeout(remaining),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(feature = "tokio")]
struct OwnRuntime {
    handle: tokio::runtime::Handle,
    runtime: Option<tokio::runtime::Runtime>,
}

#[cfg(feature = "tokio")]
impl OwnRuntime {
    fn start() -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
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
                tracing::error!(%error, "no tokio runtime could be started: `async` methods run without one");
                None
            }
        }
    }
}

#[cfg(feature = "tokio")]
impl Drop for OwnRuntime {
    fn drop(&mut self) {
        // Not its own drop: that blocks, and panics where a server is dropped within another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::command::Frame;

    #[test]
    fn a_task_that_is_woken_from_another_thread_ends() {
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let waker = thread::spawn(move || receiver.recv().unwrap().wake());
        let mut asked = false;
        let task: Task = Box::pin(std::future::poll_fn(move |cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(Ok(Frame::NONE));
            }
            sender.send(cx.waker().clone()).unwrap();
            Poll::Pending
        }));
        assert!(block_on(task, None).is_some());
        waker.join().unwrap();
    }

    #[test]
    fn a_task_is_dropped_at_its_deadline() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let task: Task = Box::pin(async move {
            std::future::pending::<()>().await;
            drop(inside);
            Ok(Frame::NONE)
        });
        assert!(block_on(task, Some(Instant::now() + Duration::from_millis(5))).is_none());
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
