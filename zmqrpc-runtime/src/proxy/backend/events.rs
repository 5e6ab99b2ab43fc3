//! What links tell of calls, and what their callers are told.

use super::calls::{CallStage, ForwardedCall, ForwardedCalls, Redirect};
use crate::client::{ControlFrame, refusal_of, sign};
use crate::command::CallFailure;
use crate::proxy::counters::ProxyCounters;
use crate::socket::Message;
use crate::wire::{Executed, MAX_HOPS, Status, answered_id, is_failure};

/// Hears what becomes of the calls.
pub(in crate::proxy) trait CallSink<O> {
    /// The target's reply, under the proxy's number.
    fn answered(&mut self, origin: O, reply: Message);
    /// There is none, and why.
    fn failed(&mut self, origin: O, failure: CallFailure);
    /// It is still being executed. The sign has the proxy's number.
    fn working(&mut self, _origin: &O, _sign: Message) {}
}

pub(in crate::proxy) const LOST: &str = "the proxy lost its connection to the target";
pub(in crate::proxy) const SILENT: &str = "the proxy's target shows no sign of life";
pub(in crate::proxy) const UNANSWERED: &str =
    "its time was over before the proxy's target answered";
pub(in crate::proxy) const UNCONNECTED: &str =
    "the proxy could not hand it over to its target in time";
pub(in crate::proxy) const ENDED: &str = "the proxy has ended";

pub(in crate::proxy) fn refusal(status: Status, detail: &str, executed: Executed) -> CallFailure {
    CallFailure::new(status, detail).with_executed(executed)
}

/// It would go on for ever where proxies stand in a ring.
pub(in crate::proxy) fn going_round() -> CallFailure {
    let detail = format!("it has passed {MAX_HOPS} proxies, do they stand in a ring?");
    CallFailure::new(Status::Unavailable, detail).with_executed(Executed::No)
}

/// What came from a target.
pub(in crate::proxy) enum BackendEvent {
    /// What was expected; it has been passed on.
    Expected,
    Unexpected,
    /// A refusal of this call, which another target need not share.
    Refusal(u64, Box<Redirect>, Message),
    /// The target is about to end, and wants an answer under this number.
    Draining(u64),
}

/// Takes a message in.
pub(in crate::proxy) fn receive<O>(
    calls: &mut ForwardedCalls<O>,
    connection: usize,
    in_flight: &mut usize,
    message: Message,
    callers: &mut impl CallSink<O>,
) -> BackendEvent {
    // A target answers its own calls, not those that another one was given.
    let is_its_own = |call: &ForwardedCall<O>| matches!(call.stage, CallStage::Sent { connection: over, .. } if over == connection);
    if let Some(id) = answered_id(&message) {
        if !calls.get(id).is_some_and(is_its_own) {
            return BackendEvent::Unexpected;
        }
        if is_failure(&message)
            && refusal_of(&message).is_some()
            && let Some(again) = calls.refuse(id)
        {
            *in_flight -= 1;
            return BackendEvent::Refusal(id, again, message);
        }
        if let Some(call) = calls.take(id) {
            *in_flight -= 1;
            callers.answered(call.origin, message);
        }
        return BackendEvent::Expected;
    }
    match sign(&message) {
        Some(ControlFrame::Pong) => BackendEvent::Expected,
        Some(ControlFrame::Working(id)) => {
            let call = calls.get(id).filter(|call| is_its_own(call));
            if let Some(call) = call {
                callers.working(&call.origin, message);
            }
            // One that comes behind the reply is no mistake.
            BackendEvent::Expected
        }
        Some(ControlFrame::Draining(id)) => BackendEvent::Draining(id),
        None => BackendEvent::Unexpected,
    }
}

/// Fails the calls that went over a link.
pub(in crate::proxy) fn lose<O>(
    calls: &mut ForwardedCalls<O>,
    connection: usize,
    reason: &'static str,
    counters: &ProxyCounters,
    callers: &mut impl CallSink<O>,
) {
    for id in calls.pick(
        |call| matches!(call.stage, CallStage::Sent { connection: over, .. } if over == connection),
    ) {
        if let Some(call) = calls.take(id) {
            counters.lost.increment();
            let failure = refusal(Status::Unavailable, reason, Executed::Maybe);
            callers.failed(call.origin, failure);
        }
    }
}
