//! Who waits at a connection's socket: one of the threads that wait for its calls, or the driver or a task for all
//! [tasks](super::task_waiters) that do.

use std::collections::VecDeque;

use super::peers::Peers;
use super::state::ConnectionState;
use super::task_waiters::TaskWaiters;
use super::waiter::Waiter;
use crate::clock::Instant;
use crate::sync::thread::Thread;

/// Who waits at the socket, and who waits for those who do.
#[derive(Default)]
pub(super) struct Pollers {
    leading: bool,
    /// Whether the leader waits at the socket: whoever uses the socket now must leave it drained.
    pub(super) polling: bool,
    followers: VecDeque<u64>,
    pub(super) tasks: TaskWaiters,
}

impl<P: Peers> ConnectionState<P> {
    pub(super) fn is_led(&self) -> bool {
        self.pollers.leading
    }

    pub(super) fn start_leading(&mut self) {
        self.pollers.leading = true;
    }

    pub(super) fn stop_leading(&mut self) {
        self.pollers.leading = false;
        self.see_to_a_leader();
    }

    /// Wakes a follower to lead, unless somebody leads. A thread that was woken to lead and finds its call ended does this,
    /// too.
    pub(super) fn see_to_a_leader(&mut self) {
        if self.pollers.leading {
            return;
        }
        while let Some(id) = self.pollers.followers.pop_front() {
            if let Some(Waiter::Thread(thread)) = self.calls.origin(id) {
                thread.unpark();
                return;
            }
        }
    }

    /// Marks that the leader is about to wait outside of the lock.
    pub(super) fn start_polling(&mut self, id: u64) {
        self.pollers.polling = true;
        self.set_waiter(id, Waiter::Leader);
    }

    /// Marks that the leader is back, before it drains the socket: otherwise it would wake itself.
    pub(super) fn stop_polling(&mut self, id: u64) {
        self.pollers.polling = false;
        self.set_waiter(id, Waiter::Nobody);
    }

    /// Makes a thread a follower, which sleeps until its call ends or it is to lead.
    pub(super) fn park(&mut self, id: u64, thread: Thread) {
        self.set_waiter(id, Waiter::Thread(thread));
        self.pollers.followers.push_back(id);
    }

    /// Marks that a follower is awake.
    pub(super) fn unpark(&mut self, id: u64) {
        self.set_waiter(id, Waiter::Nobody);
        self.pollers.followers.retain(|follower| *follower != id);
    }

    /// Reads what has happened to the connection while nobody waited for it.
    pub(super) fn refresh(&mut self, now: Instant) {
        self.peers.expect_events();
        self.service(now);
    }

    /// Does what [`IdleSocket::maintain`](crate::socket::IdleSocket::maintain) is for.
    pub(super) fn look_after(&mut self, now: Instant) -> bool {
        if !self.pollers.polling {
            self.refresh(now);
        }
        self.peers.due().is_some()
    }

    /// Notes whether more has arrived than one turn takes in: whoever waits comes back at once then.
    pub(super) fn come_back(&mut self, behind: bool) {
        self.behind = behind;
        if behind {
            self.waiters.wake_leader();
            self.call_driver();
        }
    }

    /// Returns whether more has arrived, although nobody waits for it.
    pub(super) fn is_behind(&self) -> bool {
        self.behind && !self.pollers.polling
    }
}
