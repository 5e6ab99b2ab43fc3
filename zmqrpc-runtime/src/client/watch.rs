//! Who looks after a link's socket: one of the threads that wait for its calls, or the driver for all tasks that do.

use std::collections::VecDeque;
use std::task::Waker;
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::core::Core;
use super::ending::finish;
use super::table::{Loss, Patience, State};
use crate::log;
use crate::socket::{Post, SocketError, Turn, Waiter};

/// Who waits at the socket, and who waits for those who do.
#[derive(Default)]
pub(super) struct Watch {
    leading: bool,
    /// The leader is in `drive`: whoever uses the socket now must leave it drained.
    pub(super) polling: bool,
    followers: VecDeque<u64>,
    driver: Driver,
}

/// The thread that looks after the socket for tasks.
#[derive(Default)]
struct Driver {
    /// How to call it, while it does.
    post: Option<Post>,
    /// It has been called and has not looked yet: the socket may be used without leaving it drained.
    called: bool,
    /// When it looks at the time.
    next: Option<Instant>,
}

/// How long the driver stays although no task waits. While it stays, it notices when a call begins soon enough to ask
/// for a sign of life in time.
const STAY: Duration = Duration::from_secs(1);

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
        self.table.set(id, state);
    }

    /// A task waits: keeps how to wake it, and sees to it that the driver does.
    pub(super) fn suspend(
        &mut self,
        id: u64,
        waker: &Waker,
        patience: Patience,
        post: &Post,
    ) -> Result<(), SocketError> {
        let written = self.is_written(id);
        self.set(id, State::Task(waker.clone(), patience));
        let due = if written {
            patience.deadline
        } else {
            patience.deadline.min(patience.connected_by)
        };
        let driver = &mut self.watch.driver;
        let sooner = driver.next.is_none_or(|next| due < next);
        if sooner {
            driver.next = Some(due);
        }
        if driver.post.is_none() {
            post.call()?;
            driver.post = Some(post.clone());
            driver.called = true;
        } else if sooner {
            self.call_driver();
        }
        Ok(())
    }

    pub(super) fn call_driver(&mut self) {
        let driver = &mut self.watch.driver;
        if !driver.called
            && let Some(post) = &driver.post
        {
            driver.called = true;
            if let Err(error) = post.call() {
                log::line!(error, error = log::text(&error); "tasks wait for a link that nobody looks after");
            }
        }
    }

    /// The driver's turn: takes in, hands over, ends what is over.
    pub(super) fn drive(&mut self, waiter: &Waiter, now: Instant) -> Turn {
        self.watch.driver.called = false;
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
        if self.behind {
            return Turn::Wait(Some(now));
        }
        if self.table.tasks() > 0 {
            return Turn::Wait(self.watch.driver.next.into_iter().chain(pulse).min());
        }
        if self.table.wakes.is_empty() {
            self.watch.driver = Driver::default();
            return Turn::Leave;
        }
        // Who is woken now often calls again at once.
        Turn::Wait(Some(now + self.pulse.interval().min(STAY)))
    }

    /// Finds out what became of the connection while nobody waited for it.
    pub(super) fn refresh(&mut self, waiter: &Waiter) {
        waiter.expect_news();
        self.service(waiter);
    }

    /// What [`Ward::tend`](crate::socket::Ward::tend) does.
    pub(super) fn tend(&mut self, waiter: &Waiter) -> bool {
        if !self.watch.polling {
            self.refresh(waiter);
        }
        self.dealer.is_cut()
    }

    /// Whether there is more to take in than was in a turn: whoever waits comes back at once then.
    pub(super) fn come_back(&mut self, behind: bool, waiter: &Waiter) {
        self.behind = behind;
        if behind {
            waiter.wake();
            self.call_driver();
        }
    }

    /// Whether there is more to take in, although nobody waits for it.
    pub(super) fn is_behind(&self) -> bool {
        self.behind && !self.watch.polling
    }
}
