//! The end of a server or a proxy, and the threads and tasks that wait for it.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::socket::WakeList;
use crate::sync::{Condvar, Mutex, MutexGuard};

#[derive(Default)]
pub(crate) struct Termination {
    state: Mutex<TerminationState>,
    changed: Condvar,
}

#[derive(Default)]
struct TerminationState {
    has_ended: bool,
    /// How often the end was requested, by a signal.
    requests: u64,
    tasks: Vec<(u64, Waker)>,
    last_number: u64,
}

/// The outcome of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitOutcome {
    /// The server has ended, or its end was requested and the caller waits for that.
    Ended,
    /// The timeout has passed, and the server still runs.
    Running,
    /// The server cannot end while this thread waits.
    Deadlocked,
}

/// How often a waiting thread checks whether the server's end needs that same thread.
const DEADLOCK_CHECK: Duration = Duration::from_millis(5);

impl Termination {
    /// Marks the server as ended and wakes everybody who waits.
    pub(crate) fn set_ended(&self) {
        self.change(|state| state.has_ended = true);
    }

    /// Requests the end: the threads and tasks that wait for a request return.
    pub(crate) fn request(&self) {
        self.change(|state| state.requests += 1);
    }

    /// Returns how often the end was requested so far.
    pub(crate) fn request_count(&self) -> u64 {
        self.lock().requests
    }

    fn change(&self, change: impl FnOnce(&mut TerminationState)) {
        // Dropped after the lock, since it wakes tasks.
        let mut wakes = WakeList::default();
        let mut state = self.lock();
        change(&mut state);
        for (_, task) in state.tasks.drain(..) {
            wakes.wake(task);
        }
        self.changed.notify_all();
        drop(state);
    }

    /// Waits for the end, at most for `limit`. Returns early if `is_deadlocked`, which is called again and again,
    /// returns `true`.
    pub(crate) fn wait(
        &self,
        limit: Option<Duration>,
        is_deadlocked: Option<&dyn Fn() -> bool>,
    ) -> WaitOutcome {
        // A time beyond the clock's range means no timeout.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.wait_for(deadline, is_deadlocked, |state| state.has_ended)
    }

    /// Waits until the server has ended or its end was [requested](Self::request_count) more than `before` times.
    pub(crate) fn wait_or_request(
        &self,
        before: u64,
        is_deadlocked: Option<&dyn Fn() -> bool>,
    ) -> WaitOutcome {
        self.wait_for(None, is_deadlocked, |state| {
            state.has_ended || state.requests > before
        })
    }

    fn wait_for(
        &self,
        deadline: Option<Instant>,
        is_deadlocked: Option<&dyn Fn() -> bool>,
        condition: impl Fn(&TerminationState) -> bool,
    ) -> WaitOutcome {
        loop {
            if is_deadlocked.is_some_and(|is| is()) {
                return WaitOutcome::Deadlocked;
            }
            let check_at = is_deadlocked.map(|_| Instant::now() + DEADLOCK_CHECK);
            if self.wait_until(check_at.into_iter().chain(deadline).min(), &condition) {
                return WaitOutcome::Ended;
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return WaitOutcome::Running;
            }
        }
    }

    fn wait_until(
        &self,
        deadline: Option<Instant>,
        condition: impl Fn(&TerminationState) -> bool,
    ) -> bool {
        let mut state = self.lock();
        while !condition(&state) {
            state = match deadline {
                None => self.changed.wait(state),
                Some(deadline) => {
                    let rest = deadline.saturating_duration_since(Instant::now());
                    if rest.is_zero() {
                        return false;
                    }
                    self.changed.wait_timeout(state, rest)
                }
            };
        }
        true
    }

    /// Waits for the end without blocking the thread.
    pub(crate) async fn ended(&self) {
        self.wait_async(|state| state.has_ended).await;
    }

    /// Does what [`wait_or_request`](Self::wait_or_request) does, without blocking the thread.
    pub(crate) async fn ended_or_requested(&self, before: u64) {
        self.wait_async(|state| state.has_ended || state.requests > before)
            .await;
    }

    async fn wait_async(&self, condition: impl Fn(&TerminationState) -> bool) {
        let mut wait = TaskWait {
            termination: self,
            number: 0,
        };
        poll_fn(|cx| wait.poll(cx, &condition)).await;
    }

    fn lock(&self) -> MutexGuard<'_, TerminationState> {
        self.state.lock()
    }
}

/// A task that waits. Removes its waker when it is dropped.
struct TaskWait<'a> {
    termination: &'a Termination,
    /// 0 while no waker is registered.
    number: u64,
}

impl TaskWait<'_> {
    fn poll(
        &mut self,
        cx: &Context<'_>,
        condition: impl Fn(&TerminationState) -> bool,
    ) -> Poll<()> {
        let waker = cx.waker().clone();
        // Dropped after the lock: a waker's drop may run any code.
        let old = self.leave();
        let mut state = self.termination.lock();
        if condition(&state) {
            drop((state, old));
            return Poll::Ready(());
        }
        state.last_number += 1;
        self.number = state.last_number;
        state.tasks.push((self.number, waker));
        drop((state, old));
        Poll::Pending
    }

    fn leave(&self) -> Option<Waker> {
        let mut state = self.termination.lock();
        let mut tasks = state.tasks.iter();
        let at = tasks.position(|(number, _)| *number == self.number)?;
        Some(state.tasks.swap_remove(at).1)
    }
}

impl Drop for TaskWait<'_> {
    fn drop(&mut self) {
        let waker = self.leave();
        drop(waker);
    }
}
