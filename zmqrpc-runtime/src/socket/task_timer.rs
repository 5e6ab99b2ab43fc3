//! Deadlines of tasks that wait for no socket.

use std::task::Waker;

use super::driver::{Drive, DriveTurn, Driven};
use super::{Poller, SocketError, WakeList};
use crate::clock::Instant;
use crate::sync::{Mutex, MutexGuard};

/// Wakes a task at a given time, on whatever executor it runs.
pub(crate) struct TaskTimer(Driven<TimerState>);

#[derive(Default)]
struct TimerState(Mutex<Option<(Instant, Waker)>>);

impl TaskTimer {
    pub(crate) fn new() -> Self {
        Self(Driven::new(TimerState::default()))
    }

    /// Wakes the task at `at`. Replaces an earlier call.
    pub(crate) fn set(&self, at: Instant, task: &Waker) -> Result<(), SocketError> {
        let new = Some((at, task.clone()));
        let old = std::mem::replace(&mut *self.0.lock(), new);
        if old.is_none_or(|(before, _)| before > at) {
            self.0.bell().ring()?;
        }
        Ok(())
    }
}

impl TimerState {
    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Waker)>> {
        self.0.lock()
    }
}

impl Drive for TimerState {
    fn poller(&self) -> Option<&Poller> {
        None
    }

    fn drive(&self, wakes: &mut WakeList) -> DriveTurn {
        let mut set = self.lock();
        match set.take() {
            Some((at, task)) if at <= Instant::now() => {
                wakes.wake(task);
                DriveTurn::Idle
            }
            Some((at, task)) => {
                *set = Some((at, task));
                DriveTurn::Wait(Some(at))
            }
            None => DriveTurn::Idle,
        }
    }
}
