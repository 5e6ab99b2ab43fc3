//! The calls that wait and the calls that run in a server.
//!
//! A state machine without I/O and threads: the server's threads pass the time to it and run what it assigns. A call
//! that a source delivered, an event or a job, has no caller: its route is [`Route::nowhere`].

mod call_index;
mod lane;
mod lane_loads;
mod running_tasks;
mod waiting;

use std::time::{Duration, Instant};

use running_tasks::{RunningTasks, TaskDue};
use waiting::{RequestSize, WaitingCalls};

use super::dispatcher::ReadyCall;
use super::running_call::RunningCall;
use crate::dialect::{CallFailure, CallId, OutboundFrame};
use crate::socket::{Frame, Route};
use crate::wire::{Executed, Status};

/// Limits on the calls that wait and run.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkLimits {
    /// Calls that may wait, suspended `async` methods included, beside those that occupy a worker.
    pub(super) requests: usize,
    /// Bytes of the calls that wait.
    pub(super) bytes: usize,
    /// Plain methods that run at the same time.
    pub(super) worker_threads: usize,
    /// How long a peer's notification without a deadline may wait.
    pub(super) notification_timeout: Duration,
}

/// Cancels a suspended `async` method.
pub(super) trait Cancel: Send {
    /// Makes the method end at its next await.
    fn cancel(&self);
}

/// The most events and jobs that wait, if the limit of calls is not lower. Others are better off in their sockets: jobs
/// could still go to another server, and would be lost with this one.
const MAX_SOURCE_CALLS: usize = 1000;

pub(super) struct Scheduler {
    limits: WorkLimits,
    waiting: WaitingCalls,
    /// Events and jobs are left unread, since there is no room for them.
    sources_paused: bool,
    /// One slot per worker.
    running: Vec<Option<RunningCall>>,
    /// Slots that are free.
    free_slots: usize,
    tasks: RunningTasks,
    /// Notifications that had waited for too long when their turn came.
    stale: u64,
}

/// A call to run, and the worker slot that it occupies.
pub(super) struct Assigned {
    pub(super) call: ReadyCall,
    pub(super) slot: usize,
    pub(super) now: Instant,
}

/// A call that has ended, with its reply frame; `None` for a notification.
pub(super) struct CompletedCall {
    pub(super) slot: usize,
    pub(super) frame: Option<Frame>,
}

impl WorkLimits {
    fn waiting(self) -> WaitingCalls {
        WaitingCalls::new(RequestSize {
            count: self.requests,
            bytes: self.bytes,
        })
    }
}

impl Scheduler {
    pub(super) fn new(limits: WorkLimits) -> Self {
        Self {
            limits,
            waiting: limits.waiting(),
            sources_paused: false,
            running: (0..limits.worker_threads).map(|_| None).collect(),
            free_slots: limits.worker_threads,
            tasks: RunningTasks::default(),
            stale: 0,
        }
    }

    /// Returns the failure to reject a call with for want of room, or `None` if there is room.
    pub(super) fn admission_failure(&self, call: &ReadyCall) -> Option<CallFailure> {
        let WorkLimits {
            requests, bytes, ..
        } = self.limits;
        let waiting = self.waiting.peer_calls();
        let calls = waiting.count + self.tasks.peer_calls();
        // A call that a free worker could run does not count as waiting, although it is not assigned yet.
        let full = calls >= requests.saturating_add(self.free_slots)
            || waiting.bytes.saturating_add(call.bytes()) > bytes;
        full.then(|| {
            let detail =
                format!("the server's queue is full, at {requests} requests or {bytes} bytes");
            CallFailure::new(Status::Overloaded, detail)
        })
    }

    /// Removes the last call of the peer that has most waiting, to be rejected instead of this one. Returns `None` if
    /// this call's peer would have as much. So no peer can fill the queue at the cost of the others.
    pub(super) fn displace(
        &mut self,
        route: &Route,
        call: &ReadyCall,
    ) -> Option<(Route, ReadyCall)> {
        self.waiting.displace(route, call.bytes())
    }

    /// Returns whether there is room for an event or a job. These have a limit of their own: neither do they keep calls
    /// out, nor calls them.
    pub(super) fn has_room(&self) -> bool {
        let RequestSize { count, bytes } = self.waiting.source_calls();
        count + self.tasks.source_calls() < self.source_call_limit().saturating_add(self.free_slots)
            && bytes < self.limits.bytes
    }

    fn source_call_limit(&self) -> usize {
        self.limits.requests.min(MAX_SOURCE_CALLS)
    }

    /// Sets whether sources are left unread for want of room.
    pub(super) fn set_sources_paused(&mut self, paused: bool) {
        self.sources_paused = paused;
    }

    /// Returns whether paused sources should be read again: half of the room is free.
    pub(super) fn should_resume_sources(&self) -> bool {
        let RequestSize { count, bytes } = self.waiting.source_calls();
        self.sources_paused
            && count + self.tasks.source_calls() <= self.source_call_limit() / 2
            && bytes <= self.limits.bytes / 2
    }

    /// Queues a call.
    pub(super) fn enqueue(&mut self, route: Route, call: ReadyCall) {
        self.waiting.push(route, call);
    }

    /// Assigns the next call to a free worker. Returns `None` if no call waits or no worker is free.
    pub(super) fn assign(&mut self, now: Instant) -> Option<Assigned> {
        while self.has_assignable() {
            let (route, call) = self.waiting.pop()?;
            if self.is_stale(&route, &call, now) {
                self.stale += 1;
                continue;
            }
            return Some(self.assign_call(route, call, now));
        }
        None
    }

    fn is_stale(&self, route: &Route, call: &ReadyCall, now: Instant) -> bool {
        let waited = || now.saturating_duration_since(call.received());
        let is_limited = !call.wants_reply() && !route.is_nowhere() && call.deadline().is_none();
        is_limited && waited() > self.limits.notification_timeout
    }

    /// Removes the next event or job, to be run in this slot after the event or job there. Returns `None` if a peer's
    /// call runs there, as it can be cancelled.
    pub(super) fn next_source_call(&mut self, slot: usize) -> Option<ReadyCall> {
        let running = self.running.get(slot)?.as_ref()?;
        if !running.route.is_nowhere() {
            return None;
        }
        self.waiting.pop_source_call()
    }

    /// Takes back an event or a job that was not run.
    pub(super) fn put_back(&mut self, call: ReadyCall) {
        self.waiting.put_back(call);
    }

    /// Returns whether a request that arrives now can run at once: a worker is free and nothing waits.
    pub(super) fn can_run_at_once(&self) -> bool {
        self.free_slots > 0 && self.waiting.is_empty()
    }

    /// Assigns a call that was not queued; only if [`can_run_at_once`](Self::can_run_at_once).
    pub(super) fn assign_call(&mut self, route: Route, call: ReadyCall, now: Instant) -> Assigned {
        let slot = self.running.iter().position(Option::is_none);
        let slot = slot.unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        self.free_slots -= 1;
        let (to, wants_reply) = (call.reply_to().clone(), call.wants_reply());
        self.running[slot] = Some(RunningCall {
            route,
            to,
            wants_reply,
            started: now,
            working_sent: 0,
            cancelled: false,
            is_delivery: call.is_delivery(),
        });
        Assigned { call, slot, now }
    }

    /// Returns whether [`assign`](Self::assign) would return a call.
    pub(super) fn has_assignable(&self) -> bool {
        self.free_slots > 0 && !self.waiting.is_empty()
    }

    /// Returns whether a worker is free and the next call arrived at `received_by` or earlier.
    pub(super) fn is_overdue(&self, received_by: Instant) -> bool {
        self.free_slots > 0
            && self
                .waiting
                .next_received()
                .is_some_and(|first| first <= received_by)
    }

    /// Frees the slot of a call that has ended. Returns the reply.
    pub(super) fn finish(&mut self, completed: CompletedCall) -> Option<OutboundFrame> {
        let running = self.release(completed.slot)?;
        routed_reply(running, completed.frame)
    }

    /// Frees a slot without a reply: the call has become a task, or waits for the delivery that it duplicates.
    pub(super) fn release(&mut self, slot: usize) -> Option<RunningCall> {
        let running = self.running[slot].take()?;
        self.free_slots += 1;
        Some(running)
    }

    /// Frees the slot of an `async` method that is suspended, and makes it a task. Returns the task's id, or `None` if
    /// the call was cancelled since it was assigned.
    pub(super) fn detach(&mut self, slot: usize, deadline: Option<Instant>) -> Option<u64> {
        let call = self.release(slot)?;
        if call.cancelled && !call.is_delivery {
            return None;
        }
        Some(self.tasks.add(call, deadline))
    }

    /// Stores the handle of a spawned task.
    pub(super) fn attach(&mut self, task: u64, cancel: Box<dyn Cancel>) {
        self.tasks.attach(task, cancel);
    }

    /// Removes a task that has ended. Returns the reply, or `None` if the task was cancelled.
    pub(super) fn finish_task(&mut self, task: u64, frame: Option<Frame>) -> Option<OutboundFrame> {
        let call = self.tasks.remove(task)?;
        routed_reply(call, frame)
    }

    /// Cancels a call. Returns whether this ended it.
    ///
    /// A plain method that runs goes on; the caller ignores its reply.
    pub(super) fn cancel(&mut self, route: &Route, id: &CallId) -> bool {
        if self.waiting.cancel(route, id) || self.tasks.cancel(route, id) {
            return true;
        }
        // If this is an `async` method in its first poll, it must not become a task.
        let mut running = self.running.iter_mut().flatten();
        if let Some(call) = running.find(|call| call.to.id() == id && call.route.is_same(route)) {
            call.cancelled = true;
        }
        false
    }

    /// Cancels the calls of a peer that has gone. Returns how many of them this ended.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> u64 {
        let ended = self.waiting.forget_peer(gone) + self.tasks.forget_peer(gone);
        for call in self.running.iter_mut().flatten() {
            call.cancelled |= call.route.peer() == gone.peer();
        }
        ended as u64
    }

    /// Does what is due at `now`: ends tasks at their deadlines and adds the frames to send to `ready`, also to callers
    /// whose calls still run. Returns how many calls expired.
    pub(super) fn tick(&mut self, now: Instant, ready: &mut Vec<OutboundFrame>) -> u64 {
        let mut expired = std::mem::take(&mut self.stale);
        while let Some(due) = self.tasks.tick(now) {
            match due {
                TaskDue::Expired(call) => {
                    expired += 1;
                    let failure =
                        CallFailure::new(Status::Expired, "its deadline passed before it ended");
                    let frame = call.to.fail(&failure.with_executed(Executed::Maybe));
                    let frame = call.wants_reply.then_some(frame);
                    ready.extend(routed_reply(call, frame));
                }
                TaskDue::Working(frame) => ready.push(frame),
                TaskDue::Nothing => {}
            }
        }
        let working_frames = self
            .running
            .iter_mut()
            .flatten()
            .filter_map(|call| call.take_working(now));
        ready.extend(working_frames);
        expired
    }

    /// Returns when to call [`tick`](Self::tick) or [`take_probes`](Self::take_probes) next.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let running = self
            .running
            .iter()
            .flatten()
            .map(RunningCall::next_working)
            .min();
        // While a worker is free, waiting calls are about to run.
        let probe = (self.free_slots == 0).then(|| self.waiting.next_probe());
        let due = running.into_iter().chain(self.tasks.next_tick());
        due.chain(probe.flatten()).min()
    }

    /// Adds the routes to some of the peers whose calls have been waiting for long, to be probed.
    pub(super) fn take_probes(&mut self, now: Instant, probes: &mut Vec<Route>) {
        self.waiting.take_probes(now, probes);
    }

    /// Returns whether there are suspended `async` methods.
    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Returns whether no call waits or runs.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.tasks.is_empty() && self.running.iter().all(Option::is_none)
    }

    /// Cancels everything except running methods.
    pub(super) fn cancel_all(&mut self) {
        self.tasks.cancel_all();
        self.waiting = self.limits.waiting();
    }
}

fn routed_reply(call: RunningCall, frame: Option<Frame>) -> Option<OutboundFrame> {
    frame.map(|frame| OutboundFrame::reply(call.route, call.to, frame))
}

#[cfg(test)]
mod tests;
