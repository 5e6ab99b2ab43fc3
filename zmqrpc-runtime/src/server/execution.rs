//! The execution of a call: catches panics, and limits calls that the handler makes to its own deadline.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::deduplicator::{DedupGuard, DeliveryKey, DeliveryResult};
use super::executor::Executor;
use crate::callers::ServerCounters;
use crate::command::{DeadlineScope, HandlerResult, Method, MethodFuture, Started};
use crate::dialect::{CallFailure, ReplyTo};
use crate::log;
use crate::socket::Frame;
use crate::wire::{Executed, Status};

/// How far a call got on this thread.
pub(super) enum Progress {
    /// It ended, with this reply frame; `None` for a notification.
    Completed(Option<Frame>),
    /// The `async` method waits for something.
    Suspended(Execution),
    /// The call is a duplicate of a delivery that is in flight, and waits for that one's result.
    Duplicate(DeliveryKey),
}

/// An `async` method that runs. As a future it resolves to the reply frame.
pub(super) struct Execution {
    task: MethodFuture,
    record: CallRecord,
    counters: Arc<ServerCounters>,
}

/// What is needed to turn a handler's result into a reply frame.
pub(super) struct CallRecord {
    pub(super) method: &'static Method,
    pub(super) to: ReplyTo,
    pub(super) wants_reply: bool,
    pub(super) deadline: Option<Instant>,
    /// Records the result of a delivery.
    pub(super) guard: Option<Box<DedupGuard>>,
}

/// Starts a handler. A plain method has ended on return, and so has an `async` one that did not have to wait.
pub(super) fn start(
    call: impl FnOnce() -> Started,
    mut record: CallRecord,
    counters: &Arc<ServerCounters>,
    executor: &Executor,
) -> Progress {
    let scope = DeadlineScope::enter(record.deadline);
    let started = catch(call);
    drop(scope);
    match started {
        Ok(Started::Done(result)) => Progress::Completed(record.complete(result, counters)),
        Err(panic) => Progress::Completed(record.panicked(panic, counters)),
        Ok(Started::Task(task)) => {
            let mut execution = Execution {
                task,
                record,
                counters: Arc::clone(counters),
            };
            let _runtime = executor.enter();
            // The runtime polls again with its own waker before it waits for a wake-up.
            match Pin::new(&mut execution).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(frame) => Progress::Completed(frame),
                Poll::Pending => Progress::Suspended(execution),
            }
        }
    }
}

impl Execution {
    /// Runs to its end, or to its deadline, on this thread.
    pub(super) fn run_to_completion(mut self, executor: &Executor) -> Option<Frame> {
        if executor.needs_this_thread() {
            return self.deadlock_reply();
        }
        let deadline = self.record.deadline;
        let frame = executor.block_on(&mut self, deadline);
        frame.unwrap_or_else(|| {
            self.drop_task();
            self.counters.expired.increment();
            let failure = CallFailure::new(Status::Expired, "its deadline passed before it ended");
            self.record
                .failure_reply(&failure.with_executed(Executed::Maybe))
        })
    }

    /// Returns the reply for a call whose runtime drops it.
    ///
    /// Drops the guard first, as the caller of this method sends the replies for duplicates of the same delivery, too.
    #[cfg(feature = "tokio")]
    pub(super) fn dropped_reply(&mut self) -> Option<Frame> {
        self.drop_task();
        self.record.guard = None;
        let reason = "the runtime that the method ran on has ended";
        let failure = CallFailure::new(Status::Unavailable, reason);
        self.record
            .failure_reply(&failure.with_executed(Executed::Maybe))
    }

    /// Returns the reply for a call whose caller blocks the thread that the method needs.
    pub(super) fn deadlock_reply(&self) -> Option<Frame> {
        let reason = "the call waits for an `async` method that needs the very thread that waits, the only one of its \
                      tokio runtime; await it by an `AsyncClient`, or call within `spawn_blocking`";
        let failure = CallFailure::new(Status::Unavailable, reason);
        self.record
            .failure_reply(&failure.with_executed(Executed::Maybe))
    }

    /// Drops the handler's future, which may panic.
    fn drop_task(&mut self) {
        let task = std::mem::replace(&mut self.task, empty_task());
        if let Err(panic) = catch(|| drop(task)) {
            self.record.panicked(panic, &self.counters);
        }
    }
}

impl Future for Execution {
    type Output = Option<Frame>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let scope = DeadlineScope::enter(this.record.deadline);
        let polled = catch(|| this.task.as_mut().poll(cx));
        drop(scope);
        let frame = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => this.record.complete(result, &this.counters),
            Err(panic) => this.record.panicked(panic, &this.counters),
        };
        this.drop_task();
        Poll::Ready(frame)
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        // The execution may have been cancelled in the middle of the handler.
        self.drop_task();
    }
}

impl CallRecord {
    /// Records that the handler has run, so that it does not run again for the same delivery.
    fn set_result(&mut self, result: DeliveryResult) {
        if let Some(guard) = self.guard.take() {
            guard.complete(result);
        }
    }

    fn complete(&mut self, result: HandlerResult, counters: &ServerCounters) -> Option<Frame> {
        match &result {
            Ok(frame) if frame.is_error() => self.set_result(DeliveryResult::Failed),
            Ok(_) => self.set_result(DeliveryResult::Done),
            Err(failure) if failure.executed == Executed::Yes => {
                self.set_result(DeliveryResult::Failed);
            }
            Err(_) => {}
        }
        match result {
            Ok(frame) => frame.into_frame(),
            Err(failure) => {
                counters.refused.increment();
                if let Some(hidden) = counters.log.admit("unanswered") {
                    log::line!(
                        warn,
                        method = log::text(self.method),
                        failure = log::text(&failure),
                        hidden;
                        "a call ended without a reply of its handler; `hidden` more were before this one"
                    );
                }
                self.failure_reply(&failure)
            }
        }
    }

    fn panicked(&mut self, panic: Box<dyn Any + Send>, counters: &ServerCounters) -> Option<Frame> {
        self.set_result(DeliveryResult::Failed);
        counters.panics.increment();
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no text");
        if let Some(hidden) = counters.log.admit("panicked") {
            log::line!(
                error,
                method = log::text(self.method),
                panic = log::text(text),
                hidden;
                "a handler panicked; `hidden` more times before this one"
            );
        }
        // The payload of a service's panic may panic again when it is dropped.
        if let Err(again) = catch(|| drop(panic)) {
            // Nor is the payload of that second panic dropped: this could go on for ever.
            std::mem::forget(again);
        }
        // Without the panic's text, which may tell a stranger about the inside of the program.
        self.failure_reply(&CallFailure::new(Status::Panicked, ""))
    }

    fn failure_reply(&self, failure: &CallFailure) -> Option<Frame> {
        self.wants_reply.then(|| self.to.fail(failure))
    }
}

/// Catches a panic of a service, which fails its call but not the server. `AssertUnwindSafe` holds: what the server
/// shares with the service it shares by reference, and the panic leaves it as it was.
fn catch<R>(action: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(action))
}

fn empty_task() -> MethodFuture {
    // Does not allocate: the future has no size.
    Box::pin(std::future::pending())
}
