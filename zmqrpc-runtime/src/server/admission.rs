//! What a server takes on of all that arrives, and what it refuses.

use super::counters::Counters;
use super::port::Intake;
use super::responder::{Job, Reader, Responder};
use super::sources::Queue;
use super::work::Work;
use crate::command::Refusal;
use crate::socket::Route;
use crate::wire::Status;

/// Decides what is taken on.
pub(super) struct Admission<'a> {
    pub(super) work: &'a mut Work,
    pub(super) responder: &'a Responder,
    pub(super) counters: &'a Counters,
    /// The end was asked for: no more is fetched from where it could go to others.
    pub(super) stopping: bool,
    /// Callers know of it: what is new is refused.
    pub(super) closed: bool,
}

impl Reader for Admission<'_> {
    fn responder(&self) -> &Responder {
        self.responder
    }

    fn counters(&self) -> &Counters {
        self.counters
    }
}

impl Intake for Admission<'_> {
    fn refusal(&self, job: &Job) -> Option<Refusal> {
        if self.closed {
            return Some(Refusal::new(Status::ShuttingDown, ""));
        }
        let refusal = self.work.refusal(job)?;
        self.counters.overloaded.increment();
        Some(refusal)
    }

    fn displace(&mut self, route: &Route, job: &Job) -> Option<(Route, Job)> {
        if self.stopping {
            return None;
        }
        self.work.displace(route, job)
    }

    fn take_on(&mut self, route: Route, job: Job) {
        self.work.take_on(route, job);
    }

    fn cancel(&mut self, route: &Route, id: u64) {
        if self.work.cancel(route, id) {
            self.counters.cancelled.increment();
        }
    }

    fn forget_peer(&mut self, route: &Route) {
        let ended = self.work.forget_peer(route);
        self.counters.cancelled.add(ended);
    }
}

impl Queue for Admission<'_> {
    fn has_room(&self) -> bool {
        self.work.has_room()
    }

    fn push(&mut self, job: Job) {
        self.work.take_on(Route::nowhere(), job);
    }

    fn is_closing(&self) -> bool {
        self.stopping
    }
}
