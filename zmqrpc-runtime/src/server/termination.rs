//! The end of a server or a proxy, and who waits for it.

use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::socket::WakeList;

#[derive(Default)]
pub(crate) struct Termination {
    state: Mutex<TerminationState>,
    changed: Condvar,
}

#[derive(Default)]
struct TerminationState {
    is_reached: bool,
    /// How often somebody has asked the process to end.
    asked: u64,
    tasks: Vec<(u64, Waker)>,
    last: u64,
}

/// What a wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitOutcome {
    /// The server has ended.
    Ended,
    /// The time was over, or somebody asks for the end.
    Running,
    /// It cannot end while this thread waits.
    Deadlocked,
}

/// How often a thread looks whether it waits for itself.
const LOOK: Duration = Duration::from_millis(5);

impl Termination {
    /// The server has ended.
    pub(crate) fn reach(&self) {
        self.change(|state| state.is_reached = true);
    }

    /// Somebody asks for the end: whoever waits for that returns.
    pub(super) fn ask(&self) {
        self.change(|state| state.asked += 1);
    }

    /// How often that has been asked for so far.
    pub(super) fn asked(&self) -> u64 {
        self.lock().asked
    }

    fn change(&self, change: impl FnOnce(&mut TerminationState)) {
        // Dropped after the lock.
        let mut wakes = WakeList::default();
        let mut state = self.lock();
        change(&mut state);
        for (_, task) in state.tasks.drain(..) {
            wakes.wake(task);
        }
        self.changed.notify_all();
        drop(state);
    }

    /// Waits for the end, until `limit` has passed if there is one, and not while `is_deadlocked`, which is asked again
    /// and again.
    pub(crate) fn wait(
        &self,
        limit: Option<Duration>,
        is_deadlocked: Option<&dyn Fn() -> bool>,
    ) -> WaitOutcome {
        // A time that the clock cannot express is no limit.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        self.wait_for(deadline, is_deadlocked, |state| state.is_reached)
    }

    /// Waits until the server has ended or has been [asked](Self::asked) to, more often than `before`.
    pub(super) fn wait_asked(
        &self,
        before: u64,
        is_deadlocked: Option<&dyn Fn() -> bool>,
    ) -> WaitOutcome {
        self.wait_for(None, is_deadlocked, |state| {
            state.is_reached || state.asked > before
        })
    }

    fn wait_for(
        &self,
        deadline: Option<Instant>,
        is_deadlocked: Option<&dyn Fn() -> bool>,
        reached: impl Fn(&TerminationState) -> bool,
    ) -> WaitOutcome {
        loop {
            if is_deadlocked.is_some_and(|is| is()) {
                return WaitOutcome::Deadlocked;
            }
            let look = is_deadlocked.map(|_| Instant::now() + LOOK);
            if self.wait_until(look.into_iter().chain(deadline).min(), &reached) {
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
        reached: impl Fn(&TerminationState) -> bool,
    ) -> bool {
        let mut state = self.lock();
        while !reached(&state) {
            state = match deadline {
                None => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
                Some(deadline) => {
                    let rest = deadline.saturating_duration_since(Instant::now());
                    if rest.is_zero() {
                        return false;
                    }
                    let waited = self.changed.wait_timeout(state, rest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    /// Waits for the end as a task does.
    pub(crate) async fn reached(&self) {
        self.as_task(|state| state.is_reached).await;
    }

    /// The same as [`wait_asked`](Self::wait_asked), as a task waits.
    pub(super) async fn reached_or_asked(&self, before: u64) {
        self.as_task(|state| state.is_reached || state.asked > before)
            .await;
    }

    async fn as_task(&self, reached: impl Fn(&TerminationState) -> bool) {
        let mut seat = TaskWait {
            end: self,
            number: 0,
        };
        poll_fn(|cx| seat.poll(cx, &reached)).await;
    }

    fn lock(&self) -> MutexGuard<'_, TerminationState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that waits.
struct TaskWait<'a> {
    end: &'a Termination,
    /// 0 before it waits.
    number: u64,
}

impl TaskWait<'_> {
    fn poll(&mut self, cx: &Context<'_>, reached: impl Fn(&TerminationState) -> bool) -> Poll<()> {
        let waker = cx.waker().clone();
        // Dropped after the lock.
        let old = self.leave();
        let mut state = self.end.lock();
        if reached(&state) {
            drop((state, old));
            return Poll::Ready(());
        }
        state.last += 1;
        self.number = state.last;
        state.tasks.push((self.number, waker));
        drop((state, old));
        Poll::Pending
    }

    fn leave(&self) -> Option<Waker> {
        let mut state = self.end.lock();
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
