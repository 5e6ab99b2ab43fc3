//! Who does what among a server's threads.
//!
//! One thread leads: it waits at the socket, and it runs short methods itself, so that a quick call never crosses a
//! thread. One stands by: when the leader stands still in a method, it takes the lead over. The others help when a
//! request waits although a worker is free.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the stand-by looks. A method that stands longer than that delays others by one to two ticks; by up to eight
/// after many short ones.
pub(super) const TICK: Duration = Duration::from_micros(500);

/// Jobs in a tick from which on the leader needs no help, however many wait: they are so short that a second thread
/// would mostly get in its way.
const QUICK: u64 = 64;

/// Jobs in a tick from which on the stand-by looks more rarely, and how many ticks it looks away: each look interrupts
/// somebody.
const LIVELY: u64 = 16;
const LIVELY_TICKS: u32 = 4;

/// After this many looks without a running method the stand-by sleeps until the leader wakes it.
const IDLE_LOOKS: u32 = 40;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// In this term, until somebody else leads.
    Lead(u64),
    StandBy,
    Help,
    Leave,
}

#[derive(Default)]
pub(super) struct Roles {
    state: Mutex<RolesState>,
    pool: Condvar,
    stand_by: Condvar,
    term: AtomicU64,
    /// Moves with every job that the leader starts.
    epoch: AtomicU64,
    /// The term of a leader that is in a method; 0 while it is not.
    busy: AtomicU64,
    /// The stand-by sleeps.
    parked: AtomicBool,
}

#[derive(Default)]
struct RolesState {
    led: bool,
    watched: bool,
    calls: usize,
    waiting: usize,
    ended: bool,
}

impl Roles {
    /// Waits for something to do.
    pub(super) fn next(&self) -> Role {
        let mut state = self.state();
        loop {
            if state.ended {
                return Role::Leave;
            }
            if !state.led {
                state.led = true;
                return Role::Lead(self.new_term());
            }
            if !state.watched {
                state.watched = true;
                return Role::StandBy;
            }
            if state.calls > 0 {
                state.calls -= 1;
                return Role::Help;
            }
            state.waiting += 1;
            state = self
                .pool
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    fn new_term(&self) -> u64 {
        self.busy.store(0, Ordering::SeqCst);
        self.term.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Whether the leader of `term` still leads.
    pub(super) fn leads(&self, term: u64) -> bool {
        self.term.load(Ordering::Acquire) == term
    }

    /// The leader of `term` starts to run a job.
    pub(super) fn start_running(&self, term: u64) {
        self.go_on();
        // Sequentially consistent, like the other side in `park`: one of the two must see what the other wrote.
        self.busy.store(term, Ordering::SeqCst);
        if self.parked.load(Ordering::SeqCst) && self.parked.swap(false, Ordering::SeqCst) {
            // Under the lock, or the stand-by could miss it between its look and its sleep.
            let _state = self.state();
            self.stand_by.notify_one();
        }
    }

    /// The leader, which is running, starts to run another job.
    pub(super) fn go_on(&self) {
        // Written by the leader alone, but for a moment when another one takes over.
        let epoch = self.epoch.load(Ordering::Relaxed);
        self.epoch.store(epoch.wrapping_add(1), Ordering::Relaxed);
    }

    /// The leader of `term` is back at the socket. Does nothing if another one leads now.
    pub(super) fn stop_running(&self, term: u64) {
        let _ = self
            .busy
            .compare_exchange(term, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Watches the leader. Answers the new term when the caller is to lead, nothing at the end.
    ///
    /// `overdue` says whether a request waits that a helper should take.
    pub(super) fn watch(&self, overdue: impl Fn() -> bool) -> Option<u64> {
        let mut idle = 0;
        let mut ticks = 1;
        let mut seen = None;
        let mut before = self.epoch.load(Ordering::Relaxed);
        let mut state = self.state();
        loop {
            if state.ended {
                return None;
            }
            let epoch = self.epoch.load(Ordering::Relaxed);
            let run = epoch.wrapping_sub(std::mem::replace(&mut before, epoch));
            let pace = run / u64::from(ticks);
            if self.busy.load(Ordering::SeqCst) != 0 {
                idle = 0;
                if seen.replace(epoch) == Some(epoch) {
                    state.watched = false;
                    let term = self.new_term();
                    drop(state);
                    // Somebody has to stand by for the new leader.
                    self.pool.notify_one();
                    return Some(term);
                }
            } else {
                idle += 1;
                seen = None;
            }
            drop(state);
            let late = pace < QUICK && overdue();
            if late {
                self.call_helper();
            }
            ticks = if pace >= LIVELY && !late {
                LIVELY_TICKS
            } else {
                1
            };
            state = self.state();
            if state.ended {
                return None;
            }
            state = if idle < IDLE_LOOKS {
                self.stand_by
                    .wait_timeout(state, TICK * ticks)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            } else {
                self.park(state)
            };
        }
    }

    fn park<'a>(&'a self, mut state: MutexGuard<'a, RolesState>) -> MutexGuard<'a, RolesState> {
        self.parked.store(true, Ordering::SeqCst);
        while !state.ended
            && self.parked.load(Ordering::SeqCst)
            && self.busy.load(Ordering::SeqCst) == 0
        {
            state = self
                .stand_by
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.parked.store(false, Ordering::SeqCst);
        state
    }

    /// Calls a thread from the pool to help, if one is there.
    pub(super) fn call_helper(&self) {
        let mut state = self.state();
        if state.calls < state.waiting {
            state.calls += 1;
            self.pool.notify_one();
        }
    }

    /// Sends all threads away.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.term.fetch_add(1, Ordering::AcqRel);
        self.pool.notify_all();
        self.stand_by.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, RolesState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
