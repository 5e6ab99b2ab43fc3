//! A call of a service, guarded: against panics, and so that calls made from it end with it.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::counters::ServerCounters;
use super::deduplicator::{DedupGuard, DeliveryKey, DeliveryResult};
use super::executor::Executor;
use crate::command::{CallFailure, DeadlineScope, HandlerResult, Method, MethodFuture, Started};
use crate::log;
use crate::socket::Message;
use crate::wire::{Executed, Status};

/// How far a call has come.
pub(super) enum Progress {
    /// To its end, with this reply frame; none for a notification.
    Ended(Option<Box<Message>>),
    /// It waits for something.
    Suspended(Execution),
    /// It is a delivery that is being executed already, and waits for the end of that.
    Repeated(DeliveryKey),
}

/// A call that runs. As a future it is ready with the reply frame.
pub(super) struct Execution {
    task: MethodFuture,
    report: CallRecord,
    counters: Arc<ServerCounters>,
}

/// What it takes to turn an ending into a frame.
pub(super) struct CallRecord {
    pub(super) method: &'static Method,
    pub(super) id: u64,
    pub(super) wants_reply: bool,
    pub(super) deadline: Option<Instant>,
    /// Where a delivery's end is told.
    pub(super) guard: Option<Box<DedupGuard>>,
}

/// Calls a service. A plain method has ended then; an `async` one often has too, and is suspended otherwise.
pub(super) fn start(
    call: impl FnOnce() -> Started,
    mut report: CallRecord,
    counters: &Arc<ServerCounters>,
    executor: &Executor,
) -> Progress {
    let scope = DeadlineScope::enter(report.deadline);
    let started = guard(call);
    drop(scope);
    match started {
        Ok(Started::Done(handled)) => Progress::Ended(report.conclude(handled, counters)),
        Err(panic) => Progress::Ended(report.panicked(panic, counters)),
        Ok(Started::Task(task)) => {
            let mut execution = Execution {
                task,
                report,
                counters: Arc::clone(counters),
            };
            let _runtime = executor.enter();
            // Whatever it waits for is asked again when it goes on, with a waker that wakes.
            match Pin::new(&mut execution).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(frame) => Progress::Ended(frame),
                Poll::Pending => Progress::Suspended(execution),
            }
        }
    }
}

impl Execution {
    /// Goes on to its end, or its deadline, on this thread.
    pub(super) fn finish(mut self, executor: &Executor) -> Option<Box<Message>> {
        if executor.needs_this_thread() {
            return self.deadlocked();
        }
        let deadline = self.report.deadline;
        let frame = executor.block_on(&mut self, deadline);
        frame.unwrap_or_else(|| {
            self.clear();
            self.counters.expired.increment();
            let refusal = CallFailure::new(Status::Expired, "its time was over before it ended");
            self.report.refuse(&refusal.with_executed(Executed::Maybe))
        })
    }

    /// The runtime that it ran on drops it: what its caller is told.
    ///
    /// The ticket goes first: who waits for the end of the same delivery is answered by whoever is told of this one's.
    #[cfg(feature = "tokio")]
    pub(super) fn dropped(&mut self) -> Option<Box<Message>> {
        self.clear();
        self.report.guard = None;
        let reason = "the runtime that the method ran on has ended";
        let refusal = CallFailure::new(Status::Unavailable, reason);
        self.report.refuse(&refusal.with_executed(Executed::Maybe))
    }

    /// What its caller is told where waiting for it would never end.
    pub(super) fn deadlocked(&self) -> Option<Box<Message>> {
        let reason = "the call waits for an `async` method that needs the very thread that waits, the only one of its \
                      tokio runtime; await it by an `AsyncClient`, or call within `spawn_blocking`";
        let refusal = CallFailure::new(Status::Unavailable, reason);
        self.report.refuse(&refusal.with_executed(Executed::Maybe))
    }

    /// Drops the task, which may panic.
    fn clear(&mut self) {
        let task = std::mem::replace(&mut self.task, nothing());
        if let Err(panic) = guard(|| drop(task)) {
            self.report.panicked(panic, &self.counters);
        }
    }
}

impl Future for Execution {
    type Output = Option<Box<Message>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let scope = DeadlineScope::enter(this.report.deadline);
        let polled = guard(|| this.task.as_mut().poll(cx));
        drop(scope);
        let frame = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(handled)) => this.report.conclude(handled, &this.counters),
            Err(panic) => this.report.panicked(panic, &this.counters),
        };
        this.clear();
        Poll::Ready(frame)
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        // It may hold a task that was given up.
        self.clear();
    }
}

impl CallRecord {
    /// A handler that was started and has ended: it is not to run again for the same delivery.
    fn remember(&mut self, fate: DeliveryResult) {
        if let Some(guard) = self.guard.take() {
            guard.end(fate);
        }
    }

    fn conclude(
        &mut self,
        handled: HandlerResult,
        counters: &ServerCounters,
    ) -> Option<Box<Message>> {
        match &handled {
            Ok(frame) if frame.is_error() => self.remember(DeliveryResult::Failed),
            Ok(_) => self.remember(DeliveryResult::Done),
            Err(refusal) if refusal.executed == Executed::Yes => {
                self.remember(DeliveryResult::Failed);
            }
            Err(_) => {}
        }
        match handled {
            Ok(frame) => frame.into_message(),
            Err(refusal) => {
                counters.refused.increment();
                if let Some(hidden) = counters.log.admit("unanswered") {
                    log::line!(
                        warn,
                        method = log::text(self.method),
                        refusal = log::text(&refusal),
                        hidden;
                        "a call ended without an answer of its service; `hidden` more were before this one"
                    );
                }
                self.refuse(&refusal)
            }
        }
    }

    fn panicked(
        &mut self,
        panic: Box<dyn Any + Send>,
        counters: &ServerCounters,
    ) -> Option<Box<Message>> {
        self.remember(DeliveryResult::Failed);
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
                "a service panicked; `hidden` more times before this one"
            );
        }
        // What a service panics with may panic again when it is dropped.
        if let Err(again) = guard(|| drop(panic)) {
            // And that one too: it could go on for ever.
            std::mem::forget(again);
        }
        // Not the text: it may tell a stranger about the inside of the program.
        self.refuse(&CallFailure::new(Status::Panicked, ""))
    }

    fn refuse(&self, refusal: &CallFailure) -> Option<Box<Message>> {
        self.wants_reply.then(|| Box::new(refusal.encode(self.id)))
    }
}

/// A panic of a service is its caller's misfortune, not the server's: what the two share is taken by reference and
/// left as it was.
fn guard<R>(action: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(action))
}

fn nothing() -> MethodFuture {
    // Needs no memory: the future has no size.
    Box::pin(std::future::pending())
}
