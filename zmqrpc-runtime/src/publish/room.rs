//! Waiting until a puller has room: what stands under a pusher's lock, and the threads and tasks that want it.
//!
//! Whoever has found no room waits. One thread at most waits at the socket, and a driver for all tasks; the others wait
//! to be woken. Each message that is taken may mean that there is room for more: who has sent it wakes the next of each
//! kind.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

use super::seat::{Held, Seat, Tended};
use crate::socket::{Denial, Message, Push, SocketError, Unpushed};

pub(super) type Room = Seat<Core>;

pub(super) struct Core {
    pub(super) socket: Push,
    pushed: u64,
    tasks: VecDeque<(Ticket, Waker)>,
    last_ticket: Ticket,
    /// Tasks that have a ticket, be they in the queue or awake.
    waiting: usize,
    driver: Driver,
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
    /// Nobody lets this pusher in.
    Denied(Denial),
    Broken(SocketError),
}

/// A message that no room was found for by a task.
#[cfg(feature = "tokio")]
pub(super) struct Refused {
    pub(super) message: Message,
    /// The caller must start a driver, which counts as existing.
    pub(super) starts_driver: bool,
    /// There is no use in waiting.
    pub(super) is_final: bool,
}

impl Room {
    pub(super) fn of(socket: Push) -> Self {
        let waiter = socket.waiter();
        let core = Core {
            socket,
            pushed: 0,
            tasks: VecDeque::new(),
            last_ticket: 0,
            waiting: 0,
            driver: Driver::default(),
        };
        Self::new(core, waiter)
    }

    pub(super) fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// Uses the socket, by which somebody may get room.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.lock();
        let result = act(&mut core);
        self.tell(&mut core);
        result
    }

    /// Sends, or waits for room until `deadline`; for ever if there is none.
    pub(super) fn push(
        &self,
        mut message: Message,
        deadline: Option<Instant>,
    ) -> Result<(), Unsent> {
        let mut core = self.lock();
        let mut refused = None;
        loop {
            message = match core.send(message) {
                Ok(()) => {
                    self.tell(&mut core);
                    return Ok(());
                }
                Err(Unpushed::Full(message)) => message,
                Err(Unpushed::Broken(error)) => return Err(Unsent::Broken(error)),
            };
            let denied = core.is_denied(&mut refused);
            if denied || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                // It may have been woken in vain, and have left the socket to nobody.
                self.tell(&mut core);
                return Err(core.no_room());
            }
            let waited;
            (core, waited) = self.wait(core, deadline);
            if let Err(error) = waited {
                self.tell(&mut core);
                return Err(Unsent::Broken(error));
            }
        }
    }
}

/// For tasks.
#[cfg(feature = "tokio")]
impl Room {
    /// Sends, or gives the message back and wakes the task when there may be room; its place is kept in `ticket`, and
    /// the logins that had been refused before in `refused`.
    pub(super) fn try_push(
        &self,
        message: Message,
        ticket: &mut Option<Ticket>,
        refused: &mut Option<u64>,
        task: &Waker,
    ) -> Result<Result<(), Refused>, SocketError> {
        let mut core = self.lock();
        match core.send(message) {
            Ok(()) => {
                core.withdraw(ticket.take());
                self.tell(&mut core);
                Ok(Ok(()))
            }
            Err(Unpushed::Full(message)) => {
                core.queue(ticket, task);
                Ok(Err(Refused {
                    message,
                    starts_driver: !std::mem::replace(&mut core.driver.exists, true),
                    is_final: core.is_denied(refused),
                }))
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
            self.tell(&mut core);
        }
        core.no_room()
    }

    /// The driver's turn. Answers when to look at the socket again although nothing tells.
    pub(super) fn drive(&self, driver: &Waker) -> Option<Instant> {
        let mut core = self.lock();
        core.settle();
        core.driver.waker = Some(driver.clone());
        self.tell(&mut core);
        let looks = core.socket.must_look() && core.waiting > 0;
        looks.then(Self::next_look)
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

impl Held<Core> {
    fn send(&mut self, message: Message) -> Result<(), Unpushed> {
        self.uses += 1;
        if self.is_due() {
            self.settle();
        }
        self.socket.send(message)?;
        self.pushed += 1;
        Ok(())
    }
}

impl Core {
    /// Whether nobody lets this pusher in, as has turned out since `refused` was first asked for: what was known before
    /// says nothing of the next try.
    fn is_denied(&self, refused: &mut Option<u64>) -> bool {
        let refused = *refused.get_or_insert_with(|| self.socket.refused().get());
        self.socket.denial_since(refused).is_some()
    }

    fn no_room(&self) -> Unsent {
        match self.socket.denial() {
            Some(denial) => Unsent::Denied(denial),
            None if self.socket.is_pulled() => Unsent::Full,
            None => Unsent::Alone,
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

impl Tended for Core {
    fn take_in(&mut self) -> bool {
        if let Err(error) = self.socket.settle() {
            tracing::error!(%error, "a pusher cannot read what has happened");
        }
        // There may be room now.
        true
    }

    fn wake_task(&mut self) {
        if let Some((_, task)) = self.tasks.pop_front() {
            task.wake();
        }
    }

    fn is_cut(&self) -> bool {
        self.socket.is_cut()
    }

    fn must_look(&self) -> bool {
        self.socket.must_look()
    }

    fn shut(&mut self) {
        self.socket.shut();
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // The driver holds the room only while it works: it finds out when it is woken.
        if let Some(driver) = self.driver.waker.take() {
            driver.wake();
        }
    }
}
