//! Where suspended `async` methods run: on tokio with the `tokio` feature, on the server's own threads without it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

use super::execution::Execution;
#[cfg(feature = "tokio")]
use super::runtime::Runtime;
use super::scheduler::Cancel;
use crate::command::CallContext;
use crate::socket::Frame;

/// Receives the reply frame of a task that has ended.
pub(super) trait TaskCompletion: Send + 'static {
    fn complete(self, frame: Option<Frame>);
}

pub(super) struct Executor {
    #[cfg(feature = "tokio")]
    runtime: Runtime,
}

impl Executor {
    /// Uses the tokio runtime that the caller is in. Outside of one, starts a runtime of its own for the first task.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(feature = "tokio")]
            runtime: Runtime::detect(),
        }
    }

    /// Makes tokio's timers and sockets available to futures that are polled while the guard lives.
    #[cfg(feature = "tokio")]
    pub(super) fn enter(&self) -> impl Sized + '_ {
        self.runtime.handle().map(tokio::runtime::Handle::enter)
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(
        clippy::unused_self,
        reason = "there is nothing to enter without a runtime"
    )]
    pub(super) fn enter(&self) -> impl Sized + use<> {
        NoRuntime
    }

    /// Spawns an execution and returns the handle that cancels it. Without a runtime, runs it to its end and returns
    /// `None`.
    pub(super) fn spawn(
        &self,
        execution: Execution,
        completion: impl TaskCompletion,
    ) -> Option<Box<dyn Cancel>> {
        #[cfg(feature = "tokio")]
        if let Some(handle) = self.runtime.handle() {
            let task = handle.spawn(RuntimeTask {
                execution,
                completion: Some(completion),
            });
            return Some(Box::new(task.abort_handle()));
        }
        completion.complete(execution.run_to_completion(self));
        None
    }

    /// Returns whether tasks can make progress on this thread only, so that it must not block on one.
    #[cfg(feature = "tokio")]
    pub(super) fn needs_this_thread(&self) -> bool {
        self.runtime.needs_this_thread()
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(clippy::unused_self, reason = "there is no runtime")]
    pub(super) fn needs_this_thread(&self) -> bool {
        false
    }

    /// Returns whether a call's caller blocks the thread that its method would run on.
    #[cfg(feature = "tokio")]
    pub(super) fn is_blocked_by(&self, call: &CallContext) -> bool {
        self.runtime.is_blocked_by(call)
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(clippy::unused_self, reason = "there is no runtime")]
    pub(super) fn is_blocked_by(&self, _: &CallContext) -> bool {
        false
    }

    /// Polls a future on this thread until it is ready. Returns `None` if `deadline` passes first.
    ///
    /// tokio's `block_on` needs the runtime's timer for a deadline, and panics in a runtime without one.
    pub(super) fn block_on<F: Future + Unpin>(
        &self,
        future: &mut F,
        deadline: Option<Instant>,
    ) -> Option<F::Output> {
        let _runtime = self.enter();
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(&mut cx) {
                return Some(output);
            }
            match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(remaining) if remaining.is_zero() => return None,
                Some(remaining) => thread::park_timeout(remaining),
            }
        }
    }
}

#[cfg(not(feature = "tokio"))]
struct NoRuntime;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// An execution as a task of a runtime.
#[cfg(feature = "tokio")]
struct RuntimeTask<E: TaskCompletion> {
    execution: Execution,
    /// `None` once it has been called.
    completion: Option<E>,
}

// Neither field is ever pinned.
#[cfg(feature = "tokio")]
impl<E: TaskCompletion> Unpin for RuntimeTask<E> {}

#[cfg(feature = "tokio")]
impl<E: TaskCompletion> Future for RuntimeTask<E> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let frame = std::task::ready!(Pin::new(&mut self.execution).poll(cx));
        if let Some(completion) = self.completion.take() {
            completion.complete(frame);
        }
        Poll::Ready(())
    }
}

#[cfg(feature = "tokio")]
impl<E: TaskCompletion> Drop for RuntimeTask<E> {
    fn drop(&mut self) {
        // Either the runtime has ended, or the call was cancelled and the scheduler ignores the completion.
        if let Some(completion) = self.completion.take() {
            completion.complete(self.execution.dropped_reply());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_future_that_is_woken_from_another_thread_ends() {
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let waking = thread::spawn(move || receiver.recv().unwrap().wake());
        let mut polled = false;
        let mut future = std::future::poll_fn(move |cx| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(7);
            }
            sender.send(cx.waker().clone()).unwrap();
            Poll::Pending
        });
        assert_eq!(Executor::new().block_on(&mut future, None), Some(7));
        waking.join().unwrap();
    }

    #[test]
    fn a_future_is_left_at_its_deadline() {
        let deadline = Instant::now() + Duration::from_millis(5);
        let mut future = std::future::pending::<()>();
        assert_eq!(Executor::new().block_on(&mut future, Some(deadline)), None);
        assert!(Instant::now() >= deadline);
    }
}
