//! Who waits for the calls of a connection, and how they learn that these have ended.

use std::sync::Arc;
use std::task::Waker;

use super::peers::Peers;
use super::state::ConnectionState;
use crate::connection::{CallResult, Outcomes};
use crate::socket::{Poller, WakeList};
use crate::sync::thread::Thread;

/// Who waits for a call, or its result.
#[derive(Debug, Default)]
pub(super) enum Waiter {
    /// Nobody waits for it yet.
    #[default]
    Nobody,
    /// The leader waits for it.
    Leader,
    /// A parked thread waits for it.
    Thread(Thread),
    /// A task waits for it.
    Task(Waker),
    /// It has ended, and nobody has taken the result yet.
    Done(CallResult),
}

/// All who wait for calls of one connection.
pub(super) struct Waiters {
    /// Where the leader waits.
    poller: Arc<Poller>,
    /// The number of tasks that wait.
    tasks: usize,
    /// The call whose task was the last to be woken.
    pub(super) last_woken: Option<u64>,
    /// The tasks to wake once the lock is free.
    pub(super) wakes: WakeList,
    /// Replies that belonged to no call.
    pub(super) late: u64,
}

impl Waiters {
    pub(super) fn new(poller: Arc<Poller>) -> Self {
        Self {
            poller,
            tasks: 0,
            last_woken: None,
            wakes: WakeList::default(),
            late: 0,
        }
    }

    /// Returns the number of tasks that wait.
    pub(super) fn tasks(&self) -> usize {
        self.tasks
    }

    pub(super) fn wake_leader(&self) {
        self.poller.wake();
    }

    /// Sets who waits for a call, unless it has ended.
    #[inline]
    pub(super) fn replace(&mut self, current: &mut Waiter, waiter: Waiter) {
        if !matches!(current, Waiter::Done(_)) {
            self.tasks += usize::from(matches!(waiter, Waiter::Task(_)));
            let before = std::mem::replace(current, waiter);
            self.release(before);
        }
    }

    #[inline]
    fn release(&mut self, waiter: Waiter) {
        if let Waiter::Task(waker) = waiter {
            self.tasks -= 1;
            self.wakes.discard(waker);
        }
    }
}

impl Outcomes<Waiter> for Waiters {
    fn sent(&mut self, waiter: &mut Waiter) {
        match waiter {
            // Whoever waits may wait just for the request to be sent.
            Waiter::Thread(thread) => thread.unpark(),
            Waiter::Leader => self.wake_leader(),
            Waiter::Nobody | Waiter::Task(_) | Waiter::Done(_) => {}
        }
    }

    /// Keeps the result, and wakes who waits for it; a task once the lock is free.
    #[inline]
    fn ended(&mut self, id: u64, waiter: &mut Waiter, result: CallResult) -> bool {
        match waiter {
            Waiter::Nobody | Waiter::Done(_) => {}
            Waiter::Leader => self.poller.wake(),
            Waiter::Thread(thread) => thread.unpark(),
            Waiter::Task(_) => {
                if let Waiter::Task(waker) = std::mem::replace(waiter, Waiter::Nobody) {
                    self.tasks -= 1;
                    self.last_woken = Some(id);
                    self.wakes.wake(waker);
                }
            }
        }
        *waiter = Waiter::Done(result);
        true
    }

    fn unexpected(&mut self) {
        self.late += 1;
    }
}

impl<P: Peers> ConnectionState<P> {
    /// Sets who waits for a call, unless it has ended.
    #[inline]
    pub(super) fn set_waiter(&mut self, id: u64, waiter: Waiter) {
        if let Some(current) = self.calls.origin_mut(id) {
            self.waiters.replace(current, waiter);
        }
    }

    /// Removes a call that has ended and returns its result; `None` if it has not.
    pub(super) fn take(&mut self, id: u64) -> Option<CallResult> {
        self.calls
            .take_ended(id, |waiter| match std::mem::take(waiter) {
                Waiter::Done(result) => Some(result),
                _ => None,
            })
    }

    /// Cancels a call, also at the server. The server is told only if there is room for it: it ends the call at its deadline in
    /// any case.
    pub(super) fn forget(&mut self, id: u64, now: crate::clock::Instant) {
        let Some(call) = self.calls.cancel(id, &mut self.peers) else {
            return;
        };
        self.dismiss(id);
        let was_sent = call.is_sent();
        self.waiters.release(call.origin);
        if was_sent {
            self.last_sent = None;
            self.after_send(now);
        }
    }
}
