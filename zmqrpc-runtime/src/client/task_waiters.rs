//! How a connection's socket is looked after for tasks: by the driver, or by a task that stands in for it.
//!
//! The driver is a thread, since no executor promises to poll a task that is woken. But most do so at once, and while calls
//! come and go in numbers, it is cheaper by far if the thread that makes them takes in their replies too: the two would do
//! nothing but wait for each other's lock, and wake each other. So a task that has something to do in any case drains the
//! socket then, behind all others that have been woken; and where several wait, the driver wakes one of them to do it. If
//! it does not, the driver does, after [`GRACE`].

use std::task::Waker;
use std::time::Duration;

use super::in_flight::{CallState, Deadlines, NoReply};
use super::state::ConnectionState;
use crate::clock::Instant;
use crate::log;
use crate::socket::{DriveTurn, DriverBell, Poller, SocketError};

#[derive(Default)]
pub(super) struct TaskWaiters {
    driver: DriverState,
    /// Something was sent for a task since the socket was drained.
    pub(super) undrained: bool,
    /// The call whose task drains the socket when it is polled, which it has been woken for. Until then the driver does not
    /// listen to the socket.
    stand_in: Option<u64>,
    /// The call whose task was polled last, of those that wait: its executor is surely at work.
    liveliest: Option<u64>,
    /// Until when the driver asks no task to stand in: one did not when it was asked.
    alone_until: Option<Instant>,
}

/// What is known of the thread, while it looks after the socket.
#[derive(Default)]
struct DriverState {
    /// How to call it, while it does.
    post: Option<DriverBell>,
    /// It has been called and has not looked yet: the socket may be used without leaving it drained.
    called: bool,
    /// It does not listen to the socket.
    deaf: bool,
    /// When the time of a call is over.
    next: Option<Instant>,
    /// When it looks, whatever it hears, if it does.
    looks_by: Option<Instant>,
    /// Until when it goes on to look once in a [`GRACE`].
    looks_until: Option<Instant>,
    /// When it leaves unless a task waits.
    leaves_at: Option<Instant>,
}

/// How long what has arrived may lie where something else than its signal is to see to it.
pub(super) const GRACE: Duration = Duration::from_millis(5);

/// From so many tasks on one of them takes in for the others, rather than the driver. A lone one would only be asked one
/// thing more.
const SEVERAL: usize = 2;

/// How long the driver does it all itself after a task that was to did not.
const ALONE: Duration = Duration::from_secs(1);

/// How long the driver stays although no task waits. While it stays, it notices when a call begins soon enough to ask
/// for a sign of life in time.
const STAY: Duration = Duration::from_secs(1);

impl ConnectionState {
    /// A task waits: keeps how to wake it, and sees to it that the socket is looked after.
    pub(super) fn suspend(
        &mut self,
        id: u64,
        waker: &Waker,
        deadlines: Deadlines,
        post: &DriverBell,
    ) -> Result<(), SocketError> {
        let written = self.is_written(id);
        self.set(id, CallState::Task(waker.clone(), deadlines));
        self.pollers.tasks.liveliest = Some(id);
        let due = if written {
            deadlines.deadline
        } else {
            deadlines.deadline.min(deadlines.connected_by)
        };
        let driver = &mut self.pollers.tasks.driver;
        let sooner = driver.next.is_none_or(|next| due < next);
        if sooner {
            driver.next = Some(due);
        }
        if driver.post.is_none() {
            post.ring()?;
            driver.post = Some(post.clone());
            driver.called = true;
            return Ok(());
        }
        if sooner {
            self.call_driver();
        }
        if self.is_just_sent(id) {
            self.pollers.tasks.undrained = false;
            self.look_soon();
        } else if self.pollers.tasks.undrained && self.pollers.tasks.stand_in.is_none() {
            self.stand_in(id);
            self.calls.wakes.wake(waker.clone());
        }
        Ok(())
    }

    /// The task of this call is woken, and drains the socket in the place of the driver when it is polled.
    fn stand_in(&mut self, id: u64) {
        self.pollers.tasks.stand_in = Some(id);
        self.listen(false);
        self.look_soon();
    }

    /// The task of this call is polled: drains the socket if it is to.
    pub(super) fn relieve(&mut self, id: u64, poller: &Poller) {
        if self.pollers.tasks.stand_in == Some(id) {
            // It is awake, and needs not be woken.
            self.set(id, CallState::Quiet);
            self.calls.last_woken = None;
            self.service(poller);
            self.pass_on();
        }
    }

    /// This call's task is not polled any more: what it has left undone, the driver does.
    pub(super) fn dismiss(&mut self, id: u64) {
        if self.pollers.tasks.undrained || self.pollers.tasks.stand_in == Some(id) {
            self.call_driver();
        }
    }

    /// After the socket was drained: while others wait, the last one of the tasks that were woken drains it next, behind all
    /// that they do now. If there is none, the driver listens to it.
    fn pass_on(&mut self) {
        self.pollers.tasks.stand_in = None;
        match self.calls.last_woken.take() {
            Some(id) if self.calls.tasks() > 0 => self.stand_in(id),
            _ => self.listen(true),
        }
    }

    fn listen(&mut self, on: bool) {
        let driver = &mut self.pollers.tasks.driver;
        if let Some(post) = &driver.post
            && driver.deaf == on
        {
            driver.deaf = !on;
            post.set_listening(on);
        }
    }

    /// The driver looks at the socket within a [`GRACE`], whatever it hears.
    fn look_soon(&mut self) {
        let at = Instant::now() + GRACE;
        let driver = &mut self.pollers.tasks.driver;
        driver.looks_until = Some(at);
        if driver.looks_by.is_none_or(|looks_by| at < looks_by) {
            driver.looks_by = Some(at);
            self.call_driver();
        }
    }

    pub(super) fn call_driver(&mut self) {
        let driver = &mut self.pollers.tasks.driver;
        if !driver.called
            && let Some(post) = &driver.post
        {
            driver.called = true;
            if let Err(error) = post.ring() {
                log::line!(error, error = log::text(&error); "tasks wait for a connection that no thread maintains");
            }
        }
    }

    /// The driver's turn: takes in, hands over, ends what is over. Or has it done, if it is only that something arrives.
    pub(super) fn drive(&mut self, poller: &Poller, now: Instant) -> DriveTurn {
        if let Some(turn) = self.delegate(poller, now) {
            return turn;
        }
        self.pollers.tasks.driver.called = false;
        self.pollers.tasks.driver.looks_by = Some(now);
        self.calls.last_woken = None;
        self.service(poller);
        // Only now, after looking: a reply that has arrived counts, however late it is looked for.
        if self
            .pollers
            .tasks
            .driver
            .next
            .is_some_and(|next| next <= now)
        {
            let (over, next) = self.calls.expired(now);
            self.pollers.tasks.driver.next = next;
            for (id, reason) in over {
                if matches!(reason, NoReply::TimedOut { written: true }) {
                    self.send_cancel(id);
                }
                self.lose(id, reason, poller);
            }
            self.service(poller);
        }
        let liveness = self.check_pulse(now, poller);
        self.pass_on();
        let turn = self.next_turn(now, liveness);
        if let DriveTurn::Wait(until) = turn {
            self.pollers.tasks.driver.looks_by = until;
        }
        turn
    }

    /// Where several tasks wait, one of them takes in what has arrived for all: it wakes the others without leaving its
    /// thread, and what they send and get then goes in larger bunches.
    fn delegate(&mut self, poller: &Poller, now: Instant) -> Option<DriveTurn> {
        let tasks = &mut self.pollers.tasks;
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if tasks.stand_in.is_some() {
            if is_due(tasks.driver.looks_by) {
                tasks.alone_until = Some(now + ALONE);
            }
            return None;
        }
        let is_asked = tasks.driver.called
            || is_due(tasks.driver.next)
            || is_due(tasks.driver.looks_by)
            || poller.is_monitor_pending();
        let is_alone = tasks.alone_until.is_some_and(|until| now < until);
        if is_asked || is_alone || self.calls.tasks() < SEVERAL {
            return None;
        }
        let id = tasks.liveliest?;
        let CallState::Task(waker, _) = &self.calls.get_mut(id)?.state else {
            return None;
        };
        let waker = waker.clone();
        self.calls.wakes.wake(waker);
        self.pollers.tasks.stand_in = Some(id);
        self.listen(false);
        let driver = &mut self.pollers.tasks.driver;
        let at = now + GRACE;
        (driver.looks_by, driver.looks_until) = (Some(at), Some(at));
        Some(DriveTurn::Wait(driver.next.into_iter().chain([at]).min()))
    }

    fn next_turn(&mut self, now: Instant, liveness: Option<Instant>) -> DriveTurn {
        if self.behind {
            return DriveTurn::Wait(Some(now));
        }
        let driver = &mut self.pollers.tasks.driver;
        let look = driver.looks_until.filter(|until| *until > now);
        if !self.calls.wakes.is_empty() {
            // Who is woken now often calls again at once.
            driver.leaves_at = Some(now + self.link.ping_interval().min(STAY));
        }
        if self.calls.tasks() > 0 {
            return DriveTurn::Wait(driver.next.into_iter().chain(liveness).chain(look).min());
        }
        let leave = driver.leaves_at.filter(|at| *at > now);
        if leave.is_none() {
            self.pollers.tasks.driver = DriverState::default();
            return DriveTurn::Idle;
        }
        DriveTurn::Wait(leave.into_iter().chain(look).min())
    }
}
