//! `async` methods that run.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::Cancel;
use super::call_index::CallIndex;
use crate::server::running_call::{RunningCall, WORKING};
use crate::socket::{PeerId, Route, RoutedMessage};

#[derive(Default)]
pub(super) struct RunningTasks {
    all: HashMap<u64, RunningTask>,
    /// Those of them that nobody waits for.
    one_way: usize,
    next: u64,
    /// When which task needs attention.
    timers: BTreeSet<(Instant, u64)>,
    /// Whose they are. Made when the first is given up, kept while there are tasks: most are never looked for.
    by_peer: Option<HashMap<PeerId, CallIndex>>,
}

struct RunningTask {
    call: RunningCall,
    deadline: Option<Instant>,
    timer: Instant,
    /// None until it has been handed to its runtime.
    cancel: Option<Box<dyn Cancel>>,
}

/// What is due of a task.
pub(super) enum TaskDue {
    /// Its time is over: it has been ended.
    Expired(RunningCall),
    /// Its caller is told that it still runs.
    Sign(RoutedMessage),
    Nothing,
}

impl RunningTasks {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Tasks that somebody waits for, or that may be given up at least.
    pub(super) fn calls(&self) -> usize {
        self.all.len() - self.one_way
    }

    /// Tasks that nobody waits for.
    pub(super) fn one_way(&self) -> usize {
        self.one_way
    }

    pub(super) fn add(&mut self, call: RunningCall, deadline: Option<Instant>) -> u64 {
        self.one_way += usize::from(call.route.is_nowhere());
        let id = self.next;
        self.next += 1;
        let sign = call.since + WORKING;
        let timer = deadline.map_or(sign, |deadline| deadline.min(sign));
        self.timers.insert((timer, id));
        if let Some(by_peer) = &mut self.by_peer {
            enter(by_peer, &call, id);
        }
        let task = RunningTask {
            call,
            deadline,
            timer,
            cancel: None,
        };
        self.all.insert(id, task);
        id
    }

    /// It has been handed to its runtime. It may have ended already.
    pub(super) fn attach(&mut self, task: u64, cancel: Box<dyn Cancel>) {
        match self.all.get_mut(&task) {
            Some(task) => task.cancel = Some(cancel),
            // It ended, or was given up, before its handle was known.
            None => cancel.cancel(),
        }
    }

    /// Takes out a task that has ended.
    pub(super) fn remove(&mut self, id: u64) -> Option<RunningCall> {
        self.take(id).map(|task| task.call)
    }

    fn take(&mut self, id: u64) -> Option<RunningTask> {
        let task = self.all.remove(&id)?;
        self.timers.remove(&(task.timer, id));
        let route = &task.call.route;
        self.one_way -= usize::from(route.is_nowhere());
        if self.all.is_empty() {
            self.by_peer = None;
        }
        if let Some(by_peer) = &mut self.by_peer
            && let Some(index) = by_peer.get_mut(route.peer())
        {
            index.remove(route, task.call.id, id);
            if index.is_empty() {
                by_peer.remove(route.peer());
            }
        }
        Some(task)
    }

    fn give_up(&mut self, id: u64) -> Option<RunningCall> {
        let task = self.take(id)?;
        if let Some(cancel) = &task.cancel {
            cancel.cancel();
        }
        Some(task.call)
    }

    /// Nobody waits for a task any more. Whether that ends it: a delivery goes on, which would come again.
    fn leave(&mut self, id: u64) -> bool {
        match self.all.get_mut(&id) {
            Some(task) if task.call.delivery => {
                task.call.given_up = true;
                false
            }
            _ => self.give_up(id).is_some(),
        }
    }

    /// Ends the task of a call. `true` if there was one.
    pub(super) fn cancel(&mut self, route: &Route, id: u64) -> bool {
        let index = self.by_peer().get(route.peer());
        let task = index.and_then(|index| index.get(route, id));
        let is_it = |call: &RunningCall| call.id == id && call.route.is_same(route);
        let task = task.filter(|task| self.all.get(task).is_some_and(|task| is_it(&task.call)));
        task.is_some_and(|task| self.leave(task))
    }

    /// Ends the tasks of a peer. Answers how many there were.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> usize {
        let index = self.by_peer().remove(gone.peer()).unwrap_or_default();
        let tasks = index.places().collect::<Vec<u64>>().into_iter();
        tasks.filter(|task| self.leave(*task)).count()
    }

    pub(super) fn abandon(&mut self) {
        let tasks: Vec<u64> = self.all.keys().copied().collect();
        for task in tasks {
            self.give_up(task);
        }
    }

    /// What is due first at `now`; nothing if nothing is.
    pub(super) fn tick(&mut self, now: Instant) -> Option<TaskDue> {
        let (due, id) = self
            .timers
            .first()
            .copied()
            .filter(|(due, _)| *due <= now)?;
        self.timers.remove(&(due, id));
        let Some(task) = self.all.get_mut(&id) else {
            return Some(TaskDue::Nothing);
        };
        if task.deadline.is_some_and(|deadline| deadline <= now) {
            return Some(self.give_up(id).map_or(TaskDue::Nothing, TaskDue::Expired));
        }
        let sign = task.call.still_working(now);
        let next = task.call.next_sign();
        task.timer = task.deadline.map_or(next, |deadline| deadline.min(next));
        self.timers.insert((task.timer, id));
        Some(sign.map_or(TaskDue::Nothing, TaskDue::Sign))
    }

    pub(super) fn next_tick(&self) -> Option<Instant> {
        self.timers.first().map(|(due, _)| *due)
    }

    fn by_peer(&mut self) -> &mut HashMap<PeerId, CallIndex> {
        let all = &self.all;
        self.by_peer.get_or_insert_with(|| {
            let mut by_peer = HashMap::new();
            for (id, task) in all {
                enter(&mut by_peer, &task.call, *id);
            }
            by_peer
        })
    }
}

fn enter(by_peer: &mut HashMap<PeerId, CallIndex>, call: &RunningCall, task: u64) {
    if call.route.is_nowhere() {
        return;
    }
    let index = by_peer.entry(call.route.peer().clone()).or_default();
    index.insert(&call.route, call.id, task);
}
