//! What a server has to do: requests that wait, and requests that run.
//!
//! A state machine without I/O and without threads: it is told the time, and others do what it says.

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
use crate::command::CallFailure;
use crate::socket::{Message, Route, RoutedMessage};
use crate::wire::{Executed, Status};

/// What may wait to be executed, and how much of it may run.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkLimits {
    /// Requests that have been taken on and have not ended, beside those that occupy a worker.
    pub(super) requests: usize,
    /// Bytes of the requests that wait.
    pub(super) bytes: usize,
    /// Plain methods that run at once.
    pub(super) workers: usize,
    /// How long a peer's notification that states no time may wait.
    pub(super) patience: Duration,
}

/// An `async` method that runs.
pub(super) trait Cancel: Send {
    /// Ends it at its next chance.
    fn cancel(&self);
}

/// Commands that nobody waits for are taken on up to this number, and up to that of requests: further ones are better
/// off where they are, since those that are pushed could go to another server, and die with this one.
const ONE_WAY: usize = 1000;

pub(super) struct Scheduler {
    bounds: WorkLimits,
    waiting: WaitingCalls,
    /// Commands that nobody waits for have arrived for which there is no room.
    held: bool,
    /// One place per worker.
    running: Vec<Option<RunningCall>>,
    /// Places that are free.
    free: usize,
    tasks: RunningTasks,
    /// Notifications that had waited for too long when their turn came.
    stale: u64,
}

/// A job that was given out, and the place that it occupies.
pub(super) struct Assigned {
    pub(super) job: ReadyCall,
    pub(super) place: usize,
    pub(super) at: Instant,
}

/// A job that has come to its end, with its reply frame; none for a notification.
pub(super) struct CompletedCall {
    pub(super) place: usize,
    pub(super) frame: Option<Box<Message>>,
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
    pub(super) fn new(bounds: WorkLimits) -> Self {
        Self {
            bounds,
            waiting: bounds.waiting(),
            held: false,
            running: (0..bounds.workers).map(|_| None).collect(),
            free: bounds.workers,
            tasks: RunningTasks::default(),
            stale: 0,
        }
    }

    /// Why a request cannot be taken on, if it cannot.
    pub(super) fn refusal(&self, job: &ReadyCall) -> Option<CallFailure> {
        let WorkLimits {
            requests, bytes, ..
        } = self.bounds;
        let waiting = self.waiting.calls();
        let calls = waiting.count + self.tasks.calls();
        // What can run at once does not wait, although it has not been given out yet.
        let full = calls >= requests.saturating_add(self.free)
            || waiting.bytes.saturating_add(job.bytes()) > bytes;
        full.then(|| {
            let detail =
                format!("the server's queue is full, at {requests} requests or {bytes} bytes");
            CallFailure::new(Status::Overloaded, detail)
        })
    }

    /// Takes out the last request of whoever has most waiting, to be refused in the place of this one; nothing if this
    /// one's peer would have as much. So nobody fills the queue for the others.
    pub(super) fn displace(
        &mut self,
        route: &Route,
        job: &ReadyCall,
    ) -> Option<(Route, ReadyCall)> {
        self.waiting.displace(route, job.bytes())
    }

    /// Whether a command may be taken on that nobody waits for. These have bounds of their own: neither do events keep
    /// calls out, nor the other way round.
    pub(super) fn has_room(&self) -> bool {
        let RequestSize { count, bytes } = self.waiting.one_way();
        count + self.tasks.one_way() < self.one_way_bound().saturating_add(self.free)
            && bytes < self.bounds.bytes
    }

    fn one_way_bound(&self) -> usize {
        self.bounds.requests.min(ONE_WAY)
    }

    /// Such commands were left where they were, for want of room; or they are not, any more.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// They should be fetched: half of the room is free.
    pub(super) fn wants_more(&self) -> bool {
        let RequestSize { count, bytes } = self.waiting.one_way();
        self.held
            && count + self.tasks.one_way() <= self.one_way_bound() / 2
            && bytes <= self.bounds.bytes / 2
    }

    /// Takes a request on.
    pub(super) fn take_on(&mut self, route: Route, job: ReadyCall) {
        self.waiting.push(route, job);
    }

    /// Gives a job out, if one waits and a worker is free.
    pub(super) fn assign(&mut self, now: Instant) -> Option<Assigned> {
        while self.has_assignable() {
            let (route, job) = self.waiting.pop()?;
            if self.is_stale(&route, &job, now) {
                self.stale += 1;
                continue;
            }
            return Some(self.give_out(route, job, now));
        }
        None
    }

    fn is_stale(&self, route: &Route, job: &ReadyCall, now: Instant) -> bool {
        let waited = || now.saturating_duration_since(job.received());
        let is_limited = !job.wants_reply() && !route.is_nowhere() && job.deadline().is_none();
        is_limited && waited() > self.bounds.patience
    }

    /// Takes out the first that waits, to be run in this place behind what runs there: if nobody waits for either, nor can
    /// give it up.
    pub(super) fn next_behind(&mut self, place: usize) -> Option<ReadyCall> {
        let running = self.running.get(place)?.as_ref()?;
        if !running.route.is_nowhere() {
            return None;
        }
        self.waiting.pop_one_way()
    }

    /// Takes back what was taken out and not run.
    pub(super) fn put_back(&mut self, job: ReadyCall) {
        self.waiting.put_back(job);
    }

    /// Whether a request that arrives now is the next one to run.
    pub(super) fn is_eager(&self) -> bool {
        self.free > 0 && self.waiting.is_empty()
    }

    /// Gives out a request that was not taken on, while work [is eager](Self::is_eager).
    pub(super) fn give_out(&mut self, route: Route, job: ReadyCall, now: Instant) -> Assigned {
        let place = self.running.iter().position(Option::is_none);
        let place = place.unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        self.free -= 1;
        let (id, wants_reply) = (job.id(), job.wants_reply());
        self.running[place] = Some(RunningCall {
            route,
            id,
            wants_reply,
            since: now,
            told: 0,
            given_up: false,
            delivery: job.is_delivery(),
        });
        Assigned {
            job,
            place,
            at: now,
        }
    }

    /// Whether [`assign`](Self::assign) would give something out.
    pub(super) fn has_assignable(&self) -> bool {
        self.free > 0 && !self.waiting.is_empty()
    }

    /// Whether the oldest request that could run has been waiting since `since`.
    pub(super) fn is_overdue(&self, since: Instant) -> bool {
        self.free > 0 && self.waiting.since().is_some_and(|first| first <= since)
    }

    /// A job has ended: frees its place. Answers the reply.
    pub(super) fn finish(&mut self, ended: CompletedCall) -> Option<RoutedMessage> {
        let running = self.release(ended.place)?;
        reply(running, ended.frame)
    }

    /// Frees the place of a job that waits for another one.
    pub(super) fn release(&mut self, place: usize) -> Option<RunningCall> {
        let running = self.running[place].take()?;
        self.free += 1;
        Some(running)
    }

    /// A job turned out to be an `async` method: frees its place and keeps it as a task; nothing if its caller has given
    /// it up since it was given out.
    pub(super) fn detach(&mut self, place: usize, deadline: Option<Instant>) -> Option<u64> {
        let call = self.release(place)?;
        if call.given_up && !call.delivery {
            return None;
        }
        Some(self.tasks.add(call, deadline))
    }

    /// A task has been handed to its runtime.
    pub(super) fn attach(&mut self, task: u64, cancel: Box<dyn Cancel>) {
        self.tasks.attach(task, cancel);
    }

    /// A task has ended. Answers the reply; if it was given up before, that is not wanted any more.
    pub(super) fn finish_task(
        &mut self,
        task: u64,
        frame: Option<Box<Message>>,
    ) -> Option<RoutedMessage> {
        let call = self.tasks.remove(task)?;
        reply(call, frame)
    }

    /// A caller gives a call up. `true` if it had not ended.
    ///
    /// A plain method that runs already goes on; its reply finds nobody.
    pub(super) fn cancel(&mut self, route: &Route, id: u64) -> bool {
        if self.waiting.cancel(route, id) || self.tasks.cancel(route, id) {
            return true;
        }
        // It is in its first poll, if it is an `async` method, and must not go on after that.
        let mut running = self.running.iter_mut().flatten();
        if let Some(call) = running.find(|call| call.id == id && call.route.is_same(route)) {
            call.given_up = true;
        }
        false
    }

    /// A peer has gone: what it asked for is not wanted any more. Answers how many calls that ended.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> u64 {
        let ended = self.waiting.forget_peer(gone) + self.tasks.forget_peer(gone);
        for call in self.running.iter_mut().flatten() {
            call.given_up |= call.route.peer() == gone.peer();
        }
        ended as u64
    }

    /// Does what is due at `now`: ends tasks whose time is over, tells callers that their calls still run. Answers how
    /// many calls ran out of time; what is to be sent it adds to `ready`.
    pub(super) fn tick(&mut self, now: Instant, ready: &mut Vec<RoutedMessage>) -> u64 {
        let mut expired = std::mem::take(&mut self.stale);
        while let Some(due) = self.tasks.tick(now) {
            match due {
                TaskDue::Expired(call) => {
                    expired += 1;
                    let refusal =
                        CallFailure::new(Status::Expired, "its time was over before it ended");
                    let frame = refusal.with_executed(Executed::Maybe).encode(call.id);
                    let frame = call.wants_reply.then(|| Box::new(frame));
                    ready.extend(reply(call, frame));
                }
                TaskDue::Sign(sign) => ready.push(sign),
                TaskDue::Nothing => {}
            }
        }
        let signs = self
            .running
            .iter_mut()
            .flatten()
            .filter_map(|call| call.still_working(now));
        ready.extend(signs);
        expired
    }

    /// When [`tick`](Self::tick) or [`search`](Self::search) has something to do next.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let running = self
            .running
            .iter()
            .flatten()
            .map(RunningCall::next_sign)
            .min();
        // While a worker is free, what waits is about to run.
        let search = (self.free == 0).then(|| self.waiting.next_search());
        let due = running.into_iter().chain(self.tasks.next_tick());
        due.chain(search.flatten()).min()
    }

    /// Adds the ways to some of the peers of whom requests have been waiting for long, to be asked whether they are still
    /// there.
    pub(super) fn search(&mut self, now: Instant, asked: &mut Vec<Route>) {
        self.waiting.search(now, asked);
    }

    /// Whether `async` methods have gone on elsewhere that have not ended.
    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Nothing waits or runs.
    pub(super) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.tasks.is_empty() && self.running.iter().all(Option::is_none)
    }

    /// Gives up everything that can be given up.
    pub(super) fn abandon(&mut self) {
        self.tasks.abandon();
        self.waiting = self.bounds.waiting();
    }
}

fn reply(call: RunningCall, frame: Option<Box<Message>>) -> Option<RoutedMessage> {
    frame.map(|message| RoutedMessage {
        route: call.route,
        message: *message,
    })
}

#[cfg(test)]
mod tests;
