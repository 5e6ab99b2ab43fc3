//! Who looks after a link's socket: one of the threads that wait for its calls, or a task for all tasks that do.

use std::collections::VecDeque;
use std::task::Waker;
use std::thread::Thread;
use std::time::Instant;

use super::core::Core;
use super::ending::finish;
use super::table::{Loss, Patience, State};
use crate::socket::Waiter;

/// Who waits at the socket, and who waits for those who do.
#[derive(Default)]
pub(super) struct Watch {
    leading: bool,
    /// The leader is in `drive`: whoever uses the socket now must leave it drained.
    pub(super) polling: bool,
    followers: VecDeque<u64>,
    driver: Driver,
}

/// The task that looks after the socket for other tasks.
#[derive(Default)]
struct Driver {
    exists: bool,
    waker: Option<Waker>,
    /// It has been woken and has not looked yet: the socket may be used without leaving it drained.
    woken: bool,
    /// When it looks at the time.
    next: Option<Instant>,
}

impl Core {
    pub(super) fn is_led(&self) -> bool {
        self.watch.leading
    }

    pub(super) fn start_leading(&mut self) {
        self.watch.leading = true;
    }

    /// Wakes one of those who wait, so that somebody goes on looking after the socket.
    pub(super) fn stop_leading(&mut self) {
        self.watch.leading = false;
        while let Some(id) = self.watch.followers.pop_front() {
            if let Some(call) = self.table.get_mut(id)
                && let State::Parked(thread) = &call.state
            {
                thread.unpark();
                return;
            }
        }
    }

    /// The leader is about to wait for its call's ending outside of the lock.
    pub(super) fn start_polling(&mut self, id: u64) {
        self.watch.polling = true;
        self.set(id, State::Leader);
    }

    /// The leader is back. It takes its mark away before it drains, or it would ring its own bell.
    pub(super) fn stop_polling(&mut self, id: u64) {
        self.watch.polling = false;
        self.set(id, State::Quiet);
    }

    /// Somebody else leads: the thread goes to sleep until its call ends or it is to lead.
    pub(super) fn park(&mut self, id: u64, thread: Thread) {
        self.set(id, State::Parked(thread));
        self.watch.followers.push_back(id);
    }

    /// The thread is awake again.
    pub(super) fn unpark(&mut self, id: u64) {
        self.set(id, State::Quiet);
        self.watch.followers.retain(|follower| *follower != id);
    }

    fn set(&mut self, id: u64, state: State) {
        if let Some(call) = self.table.get_mut(id)
            && !matches!(call.state, State::Done(_))
        {
            call.state = state;
        }
    }

    /// A task waits: keeps how to wake it. `true` if the caller must start a driver first, which then exists.
    pub(super) fn suspend(&mut self, id: u64, waker: &Waker, patience: Patience) -> bool {
        let written = self.is_written(id);
        self.set(id, State::Task(waker.clone(), patience));
        let due = if written {
            patience.deadline
        } else {
            patience.deadline.min(patience.connected_by)
        };
        if self.watch.driver.next.is_none_or(|next| due < next) {
            self.watch.driver.next = Some(due);
            self.wake_driver();
        }
        !std::mem::replace(&mut self.watch.driver.exists, true)
    }

    pub(super) fn wake_driver(&mut self) {
        if !self.watch.driver.woken
            && let Some(waker) = &self.watch.driver.waker
        {
            self.watch.driver.woken = true;
            waker.wake_by_ref();
        }
    }

    /// The driver's turn: takes in, hands over, ends what is over. Answers when to look at the time again.
    pub(super) fn drive(
        &mut self,
        driver: &Waker,
        waiter: &Waiter,
        now: Instant,
    ) -> Option<Instant> {
        self.service(waiter);
        // Only now, after looking: a reply that has arrived counts, however late it is looked for.
        if self.watch.driver.next.is_some_and(|next| next <= now) {
            let (over, next) = self.table.expired(now);
            self.watch.driver.next = next;
            for (id, loss) in over {
                if matches!(loss, Loss::TimedOut { written: true }) {
                    self.send_cancel(id);
                }
                finish(&mut self.table, id, Err(loss), waiter);
            }
            self.purge_queue();
            self.service(waiter);
        }
        let pulse = self.check_pulse(now, waiter);
        self.watch.driver.woken = false;
        if !self
            .watch
            .driver
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(driver))
        {
            self.watch.driver.waker = Some(driver.clone());
        }
        match (self.watch.driver.next, pulse) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The driver is gone: every task asks again, and the first of them starts another one.
    pub(super) fn lose_driver(&mut self) {
        self.watch.driver = Driver::default();
        self.table.wake_tasks();
    }

    /// What wakes the driver, to tell it that the link is gone.
    pub(super) fn take_driver(&mut self) -> Option<Waker> {
        self.watch.driver.waker.take()
    }
}
