//! Who drains a connection's socket for tasks: the driver, or a task that stands in for it.
//!
//! The driver is a thread, since no executor promises to poll a task that is woken. But most do so at once, and while many
//! calls come and go it is much cheaper if the thread that makes them receives their replies, too: otherwise the two
//! threads mostly wait for each other's lock, and wake each other. So a task that is polled anyway drains the socket,
//! behind all others that have been woken; and where several wait, the driver wakes one of them to do it. If that task
//! does not, the driver does, after [`GRACE`].

use std::task::Waker;
use std::time::Duration;

use super::deadlines::Deadlines;
use super::peers::Peers;
use super::state::ConnectionState;
use super::waiter::Waiter;
use crate::clock::Instant;
use crate::log;
use crate::socket::{DriveTurn, DriverBell, SocketError};

#[derive(Default)]
pub(super) struct TaskWaiters {
    driver: DriverState,
    /// Something was sent for a task since the socket was drained.
    pub(super) undrained: bool,
    /// The call whose task was woken to drain the socket when it is polled. Until then the driver does not listen to the
    /// socket.
    stand_in: Option<u64>,
    /// The call whose task was polled last, of those that wait: its executor is the most likely to be at work.
    liveliest: Option<u64>,
    /// Until when the driver asks no task to stand in, since one that was asked did not.
    alone_until: Option<Instant>,
}

/// The driver, while it maintains the connection.
#[derive(Default)]
struct DriverState {
    /// How to call it; `None` while it does not maintain the connection.
    bell: Option<DriverBell>,
    /// Whether it has been called and has not come yet: the socket may be used without leaving it drained.
    called: bool,
    /// Whether it does not listen to the socket.
    deaf: bool,
    /// When it comes, whatever the socket signals.
    looks_by: Option<Instant>,
    /// Until when it goes on to come once in a [`GRACE`].
    looks_until: Option<Instant>,
    /// When it leaves if no task waits.
    leaves_at: Option<Instant>,
}

/// How long an arrival may go unnoticed where its signal may have been consumed.
pub(super) const GRACE: Duration = Duration::from_millis(5);

/// From this many tasks on, one of them stands in for the driver. For a lone one it would only be one more thing to do.
const SEVERAL: usize = 2;

/// How long the driver asks no task after one that was asked did not come.
const ALONE: Duration = Duration::from_secs(1);

/// How long the driver stays after the last task. While it stays, it notices a new call soon enough to ping in time.
const STAY: Duration = Duration::from_secs(1);

impl<P: Peers> ConnectionState<P> {
    /// Makes a task wait: keeps its waker, and makes sure that somebody drains the socket.
    pub(super) fn suspend(
        &mut self,
        id: u64,
        waker: &Waker,
        deadlines: Deadlines,
        bell: &DriverBell,
        now: impl FnOnce() -> Instant,
    ) -> Result<(), SocketError> {
        self.pollers.tasks.liveliest = Some(id);
        let Deadlines {
            deadline,
            connected_by,
            ..
        } = deadlines;
        let mut sooner = false;
        if let Some((waiter, is_sooner)) = self.calls.set_deadline(id, deadline, connected_by) {
            self.waiters.replace(waiter, Waiter::Task(waker.clone()));
            sooner = is_sooner;
        }
        let driver = &mut self.pollers.tasks.driver;
        if driver.bell.is_none() {
            bell.ring()?;
            driver.bell = Some(bell.clone());
            driver.called = true;
            return Ok(());
        }
        if sooner {
            self.call_driver();
        }
        if self.is_just_sent(id) {
            self.pollers.tasks.undrained = false;
            self.look_soon(now());
        } else if self.pollers.tasks.undrained && self.pollers.tasks.stand_in.is_none() {
            self.stand_in(id, now());
            self.waiters.wakes.wake(waker.clone());
        }
        Ok(())
    }

    /// Makes the task of this call, which is woken, drain the socket in place of the driver.
    fn stand_in(&mut self, id: u64, now: Instant) {
        self.pollers.tasks.stand_in = Some(id);
        self.listen(false);
        self.look_soon(now);
    }

    /// Drains the socket if the task of this call, which is polled, stands in for the driver.
    #[inline]
    pub(super) fn relieve(&mut self, id: u64, now: impl FnOnce() -> Instant) {
        if self.pollers.tasks.stand_in == Some(id) {
            self.relieve_at(id, now());
        }
    }

    #[cold]
    fn relieve_at(&mut self, id: u64, now: Instant) {
        // It is awake and need not be woken.
        self.set_waiter(id, Waiter::Nobody);
        self.waiters.last_woken = None;
        self.service(now);
        self.pass_on(now);
    }

    /// Has the driver do what this call's task, which is not polled any more, has left undone.
    pub(super) fn dismiss(&mut self, id: u64) {
        if self.pollers.tasks.undrained || self.pollers.tasks.stand_in == Some(id) {
            self.call_driver();
        }
    }

    /// Chooses who drains the socket next: of the tasks that were woken the last one, behind all that the others do now, if
    /// tasks wait; the driver otherwise.
    fn pass_on(&mut self, now: Instant) {
        self.pollers.tasks.stand_in = None;
        match self.waiters.last_woken.take() {
            Some(id) if self.waiters.tasks() > 0 => self.stand_in(id, now),
            _ => self.listen(true),
        }
    }

    fn listen(&mut self, on: bool) {
        let driver = &mut self.pollers.tasks.driver;
        if let Some(bell) = &driver.bell
            && driver.deaf == on
        {
            driver.deaf = !on;
            bell.set_listening(on);
        }
    }

    /// Has the driver come within a [`GRACE`], whatever the socket signals.
    fn look_soon(&mut self, now: Instant) {
        let at = now + GRACE;
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
            && let Some(bell) = &driver.bell
        {
            driver.called = true;
            if let Err(error) = bell.ring() {
                log::line!(error, error = log::text(&error); "tasks wait for a connection that no thread maintains");
            }
        }
    }

    /// The driver's turn: receives, sends, and ends the calls whose time has passed; or has a task do it, if something has
    /// merely arrived.
    pub(super) fn drive(&mut self, now: Instant) -> DriveTurn {
        if let Some(turn) = self.delegate(now) {
            return turn;
        }
        self.pollers.tasks.driver.called = false;
        self.pollers.tasks.driver.looks_by = Some(now);
        self.waiters.last_woken = None;
        self.service(now);
        // Only after the receive: a reply that has arrived counts, however late it is received.
        if self.calls.next_expiry().is_some_and(|next| next <= now) {
            self.calls.expire(now, &mut self.peers, &mut self.waiters);
            self.service(now);
        }
        let liveness = self.check_liveness(now);
        self.pass_on(now);
        let turn = self.next_turn(now, liveness);
        if let DriveTurn::Wait(until) = turn {
            self.pollers.tasks.driver.looks_by = until;
        }
        turn
    }

    /// Wakes one of several tasks that wait to receive for all: it wakes the others without a change of threads, and what
    /// they send and receive then goes in larger batches. Returns the driver's next turn; `None` if it has to do it itself.
    fn delegate(&mut self, now: Instant) -> Option<DriveTurn> {
        let next_expiry = self.calls.next_expiry();
        let tasks = &mut self.pollers.tasks;
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if tasks.stand_in.is_some() {
            if is_due(tasks.driver.looks_by) {
                tasks.alone_until = Some(now + ALONE);
            }
            return None;
        }
        let is_asked = tasks.driver.called
            || is_due(next_expiry)
            || is_due(tasks.driver.looks_by)
            || self.peers.expects_events();
        let is_alone = tasks.alone_until.is_some_and(|until| now < until);
        if is_asked || is_alone || self.waiters.tasks() < SEVERAL {
            return None;
        }
        let id = tasks.liveliest?;
        let Waiter::Task(waker) = self.calls.origin(id)? else {
            return None;
        };
        self.waiters.wakes.wake(waker.clone());
        self.pollers.tasks.stand_in = Some(id);
        self.listen(false);
        let driver = &mut self.pollers.tasks.driver;
        let at = now + GRACE;
        (driver.looks_by, driver.looks_until) = (Some(at), Some(at));
        Some(DriveTurn::Wait(next_expiry.into_iter().chain([at]).min()))
    }

    fn next_turn(&mut self, now: Instant, liveness: Option<Instant>) -> DriveTurn {
        if self.behind {
            return DriveTurn::Wait(Some(now));
        }
        let driver = &mut self.pollers.tasks.driver;
        let look = driver.looks_until.filter(|until| *until > now);
        if !self.waiters.wakes.is_empty() {
            // A task that is woken now often makes another call at once.
            driver.leaves_at = Some(now + self.calls.ping_interval().min(STAY));
        }
        if self.waiters.tasks() > 0 {
            let times = [self.calls.next_expiry(), liveness, look];
            return DriveTurn::Wait(times.into_iter().flatten().min());
        }
        let leave = driver.leaves_at.filter(|at| *at > now);
        if leave.is_none() {
            self.pollers.tasks.driver = DriverState::default();
            return DriveTurn::Idle;
        }
        DriveTurn::Wait(leave.into_iter().chain(look).min())
    }
}
