//! Where `async` methods run: on tokio, where it is there, and on the server's own threads otherwise.

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
use crate::socket::Message;

/// Is told the reply frame of a task that has ended.
pub(super) trait TaskEnd: Send + 'static {
    fn ended(self, frame: Option<Box<Message>>);
}

pub(super) struct Executor {
    #[cfg(feature = "tokio")]
    runtime: Runtime,
}

impl Executor {
    /// Belongs to the tokio runtime that this is called in. Where there is none, it starts one for the first task.
    pub(super) fn new() -> Self {
        Self {
            #[cfg(feature = "tokio")]
            runtime: Runtime::find(),
        }
    }

    /// Lets what is polled while the guard lives find tokio's timers and sockets.
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

    /// Lets an execution go on; answers how to cancel it. It has gone on to its end already where there is no runtime.
    pub(super) fn spawn(&self, execution: Execution, end: impl TaskEnd) -> Option<Box<dyn Cancel>> {
        #[cfg(feature = "tokio")]
        if let Some(handle) = self.runtime.handle() {
            let task = handle.spawn(RuntimeTask {
                execution,
                end: Some(end),
            });
            return Some(Box::new(task.abort_handle()));
        }
        end.ended(execution.finish(self));
        None
    }

    /// Whether this thread is the only one that the tasks can go on on: waiting for one here would never end.
    #[cfg(feature = "tokio")]
    pub(super) fn needs_this_thread(&self) -> bool {
        self.runtime.needs_this_thread()
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(clippy::unused_self, reason = "there is no runtime")]
    pub(super) fn needs_this_thread(&self) -> bool {
        false
    }

    /// Whether a call blocks the thread that its method would go on on.
    #[cfg(feature = "tokio")]
    pub(super) fn is_blocked_by(&self, call: &CallContext) -> bool {
        self.runtime.is_blocked_by(call)
    }

    #[cfg(not(feature = "tokio"))]
    #[expect(clippy::unused_self, reason = "there is no runtime")]
    pub(super) fn is_blocked_by(&self, _: &CallContext) -> bool {
        false
    }

    /// Polls a future on this thread until it is ready. Answers nothing if `deadline` passes first.
    ///
    /// Not tokio's `block_on`: that needs the runtime's timer for a deadline, and panics in a runtime without one.
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
struct RuntimeTask<E: TaskEnd> {
    execution: Execution,
    /// Present until it has been told.
    end: Option<E>,
}

// Neither of the two is ever pinned.
#[cfg(feature = "tokio")]
impl<E: TaskEnd> Unpin for RuntimeTask<E> {}

#[cfg(feature = "tokio")]
impl<E: TaskEnd> Future for RuntimeTask<E> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let frame = std::task::ready!(Pin::new(&mut self.execution).poll(cx));
        if let Some(end) = self.end.take() {
            end.ended(frame);
        }
        Poll::Ready(())
    }
}

#[cfg(feature = "tokio")]
impl<E: TaskEnd> Drop for RuntimeTask<E> {
    fn drop(&mut self) {
        // Its runtime has ended. Where the call was given up instead, nobody hears of it.
        if let Some(end) = self.end.take() {
            end.ended(self.execution.dropped());
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
        let mut asked = false;
        let mut future = std::future::poll_fn(move |cx| {
            if std::mem::replace(&mut asked, true) {
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
