//! Time limits of what no socket is waited for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use super::driver::{Drive, Driven, Turn};
use super::{SocketError, Waiter, Wakes};

/// Wakes a task at a time, on whatever executor it is.
pub(crate) struct Alarm(Driven<Clock>);

#[derive(Default)]
struct Clock(Mutex<Option<(Instant, Waker)>>);

impl Alarm {
    pub(crate) fn new() -> Self {
        Self(Driven::new(Clock::default()))
    }

    /// Wakes the task at `at`, and none that was to be woken before.
    pub(crate) fn set(&self, at: Instant, task: &Waker) -> Result<(), SocketError> {
        let new = Some((at, task.clone()));
        let old = std::mem::replace(&mut *self.0.lock(), new);
        if old.is_none_or(|(before, _)| before > at) {
            self.0.post().call()?;
        }
        Ok(())
    }
}

impl Clock {
    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Waker)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drive for Clock {
    fn waiter(&self) -> Option<&Waiter> {
        None
    }

    fn drive(&self, wakes: &mut Wakes) -> Turn {
        let mut set = self.lock();
        match set.take() {
            Some((at, task)) if at <= Instant::now() => {
                wakes.wake(task);
                Turn::Leave
            }
            Some((at, task)) => {
                *set = Some((at, task));
                Turn::Wait(Some(at))
            }
            None => Turn::Leave,
        }
    }
}
