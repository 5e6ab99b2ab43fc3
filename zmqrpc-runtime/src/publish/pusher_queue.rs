//! Waiting until a puller has room: what stands under a pusher's lock, and the threads and tasks that want it.
//!
//! Whoever has found no room waits. One thread at most waits at the socket, and the driver for all tasks; the others wait
//! to be woken. Each message that is taken may mean that there is room for more: who has sent it wakes the next of each
//! kind. A task that was woken may belong to an executor that stands still, so the driver wakes the next one now and
//! then, while there is room.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::shared_socket::{Guarded, REST, SharedSocket, SocketLock, SocketState};
use super::unflushed_jobs::UnflushedJobs;
use crate::log;
use crate::socket::{
    AuthFailure, Drive, DriveTurn, Driven, Message, POLL_INTERVAL, Poller, PushError, PushSocket,
    SocketError, WakeList,
};

pub(super) type PusherQueue = Driven<SharedSocket<PusherState>>;

pub(super) struct PusherState {
    pub(super) socket: PushSocket,
    pub(super) unflushed: UnflushedJobs,
    pushed: u64,
    tasks: VecDeque<WaitingTask>,
    last_ticket: QueueTicket,
    /// When the driver looks next, while it looks after the socket.
    look: Option<Instant>,
}

/// A task that waits.
struct WaitingTask {
    ticket: QueueTicket,
    waker: Waker,
    /// When it gives up. None for a time that the clock cannot express.
    until: Option<Instant>,
}

/// The place of a task in the queue.
pub(super) type QueueTicket = u64;

/// Why a message was not pushed.
pub(super) enum NotPushed {
    /// All who pull are full.
    Full,
    /// Nobody pulls; why nobody can be reached, if it is for an endpoint's name.
    Alone(Option<String>),
    /// Nobody lets this pusher in.
    Denied(AuthFailure),
    Broken(SocketError),
}

/// A message that no room was found for by a task.
pub(super) struct RefusedPush {
    pub(super) message: Message,
    /// There is no use in waiting.
    pub(super) is_final: bool,
}

impl PusherQueue {
    pub(super) fn of(socket: PushSocket, high_water: usize) -> Self {
        let poller = socket.poller();
        let state = PusherState {
            socket,
            unflushed: UnflushedJobs::new(high_water),
            pushed: 0,
            tasks: VecDeque::new(),
            last_ticket: 0,
            look: None,
        };
        Self::new(SharedSocket::new(state, poller))
    }

    /// Sends, or gives the message back and wakes the task when there may be room, and when it gives up; its place is
    /// kept in `ticket`, and the logins that had been refused before in `refused`.
    pub(super) fn try_push(
        &self,
        message: Message,
        ticket: &mut Option<QueueTicket>,
        refused: &mut Option<u64>,
        task: &Waker,
        until: Option<Instant>,
    ) -> Result<Result<(), RefusedPush>, SocketError> {
        let mut lock = self.lock();
        match lock.send(message) {
            Ok(()) => {
                lock.withdraw(ticket.take());
                self.tell(&mut lock);
                Ok(Ok(()))
            }
            Err(PushError::Full(message)) => {
                let is_final = lock.is_denied(refused);
                if !is_final {
                    self.queue(&mut lock, ticket, task, until)?;
                }
                Ok(Err(RefusedPush { message, is_final }))
            }
            Err(PushError::Broken(error)) => {
                lock.withdraw(ticket.take());
                Err(error)
            }
        }
    }

    /// Keeps how to wake a task: at its place, or, when it has been woken in vain, before all others.
    fn queue(
        &self,
        lock: &mut SocketLock<'_, PusherState>,
        ticket: &mut Option<QueueTicket>,
        task: &Waker,
        until: Option<Instant>,
    ) -> Result<(), SocketError> {
        let state = &mut **lock.held;
        let mut known = state.tasks.iter_mut();
        if let Some(known) = known.find(|known| Some(known.ticket) == *ticket) {
            if !known.waker.will_wake(task) {
                lock.wakes
                    .discard(std::mem::replace(&mut known.waker, task.clone()));
            }
            return Ok(());
        }
        let now = Instant::now();
        let due = until.unwrap_or(now + REST).min(now + state.rest());
        if state.look.is_none_or(|look| due < look) {
            self.bell().ring()?;
            state.look = Some(due);
        }
        let waker = task.clone();
        if let Some(ticket) = *ticket {
            state.tasks.push_front(WaitingTask {
                ticket,
                waker,
                until,
            });
        } else {
            state.last_ticket += 1;
            let new = state.last_ticket;
            state.tasks.push_back(WaitingTask {
                ticket: new,
                waker,
                until,
            });
            *ticket = Some(new);
        }
        Ok(())
    }
}

impl SharedSocket<PusherState> {
    pub(super) fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// Uses the socket, by which somebody may get room.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut PusherState) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state);
        self.tell(&mut state);
        result
    }

    /// Sends, or waits for room until `deadline`; for ever if there is none.
    pub(super) fn push(
        &self,
        mut message: Message,
        deadline: Option<Instant>,
    ) -> Result<(), NotPushed> {
        let mut state = self.lock();
        let mut refused = None;
        loop {
            message = match state.send(message) {
                Ok(()) => {
                    self.tell(&mut state);
                    return Ok(());
                }
                Err(PushError::Full(message)) => message,
                Err(PushError::Broken(error)) => return Err(NotPushed::Broken(error)),
            };
            let denied = state.is_denied(&mut refused);
            if denied || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                // It may have been woken in vain, and have left the socket to nobody.
                self.tell(&mut state);
                return Err(state.no_room());
            }
            let waited;
            (state, waited) = self.wait(state, deadline);
            if let Err(error) = waited {
                self.tell(&mut state);
                return Err(NotPushed::Broken(error));
            }
        }
    }

    /// A task does not wait any more. If it had been woken, it was another one's turn.
    pub(super) fn leave(&self, ticket: Option<QueueTicket>) -> NotPushed {
        let mut state = self.lock();
        if ticket.is_some() && !state.withdraw(ticket) {
            self.tell(&mut state);
        }
        state.no_room()
    }
}

impl Drive for SharedSocket<PusherState> {
    fn poller(&self) -> Option<&Poller> {
        Some(self.poller())
    }

    fn drive(&self, wakes: &mut WakeList) -> DriveTurn {
        let mut lock = self.lock();
        lock.settle();
        let now = Instant::now();
        lock.expire(now, wakes);
        if lock.socket.has_room() {
            self.tell(&mut lock);
        }
        wakes.append(&mut lock.wakes);
        lock.look = lock.next_look(now, !wakes.is_empty());
        lock.look
            .map_or(DriveTurn::Idle, |look| DriveTurn::Wait(Some(look)))
    }
}

impl Guarded<PusherState> {
    fn send(&mut self, message: Message) -> Result<(), PushError> {
        self.uses += 1;
        if self.is_due() {
            self.settle();
        }
        self.hand_over(message)?;
        self.pushed += 1;
        Ok(())
    }
}

impl PusherState {
    /// Hands a message over, marked if that is needed to know when it has left.
    pub(super) fn hand_over(&mut self, message: Message) -> Result<(), PushError> {
        let Self {
            socket, unflushed, ..
        } = self;
        match unflushed.next(|| socket.connections()) {
            None => socket.send(message)?,
            Some(counter) => socket.send_tracked(message, &counter)?,
        }
        unflushed.push();
        Ok(())
    }

    /// Whether nobody lets this pusher in, as has turned out since `refused` was first asked for: what was known before
    /// says nothing of the next try.
    fn is_denied(&self, refused: &mut Option<u64>) -> bool {
        let refused = *refused.get_or_insert_with(|| self.socket.rejected_logins().get());
        self.socket.login_failure_since(refused).is_some()
    }

    fn no_room(&self) -> NotPushed {
        match self.socket.login_failure() {
            Some(denial) => NotPushed::Denied(denial),
            None if self.socket.has_puller() => NotPushed::Full,
            None => NotPushed::Alone(self.socket.resolve_failure()),
        }
    }

    /// How long the driver may wait while tasks do.
    fn rest(&self) -> Duration {
        if self.socket.needs_polling() {
            POLL_INTERVAL
        } else {
            REST
        }
    }

    /// When the driver looks again; `None` if nobody needs it to.
    fn next_look(&self, now: Instant, has_woken: bool) -> Option<Instant> {
        // Who is woken now often comes again at once.
        let waited = has_woken || !self.tasks.is_empty();
        let next = self.tasks.iter().filter_map(|task| task.until).min();
        waited.then(|| next.into_iter().fold(now + self.rest(), Instant::min))
    }

    /// Wakes the tasks whose time is over. They find out themselves.
    fn expire(&mut self, now: Instant, wakes: &mut WakeList) {
        let over = |task: &WaitingTask| task.until.is_some_and(|until| until <= now);
        while let Some(at) = self.tasks.iter().position(over) {
            if let Some(task) = self.tasks.remove(at) {
                wakes.wake(task.waker);
            }
        }
    }
}

impl SocketLock<'_, PusherState> {
    /// `false` if the task was not in the queue.
    fn withdraw(&mut self, ticket: Option<QueueTicket>) -> bool {
        let mut tasks = self.held.tasks.iter();
        let at = tasks.position(|task| Some(task.ticket) == ticket);
        let task = at.and_then(|at| self.held.tasks.remove(at));
        task.is_some_and(|task| {
            self.wakes.discard(task.waker);
            true
        })
    }
}

impl SocketState for PusherState {
    fn take_in(&mut self) -> bool {
        if let Err(error) = self.socket.maintain() {
            log::line!(error, error = log::text(&error); "a pusher cannot read what has happened");
        }
        // There may be room now.
        true
    }

    fn wake_task(&mut self, wakes: &mut WakeList) {
        if let Some(task) = self.tasks.pop_front() {
            wakes.wake(task.waker);
        }
    }

    fn is_cut(&self) -> bool {
        self.socket.awaits_reconnect()
    }

    fn must_look(&self) -> bool {
        self.socket.needs_polling()
    }

    fn close_and_release(&mut self) {
        self.socket.close_and_release();
    }
}
