//! The roles of a server's threads.
//!
//! One thread leads: it waits at the sockets and runs short methods itself, so that a quick call does not cross
//! threads. One stands by: it takes the lead over when the leader is stuck in a method. The others are helpers, which
//! run calls that wait although a worker is free.

use std::time::Duration;

use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// How often the stand-by checks on the leader. A method that runs longer than this delays other calls by one to two
/// ticks, or by up to eight after many short ones.
pub(super) const TICK: Duration = Duration::from_micros(500);

/// From this many calls per tick on, the leader gets no help however many calls wait: they are so short that a second
/// thread would mostly contend with it.
const NO_HELP_PACE: u64 = 64;

/// From this many calls per tick on, the stand-by checks only every few ticks, since each check interrupts another
/// thread.
const FAST_PACE: u64 = 16;
const FAST_PACE_TICKS: u32 = 4;

/// After this many checks without a running method the stand-by parks until the leader wakes it.
pub(super) const IDLE_CHECKS: u32 = 40;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Lead in this term, until another thread takes over.
    Lead(u64),
    StandBy,
    Help,
    Leave,
}

#[derive(Default)]
pub(super) struct Roles {
    state: Mutex<RolesState>,
    helpers: Condvar,
    stand_by: Condvar,
    term: AtomicU64,
    /// Incremented with every call that the leader starts.
    epoch: AtomicU64,
    /// The term of the leader while it runs a method, otherwise 0.
    busy_term: AtomicU64,
    /// Whether the stand-by is parked.
    stand_by_parked: AtomicBool,
}

#[derive(Default)]
struct RolesState {
    has_leader: bool,
    has_stand_by: bool,
    help_requests: usize,
    idle_threads: usize,
    ended: bool,
}

impl Roles {
    /// Waits until there is a role to take.
    pub(super) fn next_role(&self) -> Role {
        let mut state = self.state();
        loop {
            if state.ended {
                return Role::Leave;
            }
            if !state.has_leader {
                state.has_leader = true;
                return Role::Lead(self.new_term());
            }
            if !state.has_stand_by {
                state.has_stand_by = true;
                return Role::StandBy;
            }
            if state.help_requests > 0 {
                state.help_requests -= 1;
                return Role::Help;
            }
            state.idle_threads += 1;
            state = self.helpers.wait(state);
            state.idle_threads -= 1;
        }
    }

    fn new_term(&self) -> u64 {
        self.term.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Returns whether the leader of `term` still leads.
    pub(super) fn is_leader(&self, term: u64) -> bool {
        self.term.load(Ordering::Acquire) == term
    }

    /// Marks the leader of `term` as running a call.
    pub(super) fn start_running(&self, term: u64) {
        self.next_call();
        // Sequentially consistent, as in `park`: the leader or the stand-by must see what the other one wrote.
        self.busy_term.store(term, Ordering::SeqCst);
        if self.stand_by_parked.load(Ordering::SeqCst)
            && self.stand_by_parked.swap(false, Ordering::SeqCst)
        {
            // Under the lock. Otherwise the stand-by could miss the notification between its check and its wait.
            let _state = self.state();
            self.stand_by.notify_one();
        }
    }

    /// Marks that the leader, which is running, starts another call.
    pub(super) fn next_call(&self) {
        // Only the leader writes the epoch, except for a moment when another thread takes over.
        let epoch = self.epoch.load(Ordering::Relaxed);
        self.epoch.store(epoch.wrapping_add(1), Ordering::Relaxed);
    }

    /// Marks the leader of `term` as back at the sockets. Returns `false` if another thread leads, or is about to: then
    /// they are not its own any more.
    pub(super) fn stop_running(&self, term: u64) -> bool {
        self.busy_term
            .compare_exchange(term, 0, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Watches the leader. Returns the new term when the caller is to lead, or `None` at the end.
    ///
    /// `overdue` returns whether a call waits that a helper should run.
    pub(super) fn watch(&self, overdue: impl Fn() -> bool) -> Option<u64> {
        let mut idle_checks = 0;
        let mut ticks = 1;
        let mut seen = None;
        let mut before = self.epoch.load(Ordering::Relaxed);
        let mut state = self.state();
        loop {
            if state.ended {
                return None;
            }
            let epoch = self.epoch.load(Ordering::Relaxed);
            let calls = epoch.wrapping_sub(std::mem::replace(&mut before, epoch));
            let pace = calls / u64::from(ticks);
            let busy_term = self.busy_term.load(Ordering::SeqCst);
            if busy_term != 0 {
                idle_checks = 0;
                // A leader that comes back meanwhile leads on: two at the sockets would take each other's wake-ups.
                if seen.replace(epoch) == Some(epoch) && self.stop_running(busy_term) {
                    state.has_stand_by = false;
                    let term = self.new_term();
                    drop(state);
                    // Another thread has to stand by for the new leader.
                    self.helpers.notify_one();
                    return Some(term);
                }
            } else {
                idle_checks += 1;
                seen = None;
            }
            drop(state);
            let overdue_now = pace < NO_HELP_PACE && overdue();
            if overdue_now {
                self.wake_helper();
            }
            ticks = if pace >= FAST_PACE && !overdue_now {
                FAST_PACE_TICKS
            } else {
                1
            };
            state = self.state();
            if state.ended {
                return None;
            }
            state = if idle_checks < IDLE_CHECKS {
                self.stand_by.wait_timeout(state, TICK * ticks)
            } else {
                self.park(state)
            };
        }
    }

    fn park<'a>(&'a self, mut state: MutexGuard<'a, RolesState>) -> MutexGuard<'a, RolesState> {
        self.stand_by_parked.store(true, Ordering::SeqCst);
        while !state.ended
            && self.stand_by_parked.load(Ordering::SeqCst)
            && self.busy_term.load(Ordering::SeqCst) == 0
        {
            state = self.stand_by.wait(state);
        }
        self.stand_by_parked.store(false, Ordering::SeqCst);
        state
    }

    /// Wakes an idle thread as a helper, if there is one.
    pub(super) fn wake_helper(&self) {
        let mut state = self.state();
        if state.help_requests < state.idle_threads {
            state.help_requests += 1;
            self.helpers.notify_one();
        }
    }

    /// Makes all threads leave.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.term.fetch_add(1, Ordering::AcqRel);
        self.helpers.notify_all();
        self.stand_by.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, RolesState> {
        self.state.lock()
    }
}

// Named, because a model includes this file from elsewhere.
#[cfg(test)]
#[path = "roles/tests.rs"]
mod tests;
