//! What frames and lost connections mean for calls, and how callers learn of it.

use super::calls::{CallStage, ForwardedCall, ForwardedCalls, Redirect};
use crate::connection::Link;
use crate::dialect::{CallFailure, FrameKind};
use crate::proxy::DIALECT;
use crate::proxy::counters::ProxyCounters;
use crate::socket::Frame;
use crate::wire::{Executed, MAX_HOPS, Status};

/// Receives the outcomes of calls.
pub(in crate::proxy) trait CallSink<O> {
    /// The target has replied. The reply has the proxy's id for the call.
    fn answered(&mut self, origin: O, reply: Frame);
    /// The call has failed without a reply of the target.
    fn failed(&mut self, origin: O, failure: CallFailure);
    /// The call is still being executed. The keep-alive frame has the proxy's id for the call.
    fn working(&mut self, _origin: &O, _frame: Frame) {}
}

pub(in crate::proxy) const LOST: &str = "the proxy lost its connection to the target";
pub(in crate::proxy) const SILENT: &str = "the proxy's target shows no sign of life";
pub(in crate::proxy) const UNANSWERED: &str =
    "its time limit passed before the proxy's target replied";
pub(in crate::proxy) const UNCONNECTED: &str = "the proxy could not send it to its target in time";
pub(in crate::proxy) const ENDED: &str = "the proxy has ended";

pub(in crate::proxy) fn failure(status: Status, detail: &str, executed: Executed) -> CallFailure {
    CallFailure::new(status, detail).with_executed(executed)
}

/// Returns the failure of a call that has passed as many proxies as allowed: in a ring of proxies it would circle for
/// ever.
pub(in crate::proxy) fn too_many_hops() -> CallFailure {
    let detail = format!("it has passed {MAX_HOPS} proxies, do they stand in a ring?");
    CallFailure::new(Status::Unavailable, detail).with_executed(Executed::No)
}

/// What a message of a target meant.
pub(in crate::proxy) enum BackendEvent {
    /// It belonged to a call, or was a pong, and has been processed.
    Expected,
    /// It belonged to no call that is in flight over this connection.
    Unexpected,
    /// The target rejected this call unexecuted; another target may take it.
    Rejection(u64, Box<Redirect>, Frame),
}

/// Processes a message that arrived over a connection.
pub(in crate::proxy) fn receive<O>(
    calls: &mut ForwardedCalls<O>,
    connection: usize,
    link: &mut Link,
    in_flight: &mut usize,
    message: Frame,
    callers: &mut impl CallSink<O>,
) -> BackendEvent {
    // A target may answer the calls that were sent to it, and no others.
    let was_sent_here = |call: &ForwardedCall<O>| matches!(call.stage, CallStage::Sent { connection: over, .. } if over == connection);
    let kind = DIALECT.classify(&message);
    link.handle_frame(kind);
    match kind {
        FrameKind::Reply(id) => {
            if !calls.get(id).is_some_and(was_sent_here) {
                return BackendEvent::Unexpected;
            }
            if DIALECT.rejection(&message).is_some()
                && let Some(redirect) = calls.take_redirect(id)
            {
                *in_flight -= 1;
                return BackendEvent::Rejection(id, redirect, message);
            }
            if let Some(call) = calls.take(id) {
                *in_flight -= 1;
                callers.answered(call.origin, message);
            }
            BackendEvent::Expected
        }
        FrameKind::Pong(_) | FrameKind::Draining(_) => BackendEvent::Expected,
        FrameKind::Working(id) => {
            let call = calls.get(id).filter(|call| was_sent_here(call));
            if let Some(call) = call {
                callers.working(&call.origin, message);
            }
            // One that arrives after the reply is no error.
            BackendEvent::Expected
        }
        FrameKind::FromClient(_) | FrameKind::Unknown { .. } => BackendEvent::Unexpected,
    }
}

/// Fails the calls that were sent over a connection.
pub(in crate::proxy) fn fail_sent<O>(
    calls: &mut ForwardedCalls<O>,
    connection: usize,
    reason: &'static str,
    counters: &ProxyCounters,
    callers: &mut impl CallSink<O>,
) {
    for id in calls.ids_where(
        |call| matches!(call.stage, CallStage::Sent { connection: over, .. } if over == connection),
    ) {
        if let Some(call) = calls.take(id) {
            counters.lost.increment();
            let failure = failure(Status::Unavailable, reason, Executed::Maybe);
            callers.failed(call.origin, failure);
        }
    }
}
