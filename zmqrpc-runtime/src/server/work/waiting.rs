//! Requests that wait to be given out, in the order in which they came, and how much they are.

use std::collections::VecDeque;
use std::time::Instant;

use crate::server::responder::Job;
use crate::socket::Route;

#[derive(Default)]
pub(super) struct Waiting {
    queue: VecDeque<(Route, Job)>,
    /// Those that somebody waits for, or that may be given up at least.
    calls: Size,
    /// Those that nobody waits for.
    one_way: Size,
}

/// Of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn calls(&self) -> Size {
        self.calls
    }

    pub(super) fn one_way(&self) -> Size {
        self.one_way
    }

    /// When the first arrived.
    pub(super) fn since(&self) -> Option<Instant> {
        self.queue.front().map(|(_, job)| job.received())
    }

    pub(super) fn push(&mut self, route: Route, job: Job) {
        self.enter(&route, &job);
        self.queue.push_back((route, job));
    }

    /// Takes back the first, which nobody waits for.
    pub(super) fn put_back(&mut self, job: Job) {
        let route = Route::nowhere();
        self.enter(&route, &job);
        self.queue.push_front((route, job));
    }

    pub(super) fn pop(&mut self) -> Option<(Route, Job)> {
        let (route, job) = self.queue.pop_front()?;
        self.leave(&route, &job);
        Some((route, job))
    }

    /// The first, if nobody waits for it.
    pub(super) fn pop_one_way(&mut self) -> Option<Job> {
        if !self.queue.front()?.0.is_nowhere() {
            return None;
        }
        self.pop().map(|(_, job)| job)
    }

    /// Drops the request with this id of a peer. `true` if it was there.
    pub(super) fn cancel(&mut self, route: &Route, id: u64) -> bool {
        let mut queue = self.queue.iter();
        let at = queue.position(|(queued, job)| job.id() == id && queued.is_same(route));
        let removed = at.and_then(|at| self.queue.remove(at));
        removed
            .inspect(|(route, job)| self.leave(route, job))
            .is_some()
    }

    /// Drops what a peer has asked for. Answers how much that was.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> usize {
        let before = self.queue.len();
        self.queue.retain(|(route, job)| {
            let keep = route.peer() != gone.peer();
            if !keep {
                self.calls.subtract(job);
            }
            keep
        });
        before - self.queue.len()
    }

    fn enter(&mut self, route: &Route, job: &Job) {
        let size = self.size(route);
        size.count += 1;
        size.bytes += job.bytes();
    }

    fn leave(&mut self, route: &Route, job: &Job) {
        self.size(route).subtract(job);
    }

    fn size(&mut self, route: &Route) -> &mut Size {
        if route.is_nowhere() {
            &mut self.one_way
        } else {
            &mut self.calls
        }
    }
}

impl Size {
    fn subtract(&mut self, job: &Job) {
        self.count -= 1;
        self.bytes -= job.bytes();
    }
}
