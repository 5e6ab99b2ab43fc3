//! Suspended `async` methods, which run as tasks outside of the worker slots.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::Cancel;
use super::call_index::CallIndex;
use crate::dialect::{CallId, OutboundFrame};
use crate::server::running_call::{RunningCall, WORKING_INTERVAL};
use crate::socket::{PeerId, Route};

#[derive(Default)]
pub(super) struct RunningTasks {
    tasks: HashMap<u64, RunningTask>,
    /// How many tasks execute events and jobs.
    source_calls: usize,
    next_id: u64,
    /// When each task needs attention next.
    timers: BTreeSet<(Instant, u64)>,
    /// Tasks by peer. Built with the first cancellation and kept while there are tasks: most tasks are never looked up.
    by_peer: Option<HashMap<PeerId, CallIndex>>,
}

struct RunningTask {
    call: RunningCall,
    deadline: Option<Instant>,
    timer: Instant,
    /// `None` until the task is spawned.
    cancel: Option<Box<dyn Cancel>>,
}

/// What was due for a task.
pub(super) enum TaskDue {
    /// The task reached its deadline and was cancelled.
    Expired(RunningCall),
    /// The frame that tells the caller that its call still runs.
    Working(OutboundFrame),
    Nothing,
}

impl RunningTasks {
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Returns the number of peers' calls and notifications, which can be cancelled.
    pub(super) fn peer_calls(&self) -> usize {
        self.tasks.len() - self.source_calls
    }

    /// Returns the number of events and jobs.
    pub(super) fn source_calls(&self) -> usize {
        self.source_calls
    }

    pub(super) fn add(&mut self, call: RunningCall, deadline: Option<Instant>) -> u64 {
        self.source_calls += usize::from(call.route.is_nowhere());
        let id = self.next_id;
        self.next_id += 1;
        let working = call.started + WORKING_INTERVAL;
        let timer = deadline.map_or(working, |deadline| deadline.min(working));
        self.timers.insert((timer, id));
        if let Some(by_peer) = &mut self.by_peer {
            index_task(by_peer, &call, id);
        }
        let task = RunningTask {
            call,
            deadline,
            timer,
            cancel: None,
        };
        self.tasks.insert(id, task);
        id
    }

    /// Stores a task's handle. Cancels the task if it is gone already.
    pub(super) fn attach(&mut self, task: u64, cancel: Box<dyn Cancel>) {
        match self.tasks.get_mut(&task) {
            Some(task) => task.cancel = Some(cancel),
            // The task ended or was cancelled before its handle was known.
            None => cancel.cancel(),
        }
    }

    /// Removes a task that has ended.
    pub(super) fn remove(&mut self, id: u64) -> Option<RunningCall> {
        self.remove_task(id).map(|task| task.call)
    }

    fn remove_task(&mut self, id: u64) -> Option<RunningTask> {
        let task = self.tasks.remove(&id)?;
        self.timers.remove(&(task.timer, id));
        let route = &task.call.route;
        self.source_calls -= usize::from(route.is_nowhere());
        if self.tasks.is_empty() {
            self.by_peer = None;
        }
        if let Some(by_peer) = &mut self.by_peer
            && let Some(index) = by_peer.get_mut(route.peer())
        {
            index.remove(route, task.call.to.id(), id);
            if index.is_empty() {
                by_peer.remove(route.peer());
            }
        }
        Some(task)
    }

    fn cancel_task(&mut self, id: u64) -> Option<RunningCall> {
        let task = self.remove_task(id)?;
        if let Some(cancel) = &task.cancel {
            cancel.cancel();
        }
        Some(task.call)
    }

    /// Cancels a task, unless it is a delivery: that goes on, as the proxy would deliver it again. Returns whether it
    /// was cancelled.
    fn cancel_unless_delivery(&mut self, id: u64) -> bool {
        match self.tasks.get_mut(&id) {
            Some(task) if task.call.is_delivery => {
                task.call.cancelled = true;
                false
            }
            _ => self.cancel_task(id).is_some(),
        }
    }

    /// Cancels the task of a call. Returns whether there was one that could be cancelled.
    pub(super) fn cancel(&mut self, route: &Route, id: &CallId) -> bool {
        let index = self.by_peer().get(route.peer());
        let task = index.and_then(|index| index.get(route, id));
        let is_it = |call: &RunningCall| call.to.id() == id && call.route.is_same(route);
        let task = task.filter(|task| self.tasks.get(task).is_some_and(|task| is_it(&task.call)));
        task.is_some_and(|task| self.cancel_unless_delivery(task))
    }

    /// Cancels the tasks of a peer. Returns how many.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> usize {
        let index = self.by_peer().remove(gone.peer()).unwrap_or_default();
        let tasks = index.locations().collect::<Vec<u64>>().into_iter();
        tasks
            .filter(|task| self.cancel_unless_delivery(*task))
            .count()
    }

    pub(super) fn cancel_all(&mut self) {
        let tasks: Vec<u64> = self.tasks.keys().copied().collect();
        for task in tasks {
            self.cancel_task(task);
        }
    }

    /// Does what is due first at `now`. Returns `None` if nothing is due.
    pub(super) fn tick(&mut self, now: Instant) -> Option<TaskDue> {
        let (due, id) = self
            .timers
            .first()
            .copied()
            .filter(|(due, _)| *due <= now)?;
        self.timers.remove(&(due, id));
        let Some(task) = self.tasks.get_mut(&id) else {
            return Some(TaskDue::Nothing);
        };
        if task.deadline.is_some_and(|deadline| deadline <= now) {
            return Some(
                self.cancel_task(id)
                    .map_or(TaskDue::Nothing, TaskDue::Expired),
            );
        }
        let working = task.call.take_working(now);
        let next = task.call.next_working();
        task.timer = task.deadline.map_or(next, |deadline| deadline.min(next));
        self.timers.insert((task.timer, id));
        Some(working.map_or(TaskDue::Nothing, TaskDue::Working))
    }

    pub(super) fn next_tick(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    fn by_peer(&mut self) -> &mut HashMap<PeerId, CallIndex> {
        let tasks = &self.tasks;
        self.by_peer.get_or_insert_with(|| {
            let mut by_peer = HashMap::new();
            for (id, task) in tasks {
                index_task(&mut by_peer, &task.call, *id);
            }
            by_peer
        })
    }
}

fn index_task(by_peer: &mut HashMap<PeerId, CallIndex>, call: &RunningCall, task: u64) {
    if call.route.is_nowhere() {
        return;
    }
    let index = by_peer.entry(call.route.peer().clone()).or_default();
    index.insert(&call.route, call.to.id(), task);
}
