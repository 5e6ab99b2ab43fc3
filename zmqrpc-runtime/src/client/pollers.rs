//! Who looks after a connection's socket: one of the threads that wait for its calls, or [somebody](super::task_waiters) for all tasks
//! that do.

use std::collections::VecDeque;

use super::in_flight::CallState;
use super::state::ConnectionState;
use super::task_waiters::TaskWaiters;
use crate::socket::Poller;
use crate::sync::thread::Thread;

/// Who waits at the socket, and who waits for those who do.
#[derive(Default)]
pub(super) struct Pollers {
    leading: bool,
    /// The leader is in `drive`: whoever uses the socket now must leave it drained.
    pub(super) polling: bool,
    followers: VecDeque<u64>,
    pub(super) tasks: TaskWaiters,
}

impl ConnectionState {
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

    /// Wakes one of those who wait unless somebody leads, so that somebody goes on looking after the socket. Also for who has
    /// been woken to lead, and does not: its call may have been ended by somebody else meanwhile.
    pub(super) fn see_to_a_leader(&mut self) {
        if self.pollers.leading {
            return;
        }
        while let Some(id) = self.pollers.followers.pop_front() {
            if let Some(call) = self.calls.get_mut(id)
                && let CallState::Parked(thread) = &call.state
            {
                thread.unpark();
                return;
            }
        }
    }

    /// The leader is about to wait for its call's ending outside of the lock.
    pub(super) fn start_polling(&mut self, id: u64) {
        self.pollers.polling = true;
        self.set(id, CallState::Leader);
    }

    /// The leader is back. It clears its state before it drains, or it would wake itself.
    pub(super) fn stop_polling(&mut self, id: u64) {
        self.pollers.polling = false;
        self.set(id, CallState::Quiet);
    }

    /// Somebody else leads: the thread goes to sleep until its call ends or it is to lead.
    pub(super) fn park(&mut self, id: u64, thread: Thread) {
        self.set(id, CallState::Parked(thread));
        self.pollers.followers.push_back(id);
    }

    /// The thread is awake again.
    pub(super) fn unpark(&mut self, id: u64) {
        self.set(id, CallState::Quiet);
        self.pollers.followers.retain(|follower| *follower != id);
    }

    pub(super) fn set(&mut self, id: u64, state: CallState) {
        self.calls.set(id, state);
    }

    /// Finds out what became of the connection while nobody waited for it.
    pub(super) fn refresh(&mut self, poller: &Poller) {
        poller.set_monitor_pending();
        self.service(poller);
    }

    /// What [`IdleSocket::maintain`](crate::socket::IdleSocket::maintain) does.
    pub(super) fn look_after(&mut self, poller: &Poller) -> bool {
        if !self.pollers.polling {
            self.refresh(poller);
        }
        self.dealer.awaits_reconnect()
    }

    /// Whether there is more to take in than was in a turn: whoever waits comes back at once then.
    pub(super) fn come_back(&mut self, behind: bool, poller: &Poller) {
        self.behind = behind;
        if behind {
            poller.wake();
            self.call_driver();
        }
    }

    /// Whether there is more to take in, although nobody waits for it.
    pub(super) fn is_behind(&self) -> bool {
        self.behind && !self.pollers.polling
    }
}
