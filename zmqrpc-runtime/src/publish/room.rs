//! Waiting until a puller has room: what stands under a pusher's lock, and the threads and tasks that want it.
//!
//! Whoever has found no room waits. One thread at most waits at the socket, and a driver for all tasks; the others wait
//! to be woken. Each message that is taken may mean that there is room for more: who has sent it wakes the next of each
//! kind.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::socket::{Message, Push, SocketError, Unpushed, Waiter, Ward};

pub(super) struct Room {
    core: Mutex<Core>,
    /// For the threads that do not wait at the socket.
    changed: Condvar,
    waiter: Arc<Waiter>,
}

pub(super) struct Core {
    pub(super) socket: Push,
    pushed: u64,
    /// A thread waits at the socket.
    polled: bool,
    /// Threads that wait for that one.
    parked: usize,
    tasks: VecDeque<(Ticket, Waker)>,
    last_ticket: Ticket,
    /// Tasks that have a ticket, be they in the queue or awake.
    waiting: usize,
    driver: Driver,
    sends: u32,
    settled: Instant,
}

/// The task that waits at the socket for all tasks.
#[derive(Default)]
struct Driver {
    exists: bool,
    waker: Option<Waker>,
}

/// The place of a task in the queue.
pub(super) type Ticket = u64;

/// Why a message was not pushed.
pub(super) enum Unsent {
    /// All who pull are full.
    Full,
    /// Nobody pulls.
    Alone,
    Broken(SocketError),
}

/// libzmq's news pile up until they are read: they are, after so many messages, or by the caretaker when they have waited
/// for long.
const SENDS: u32 = 64;

/// How often a pusher in use looks after connections that nothing tells of.
const REST: Duration = Duration::from_millis(100);

/// How often one looks for an `inproc` name to be bound.
const LOOK: Duration = Duration::from_millis(20);

impl Room {
    pub(super) fn new(socket: Push) -> Self {
        let waiter = socket.waiter();
        let core = Core {
            socket,
            pushed: 0,
            polled: false,
            parked: 0,
            tasks: VecDeque::new(),
            last_ticket: 0,
            waiting: 0,
            driver: Driver::default(),
            sends: 0,
            settled: Instant::now(),
        };
        Self {
            core: Mutex::new(core),
            changed: Condvar::new(),
            waiter,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn waiter(&self) -> &Waiter {
        &self.waiter
    }

    pub(super) fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// Uses the socket, by which somebody may get room.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.lock();
        let result = act(&mut core);
        self.pass_on(&mut core);
        result
    }

    /// Sends, or waits for room until `deadline`; for ever if there is none.
    pub(super) fn push(
        &self,
        mut message: Message,
        deadline: Option<Instant>,
    ) -> Result<(), Unsent> {
        let mut core = self.lock();
        loop {
            message = match core.send(message) {
                Ok(()) => {
                    self.pass_on(&mut core);
                    return Ok(());
                }
                Err(Unpushed::Full(message)) => message,
                Err(Unpushed::Broken(error)) => return Err(Unsent::Broken(error)),
            };
            let now = Instant::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                // It may have been woken in vain, and have left the socket to nobody.
                self.pass_on(&mut core);
                return Err(core.no_room());
            }
            if core.polled {
                core.parked += 1;
                let rest = deadline.map_or(LONG, |deadline| deadline - now);
                let waited = self.changed.wait_timeout(core, rest);
                core = waited.unwrap_or_else(PoisonError::into_inner).0;
                core.parked -= 1;
                continue;
            }
            core.polled = true;
            let look = core.socket.must_look().then(|| now + LOOK);
            drop(core);
            let driven = self
                .waiter
                .drive([look, deadline].into_iter().flatten().min());
            core = self.lock();
            core.polled = false;
            if let Err(error) = driven {
                self.pass_on(&mut core);
                return Err(Unsent::Broken(SocketError::waiting(&error)));
            }
        }
    }

    /// Wakes the next of each kind that waits.
    fn pass_on(&self, core: &mut Core) {
        if let Some((_, task)) = core.tasks.pop_front() {
            task.wake();
        }
        if core.parked > 0 {
            self.changed.notify_one();
        }
        if core.polled {
            self.waiter.wake();
        }
    }

    /// Leaves all endpoints.
    pub(super) fn shut(&self) {
        self.lock().socket.shut();
    }
}

impl Ward for Room {
    fn waiter(&self) -> &Waiter {
        &self.waiter
    }

    fn tend(&self) -> bool {
        // Whoever has the lock, or waits at the socket, does it.
        let Ok(mut core) = self.core.try_lock() else {
            return false;
        };
        if !core.polled {
            core.settle();
            self.pass_on(&mut core);
        }
        core.socket.is_cut()
    }
}

/// For tasks.
#[cfg(feature = "tokio")]
impl Room {
    /// Sends, or gives the message back and wakes the task when there may be room; its place is kept in `ticket`. `true`
    /// if the caller must start a driver, which then exists.
    pub(super) fn try_push(
        &self,
        message: Message,
        ticket: &mut Option<Ticket>,
        task: &Waker,
    ) -> Result<Result<(), (Message, bool)>, SocketError> {
        let mut core = self.lock();
        match core.send(message) {
            Ok(()) => {
                core.withdraw(ticket.take());
                self.pass_on(&mut core);
                Ok(Ok(()))
            }
            Err(Unpushed::Full(message)) => {
                core.queue(ticket, task);
                let starts = !std::mem::replace(&mut core.driver.exists, true);
                Ok(Err((message, starts)))
            }
            Err(Unpushed::Broken(error)) => {
                core.withdraw(ticket.take());
                Err(error)
            }
        }
    }

    /// A task does not wait any more. If it had been woken, it was another one's turn.
    pub(super) fn leave(&self, ticket: Option<Ticket>) -> Unsent {
        let mut core = self.lock();
        if ticket.is_some() && !core.withdraw(ticket) {
            self.pass_on(&mut core);
        }
        core.no_room()
    }

    /// The driver's turn. Answers when to look at the socket again although nothing tells.
    pub(super) fn drive(&self, driver: &Waker) -> Option<Instant> {
        let mut core = self.lock();
        core.settle();
        core.driver.waker = Some(driver.clone());
        self.pass_on(&mut core);
        let looks = core.socket.must_look() && core.waiting > 0;
        looks.then(|| Instant::now() + LOOK)
    }

    /// The driver is gone: all tasks ask again, and the first of them starts another one.
    pub(super) fn lose_driver(&self) {
        let mut core = self.lock();
        core.driver = Driver::default();
        for (_, task) in core.tasks.drain(..) {
            task.wake();
        }
    }
}

/// A wait without a deadline looks at the clock now and then.
const LONG: Duration = Duration::from_secs(3600);

impl Core {
    fn send(&mut self, message: Message) -> Result<(), Unpushed> {
        self.sends += 1;
        // A look at the clock costs as much as a quarter of a message.
        let rested = self.socket.must_look() && self.settled.elapsed() >= REST;
        if rested || self.sends >= SENDS {
            self.settle();
        }
        self.socket.send(message)?;
        self.pushed += 1;
        Ok(())
    }

    fn settle(&mut self) {
        if let Err(error) = self.socket.settle() {
            tracing::error!(%error, "a pusher cannot read what has happened");
        }
        (self.sends, self.settled) = (0, Instant::now());
    }

    fn no_room(&self) -> Unsent {
        if self.socket.is_pulled() {
            Unsent::Full
        } else {
            Unsent::Alone
        }
    }
}

#[cfg(feature = "tokio")]
impl Core {
    /// Keeps how to wake a task: at its place, or, when it has been woken in vain, before all others.
    fn queue(&mut self, ticket: &mut Option<Ticket>, task: &Waker) {
        let Some(own) = *ticket else {
            self.last_ticket += 1;
            *ticket = Some(self.last_ticket);
            self.waiting += 1;
            if self.socket.must_look()
                && let Some(driver) = &self.driver.waker
            {
                // It may not look, since nobody waited.
                driver.wake_by_ref();
            }
            self.tasks.push_back((self.last_ticket, task.clone()));
            return;
        };
        match self.tasks.iter_mut().find(|(other, _)| *other == own) {
            Some((_, known)) => known.clone_from(task),
            None => self.tasks.push_front((own, task.clone())),
        }
    }

    /// `false` if the task was not in the queue.
    fn withdraw(&mut self, ticket: Option<Ticket>) -> bool {
        self.waiting -= usize::from(ticket.is_some());
        let at = self
            .tasks
            .iter()
            .position(|(other, _)| Some(*other) == ticket);
        at.is_some_and(|at| self.tasks.remove(at).is_some())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // The driver holds the room only while it works: it finds out when it is woken.
        if let Some(driver) = self.lock().driver.waker.take() {
            driver.wake();
        }
    }
}
