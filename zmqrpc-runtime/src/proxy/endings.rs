//! What links tell of calls, and what their callers are told.

use super::counters::ProxyCounters;
use super::table::{Again, Call, Stage, Table};
use crate::client::{ControlFrame, refusal_of, sign};
use crate::command::CallFailure;
use crate::socket::Message;
use crate::wire::{Executed, MAX_HOPS, Status, answered_id, is_failure};

/// Hears what becomes of the calls.
pub(super) trait Callers<O> {
    /// The target's reply, under the proxy's number.
    fn answered(&mut self, origin: O, reply: Message);
    /// There is none, and why.
    fn failed(&mut self, origin: O, failure: CallFailure);
    /// It is still being executed. The sign has the proxy's number.
    fn working(&mut self, _origin: &O, _sign: Message) {}
}

pub(super) const LOST: &str = "the proxy lost its connection to the target";
pub(super) const SILENT: &str = "the proxy's target shows no sign of life";
pub(super) const UNANSWERED: &str = "its time was over before the proxy's target answered";
pub(super) const UNCONNECTED: &str = "the proxy could not hand it over to its target in time";
pub(super) const ENDED: &str = "the proxy has ended";

pub(super) fn refusal(status: Status, detail: &str, executed: Executed) -> CallFailure {
    CallFailure::new(status, detail).surely(executed)
}

/// It would go on for ever where proxies stand in a ring.
pub(super) fn going_round() -> CallFailure {
    let detail = format!("it has passed {MAX_HOPS} proxies, do they stand in a ring?");
    CallFailure::new(Status::Unavailable, detail).surely(Executed::No)
}

/// What came from a target.
pub(super) enum Received {
    /// What was expected; it has been passed on.
    Expected,
    Unexpected,
    /// A refusal of this call, which another target need not share.
    Refusal(u64, Box<Again>, Message),
    /// The target is about to end, and wants an answer under this number.
    Draining(u64),
}

/// Takes a message in.
pub(super) fn receive<O>(
    table: &mut Table<O>,
    link: usize,
    calls: &mut usize,
    message: Message,
    callers: &mut impl Callers<O>,
) -> Received {
    // A target answers its own calls, not those that another one was given.
    let is_its_own =
        |call: &Call<O>| matches!(call.stage, Stage::Sent { link: over, .. } if over == link);
    if let Some(id) = answered_id(&message) {
        if !table.get(id).is_some_and(is_its_own) {
            return Received::Unexpected;
        }
        if is_failure(&message)
            && refusal_of(&message).is_some()
            && let Some(again) = table.refuse(id)
        {
            *calls -= 1;
            return Received::Refusal(id, again, message);
        }
        if let Some(call) = table.take(id) {
            *calls -= 1;
            callers.answered(call.origin, message);
        }
        return Received::Expected;
    }
    match sign(&message) {
        Some(ControlFrame::Pong) => Received::Expected,
        Some(ControlFrame::Working(id)) => {
            let call = table.get(id).filter(|call| is_its_own(call));
            if let Some(call) = call {
                callers.working(&call.origin, message);
            }
            // One that comes behind the reply is no mistake.
            Received::Expected
        }
        Some(ControlFrame::Draining(id)) => Received::Draining(id),
        None => Received::Unexpected,
    }
}

/// Fails the calls that went over a link.
pub(super) fn lose<O>(
    table: &mut Table<O>,
    link: usize,
    reason: &'static str,
    counters: &ProxyCounters,
    callers: &mut impl Callers<O>,
) {
    for id in
        table.pick(|call| matches!(call.stage, Stage::Sent { link: over, .. } if over == link))
    {
        if let Some(call) = table.take(id) {
            counters.lost.increment();
            let failure = refusal(Status::Unavailable, reason, Executed::Maybe);
            callers.failed(call.origin, failure);
        }
    }
}
