//! A call of a service, guarded: against panics, and so that calls made from it end with it.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::counters::Counters;
use super::executor::Executor;
use crate::command::{DeadlineScope, Handled, Method, Refusal, Started, Task};
use crate::wire::{Executed, Status};

/// How far a call has come.
pub(super) enum Step {
    /// To its end, with this reply frame; none for a notification.
    Ended(Option<Vec<u8>>),
    /// It waits for something.
    Suspended(Execution),
}

/// A call that runs. As a future it is ready with the reply frame.
pub(super) struct Execution {
    task: Task,
    report: Report,
}

/// What it takes to turn an ending into a frame.
struct Report {
    method: &'static Method,
    id: u64,
    wants_reply: bool,
    deadline: Option<Instant>,
    counters: Arc<Counters>,
}

impl Execution {
    pub(super) fn new(
        method: &'static Method,
        id: u64,
        wants_reply: bool,
        deadline: Option<Instant>,
        counters: Arc<Counters>,
    ) -> Self {
        let report = Report {
            method,
            id,
            wants_reply,
            deadline,
            counters,
        };
        Self {
            task: nothing(),
            report,
        }
    }

    /// Calls the service. A plain method has ended then; an `async` one often has too, and is suspended otherwise.
    pub(super) fn start(mut self, call: impl FnOnce() -> Started, executor: &Executor) -> Step {
        let scope = DeadlineScope::enter(self.report.deadline);
        let started = guard(call);
        drop(scope);
        match started {
            Ok(Started::Done(handled)) => Step::Ended(self.report.conclude(handled)),
            Err(panic) => Step::Ended(self.report.panicked(panic)),
            Ok(Started::Task(task)) => {
                self.task = task;
                let _runtime = executor.enter();
                // Whatever it waits for is asked again when it goes on, with a waker that wakes.
                match Pin::new(&mut self).poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(frame) => Step::Ended(frame),
                    Poll::Pending => Step::Suspended(self),
                }
            }
        }
    }

    /// Goes on to its end, or its deadline, on this thread.
    pub(super) fn finish(mut self, executor: &Executor) -> Option<Vec<u8>> {
        let deadline = self.report.deadline;
        let frame = executor.block_on(&mut self, deadline);
        frame.unwrap_or_else(|| {
            self.clear();
            self.report.counters.expired.increment();
            let refusal = Refusal::new(Status::Expired, "its time was over before it ended");
            self.report.refuse(&refusal.surely(Executed::Maybe))
        })
    }

    /// Drops the task, which may panic.
    fn clear(&mut self) {
        let task = std::mem::replace(&mut self.task, nothing());
        if let Err(panic) = guard(|| drop(task)) {
            self.report.panicked(panic);
        }
    }
}

impl Future for Execution {
    type Output = Option<Vec<u8>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let scope = DeadlineScope::enter(this.report.deadline);
        let polled = guard(|| this.task.as_mut().poll(cx));
        drop(scope);
        let frame = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(handled)) => this.report.conclude(handled),
            Err(panic) => this.report.panicked(panic),
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

impl Report {
    fn conclude(&self, handled: Handled) -> Option<Vec<u8>> {
        match handled {
            Ok(frame) => frame.into_bytes(),
            Err(refusal) => {
                self.counters.refused.increment();
                tracing::warn!(method = %self.method, %refusal, "a call ended without an answer of its service");
                self.refuse(&refusal)
            }
        }
    }

    fn panicked(&self, panic: Box<dyn Any + Send>) -> Option<Vec<u8>> {
        self.counters.panics.increment();
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no text");
        tracing::error!(method = %self.method, panic = text, "a service panicked");
        // What a service panics with may panic again when it is dropped.
        if let Err(again) = guard(|| drop(panic)) {
            // And that one too: it could go on for ever.
            std::mem::forget(again);
        }
        // Not the text: it may tell a stranger about the inside of the program.
        self.refuse(&Refusal::new(Status::Panicked, ""))
    }

    fn refuse(&self, refusal: &Refusal) -> Option<Vec<u8>> {
        self.wants_reply.then(|| refusal.encode(self.id))
    }
}

/// A panic of a service is its caller's misfortune, not the server's: what the two share is taken by reference and
/// left as it was.
fn guard<R>(action: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(action))
}

fn nothing() -> Task {
    // Needs no memory: the future has no size.
    Box::pin(std::future::pending())
}
