//! What a server takes on of all that arrives, and what it refuses.

use super::counters::ServerCounters;
use super::dispatcher::{Dispatcher, FrameReader, ReadyCall};
use super::scheduler::Scheduler;
use super::server_socket::RequestSink;
use super::sources::CallQueue;
use crate::command::CallFailure;
use crate::socket::Route;
use crate::wire::Status;

/// Decides what is taken on.
pub(super) struct Admission<'a> {
    pub(super) scheduler: &'a mut Scheduler,
    pub(super) dispatcher: &'a Dispatcher,
    pub(super) counters: &'a ServerCounters,
    /// The end was asked for: no more is fetched from where it could go to others.
    pub(super) stopping: bool,
    /// Callers know of it: what is new is refused.
    pub(super) closed: bool,
}

impl FrameReader for Admission<'_> {
    fn dispatcher(&self) -> &Dispatcher {
        self.dispatcher
    }

    fn counters(&self) -> &ServerCounters {
        self.counters
    }
}

impl RequestSink for Admission<'_> {
    fn refusal(&self, job: &ReadyCall) -> Option<CallFailure> {
        if self.closed {
            return Some(CallFailure::new(Status::ShuttingDown, ""));
        }
        let refusal = self.scheduler.refusal(job)?;
        self.counters.overloaded.increment();
        Some(refusal)
    }

    fn displace(&mut self, route: &Route, job: &ReadyCall) -> Option<(Route, ReadyCall)> {
        if self.stopping {
            return None;
        }
        self.scheduler.displace(route, job)
    }

    fn take_on(&mut self, route: Route, job: ReadyCall) {
        self.scheduler.take_on(route, job);
    }

    fn cancel(&mut self, route: &Route, id: u64) {
        if self.scheduler.cancel(route, id) {
            self.counters.cancelled.increment();
        }
    }

    fn forget_peer(&mut self, route: &Route) {
        let ended = self.scheduler.forget_peer(route);
        self.counters.cancelled.add(ended);
    }
}

impl CallQueue for Admission<'_> {
    fn has_room(&self) -> bool {
        self.scheduler.has_room()
    }

    fn push(&mut self, job: ReadyCall) {
        self.scheduler.take_on(Route::nowhere(), job);
    }

    fn is_closing(&self) -> bool {
        self.stopping
    }
}
