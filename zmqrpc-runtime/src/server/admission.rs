//! Which of the requests that arrive a server takes on, and which it rejects.

use super::dispatcher::{Dispatcher, FrameReader, ReadyCall};
use super::scheduler::Scheduler;
use super::server_socket::RequestSink;
use super::sources::CallQueue;
use crate::callers::ServerCounters;
use crate::dialect::{CallControl, CallFailure, CallId};
use crate::socket::Route;
use crate::wire::Status;

/// The sink of the server's sockets: checks requests against the scheduler's limits and queues them there.
pub(super) struct Admission<'a> {
    pub(super) scheduler: &'a mut Scheduler,
    pub(super) dispatcher: &'a Dispatcher,
    pub(super) counters: &'a ServerCounters,
    /// The end was requested: the server reads no more events and jobs, which other servers could take.
    pub(super) stopping: bool,
    /// The callers know of the end: the server rejects new requests.
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
    fn admission_failure(&self, call: &ReadyCall) -> Option<CallFailure> {
        if self.closed {
            return Some(CallFailure::new(Status::ShuttingDown, ""));
        }
        let failure = self.scheduler.admission_failure(call)?;
        self.counters.overloaded.increment();
        Some(failure)
    }

    fn displace(&mut self, route: &Route, call: &ReadyCall) -> Option<(Route, ReadyCall)> {
        if self.stopping {
            return None;
        }
        self.scheduler.displace(route, call)
    }

    fn enqueue(&mut self, route: Route, call: ReadyCall) {
        self.scheduler.enqueue(route, call);
    }

    fn control(&mut self, route: &Route, id: &CallId, control: CallControl) {
        match control {
            CallControl::Cancel if self.scheduler.cancel(route, id) => {
                self.counters.cancelled.increment();
            }
            CallControl::Cancel => {}
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

    fn push(&mut self, call: ReadyCall) {
        self.scheduler.enqueue(Route::nowhere(), call);
    }

    fn is_closing(&self) -> bool {
        self.stopping
    }
}
