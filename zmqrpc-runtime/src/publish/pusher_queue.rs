//! The state behind a pusher's lock, and how threads and tasks wait until a puller has room.
//!
//! At most one waiting thread polls the socket, and the driver thread does for all tasks; the other threads and tasks wait
//! to be woken. A message that was sent may mean that there is room for more, so its sender wakes the next waiter of each
//! kind. A woken task may belong to an executor that stands still; so the driver wakes a further one from time to time,
//! while there is room.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::shared_socket::{Guarded, MAINTENANCE_INTERVAL, SharedSocket, SocketLock, SocketState};
use super::unflushed_jobs::UnflushedJobs;
use crate::log;
use crate::socket::{
    AuthFailure, Drive, DriveTurn, Driven, Frame, POLL_INTERVAL, Poller, PushError, PushSocket,
    SocketError, WakeList,
};

pub(super) type PusherQueue = Driven<SharedSocket<PusherState>>;

pub(super) struct PusherState {
    pub(super) socket: PushSocket,
    pub(super) unflushed: UnflushedJobs,
    pushed: u64,
    tasks: VecDeque<WaitingTask>,
    last_waiter: WaiterId,
    /// When the driver drives the socket next; `None` while it does not.
    next_drive: Option<Instant>,
}

/// A task that waits for room.
struct WaitingTask {
    waiter: WaiterId,
    waker: Waker,
    /// When it stops waiting; `None` if the clock cannot express that.
    until: Option<Instant>,
}

/// Identifies a waiting task.
pub(super) type WaiterId = u64;

/// Why a message was not pushed.
pub(super) enum NotPushed {
    /// The queues of all pullers are full.
    Full,
    /// No puller is connected; with the cause if an endpoint's name cannot be resolved.
    NoPuller(Option<String>),
    /// Every peer that the pusher is connected to rejects its login.
    Rejected(AuthFailure),
    Broken(SocketError),
}

/// A message of a task that no puller had room for.
pub(super) struct RefusedPush {
    pub(super) message: Frame,
    /// Whether waiting is useless.
    pub(super) is_final: bool,
}

impl PusherQueue {
    pub(super) fn from_socket(socket: PushSocket, high_water: usize) -> Self {
        let poller = socket.poller();
        let state = PusherState {
            socket,
            unflushed: UnflushedJobs::new(high_water),
            pushed: 0,
            tasks: VecDeque::new(),
            last_waiter: 0,
            next_drive: None,
        };
        Self::new(SharedSocket::new(state, poller))
    }

    /// Sends a message, or returns it and has the task woken when there may be room and at `until`. The task's id is stored
    /// in `waiter`, and the number of logins that had been rejected before its first attempt in `rejected_before`.
    pub(super) fn try_push(
        &self,
        message: Frame,
        waiter: &mut Option<WaiterId>,
        rejected_before: &mut Option<u64>,
        task: &Waker,
        until: Option<Instant>,
    ) -> Result<Result<(), RefusedPush>, SocketError> {
        let mut lock = self.lock();
        match lock.send(message) {
            Ok(()) => {
                lock.remove_waiter(waiter.take());
                self.notify(&mut lock);
                Ok(Ok(()))
            }
            Err(PushError::Full(message)) => {
                let is_final = lock.is_login_rejected(rejected_before);
                if !is_final {
                    self.enqueue(&mut lock, waiter, task, until)?;
                }
                Ok(Err(RefusedPush { message, is_final }))
            }
            Err(PushError::Broken(error)) => {
                lock.remove_waiter(waiter.take());
                Err(error)
            }
        }
    }

    /// Stores a task's waker: in its present position, at the front if the task has been woken in vain, else at the back.
    fn enqueue(
        &self,
        lock: &mut SocketLock<'_, PusherState>,
        waiter: &mut Option<WaiterId>,
        task: &Waker,
        until: Option<Instant>,
    ) -> Result<(), SocketError> {
        let state = &mut **lock.guarded;
        let mut tasks = state.tasks.iter_mut();
        if let Some(waiting) = tasks.find(|waiting| Some(waiting.waiter) == *waiter) {
            if !waiting.waker.will_wake(task) {
                lock.wakes
                    .discard(std::mem::replace(&mut waiting.waker, task.clone()));
            }
            return Ok(());
        }
        let now = Instant::now();
        let due = until
            .unwrap_or(now + MAINTENANCE_INTERVAL)
            .min(now + state.poll_interval());
        if state.next_drive.is_none_or(|at| due < at) {
            self.bell().ring()?;
            state.next_drive = Some(due);
        }
        let waker = task.clone();
        if let Some(waiter) = *waiter {
            state.tasks.push_front(WaitingTask {
                waiter,
                waker,
                until,
            });
        } else {
            state.last_waiter += 1;
            let new = state.last_waiter;
            state.tasks.push_back(WaitingTask {
                waiter: new,
                waker,
                until,
            });
            *waiter = Some(new);
        }
        Ok(())
    }
}

impl SharedSocket<PusherState> {
    pub(super) fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// Calls `act` with the locked state, then notifies a waiter of each kind: there may be room now.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut PusherState) -> R) -> R {
        let mut state = self.lock();
        let result = act(&mut state);
        self.notify(&mut state);
        result
    }

    /// Sends a message. Waits for room until `deadline`, for ever if that is `None`.
    pub(super) fn push(
        &self,
        mut message: Frame,
        deadline: Option<Instant>,
    ) -> Result<(), NotPushed> {
        let mut state = self.lock();
        let mut rejected_before = None;
        loop {
            message = match state.send(message) {
                Ok(()) => {
                    self.notify(&mut state);
                    return Ok(());
                }
                Err(PushError::Full(message)) => message,
                Err(PushError::Broken(error)) => return Err(NotPushed::Broken(error)),
            };
            let rejected = state.is_login_rejected(&mut rejected_before);
            if rejected || deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                // This thread may have been woken in another's place, and no thread polls the socket now.
                self.notify(&mut state);
                return Err(state.push_failure());
            }
            let waited;
            (state, waited) = self.wait(state, deadline);
            if let Err(error) = waited {
                self.notify(&mut state);
                return Err(NotPushed::Broken(error));
            }
        }
    }

    /// Ends a task's wait. If the task had been woken already, wakes the next one in its place. Returns why there is no room.
    pub(super) fn cancel_wait(&self, waiter: Option<WaiterId>) -> NotPushed {
        let mut state = self.lock();
        if waiter.is_some() && !state.remove_waiter(waiter) {
            self.notify(&mut state);
        }
        state.push_failure()
    }
}

impl Drive for SharedSocket<PusherState> {
    fn poller(&self) -> Option<&Poller> {
        Some(self.poller())
    }

    fn drive(&self, wakes: &mut WakeList) -> DriveTurn {
        let mut lock = self.lock();
        lock.drain_socket();
        let now = Instant::now();
        lock.wake_expired(now, wakes);
        if lock.socket.has_room() {
            self.notify(&mut lock);
        }
        wakes.append(&mut lock.wakes);
        lock.next_drive = lock.next_drive_at(now, !wakes.is_empty());
        lock.next_drive
            .map_or(DriveTurn::Idle, |at| DriveTurn::Wait(Some(at)))
    }
}

impl Guarded<PusherState> {
    fn send(&mut self, message: Frame) -> Result<(), PushError> {
        self.uses_since_drain += 1;
        if self.drain_is_due() {
            self.drain_socket();
        }
        self.send_message(message)?;
        self.pushed += 1;
        Ok(())
    }
}

impl PusherState {
    /// Sends a message, tracked if that is necessary to know when it has left.
    pub(super) fn send_message(&mut self, message: Frame) -> Result<(), PushError> {
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

    /// Returns whether every peer has rejected the pusher's login since the wait began, when `rejected_before` is set. Earlier
    /// rejections say nothing about the next login attempt.
    fn is_login_rejected(&self, rejected_before: &mut Option<u64>) -> bool {
        let rejected_before =
            *rejected_before.get_or_insert_with(|| self.socket.rejected_logins().get());
        self.socket.login_failure_since(rejected_before).is_some()
    }

    /// Returns why no message can be sent now.
    fn push_failure(&self) -> NotPushed {
        match self.socket.login_failure() {
            Some(failure) => NotPushed::Rejected(failure),
            None if self.socket.has_puller() => NotPushed::Full,
            None => NotPushed::NoPuller(self.socket.resolve_failure()),
        }
    }

    /// Returns how long the driver may wait while tasks wait.
    fn poll_interval(&self) -> Duration {
        if self.socket.needs_polling() {
            POLL_INTERVAL
        } else {
            MAINTENANCE_INTERVAL
        }
    }

    /// Returns when the driver is to drive the socket again; `None` if no task needs it.
    fn next_drive_at(&self, now: Instant, has_woken: bool) -> Option<Instant> {
        // A task that is woken now often waits again at once.
        let waited = has_woken || !self.tasks.is_empty();
        let next = self.tasks.iter().filter_map(|task| task.until).min();
        waited.then(|| {
            next.into_iter()
                .fold(now + self.poll_interval(), Instant::min)
        })
    }

    /// Wakes the tasks whose time limit has passed, which then end by themselves.
    fn wake_expired(&mut self, now: Instant, wakes: &mut WakeList) {
        let over = |task: &WaitingTask| task.until.is_some_and(|until| until <= now);
        while let Some(at) = self.tasks.iter().position(over) {
            if let Some(task) = self.tasks.remove(at) {
                wakes.wake(task.waker);
            }
        }
    }
}

impl SocketLock<'_, PusherState> {
    /// Removes a waiting task. Returns `false` if it did not wait any more.
    fn remove_waiter(&mut self, waiter: Option<WaiterId>) -> bool {
        let mut tasks = self.guarded.tasks.iter();
        let at = tasks.position(|task| Some(task.waiter) == waiter);
        let task = at.and_then(|at| self.guarded.tasks.remove(at));
        task.is_some_and(|task| {
            self.wakes.discard(task.waker);
            true
        })
    }
}

impl SocketState for PusherState {
    fn drain(&mut self) -> bool {
        if let Err(error) = self.socket.maintain() {
            log::line!(error, error = log::text(&error); "a pusher cannot read its socket's events");
        }
        // There may be room now.
        true
    }

    fn wake_task(&mut self, wakes: &mut WakeList) {
        if let Some(task) = self.tasks.pop_front() {
            wakes.wake(task.waker);
        }
    }

    fn awaits_reconnect(&self) -> bool {
        self.socket.awaits_reconnect()
    }

    fn needs_polling(&self) -> bool {
        self.socket.needs_polling()
    }

    fn close_and_release(&mut self) {
        self.socket.close_and_release();
    }
}
