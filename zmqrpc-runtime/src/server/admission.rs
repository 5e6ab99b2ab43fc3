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
    pub(super) work: &'a mut Scheduler,
    pub(super) responder: &'a Dispatcher,
    pub(super) counters: &'a ServerCounters,
    /// The end was asked for: no more is fetched from where it could go to others.
    pub(super) stopping: bool,
    /// Callers know of it: what is new is refused.
    pub(super) closed: bool,
}

impl FrameReader for Admission<'_> {
    fn responder(&self) -> &Dispatcher {
        self.responder
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
        let refusal = self.work.refusal(job)?;
        self.counters.overloaded.increment();
        Some(refusal)
    }

    fn displace(&mut self, route: &Route, job: &ReadyCall) -> Option<(Route, ReadyCall)> {
        if self.stopping {
            return None;
        }
        self.work.displace(route, job)
    }

    fn take_on(&mut self, route: Route, job: ReadyCall) {
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

impl CallQueue for Admission<'_> {
    fn has_room(&self) -> bool {
        self.work.has_room()
    }

    fn push(&mut self, job: ReadyCall) {
        self.work.take_on(Route::nowhere(), job);
    }

    fn is_closing(&self) -> bool {
        self.stopping
    }
}
