//! How callers learn what has become of their calls.

use crate::connection::{CallResult, NoReply, Outcomes};
use crate::dialect::CallFailure;
use crate::proxy::counters::ProxyCounters;
use crate::socket::Frame;
use crate::wire::{Executed, MAX_HOPS, Status};

/// Receives the outcomes of calls.
pub(in crate::proxy) trait CallSink<O> {
    /// The target has replied. The reply has the proxy's id for the call.
    fn answered(&mut self, origin: O, reply: Frame);
    /// The call has failed without a reply of the target.
    fn failed(&mut self, origin: O, failure: CallFailure);
    /// A frame of the call has arrived that does not end it. It has the proxy's id for the call.
    fn interim(&mut self, _origin: &O, _frame: Frame) {}
}

/// Counts what becomes of calls, and passes it on.
pub(super) struct CountedOutcomes<'b, C> {
    pub(super) callers: &'b mut C,
    pub(super) counters: &'b ProxyCounters,
    /// Why no target can be looked up, if that is why none is connected.
    pub(super) lookup: Option<String>,
}

impl<O, C: CallSink<O>> Outcomes<Option<O>> for CountedOutcomes<'_, C> {
    fn sent(&mut self, _: &mut Option<O>) {
        self.counters.forwarded.increment();
    }

    fn ended(&mut self, _: u64, origin: &mut Option<O>, result: CallResult) -> bool {
        match (origin.take(), result) {
            (Some(origin), Ok(Some(reply))) => self.callers.answered(origin, reply),
            (Some(origin), Err(reason)) => {
                let failure = self.failure(&reason);
                self.callers.failed(origin, failure);
            }
            // A notification was sent, for which nobody waits.
            (None, _) | (_, Ok(None)) => {}
        }
        false
    }

    fn interim(&mut self, origin: &Option<O>, frame: Frame) {
        if let Some(origin) = origin {
            self.callers.interim(origin, frame);
        }
    }

    fn unexpected(&mut self) {
        self.counters.late.increment();
    }
}

impl<C> CountedOutcomes<'_, C> {
    /// Counts a failure, and returns what the caller is told.
    fn failure(&self, reason: &NoReply) -> CallFailure {
        let executed = reason.executed();
        match reason {
            NoReply::TimedOut { .. } => {
                self.counters.expired.increment();
                let detail = if executed == Executed::No {
                    self.unconnected()
                } else {
                    UNANSWERED.to_owned()
                };
                failure(Status::Expired, &detail, executed)
            }
            NoReply::NotConnected => failure(Status::Unavailable, &self.unconnected(), executed),
            lost => {
                if executed != Executed::No {
                    self.counters.lost.increment();
                }
                failure(Status::Unavailable, &explain(lost), executed)
            }
        }
    }

    fn unconnected(&self) -> String {
        match &self.lookup {
            Some(cause) => format!("{UNCONNECTED}: {cause}"),
            None => UNCONNECTED.to_owned(),
        }
    }
}

/// Returns why a target is of no use, or has been lost.
pub(super) fn explain(reason: &NoReply) -> String {
    match reason {
        NoReply::Denied(failure) => {
            format!("the proxy's target rejects its login: {}", failure.reason())
        }
        NoReply::Broken(error) => format!("the proxy's socket failed: {error}"),
        NoReply::Foreign => "the proxy's target does not speak ZeroMQ".to_owned(),
        NoReply::NoServer { .. } => NO_SERVER.to_owned(),
        NoReply::Silent(_) => "the proxy's target shows no sign of life".to_owned(),
        NoReply::Drained => "the proxy's target is shutting down".to_owned(),
        NoReply::Disconnected | NoReply::TimedOut { .. } | NoReply::NotConnected => {
            "the proxy lost its connection to the target".to_owned()
        }
    }
}

const NO_SERVER: &str = "what the proxy is connected to is no server: it sends requests";
const UNANSWERED: &str = "its time limit passed before the proxy's target replied";
const UNCONNECTED: &str = "the proxy could not send it to its target in time";
pub(super) const ENDED: &str = "the proxy has ended";

pub(super) fn failure(status: Status, detail: &str, executed: Executed) -> CallFailure {
    CallFailure::new(status, detail).with_executed(executed)
}

/// Returns the failure of a call that has passed as many proxies as allowed: in a ring of proxies it would circle for
/// ever.
pub(in crate::proxy) fn too_many_hops() -> CallFailure {
    let detail = format!("it has passed {MAX_HOPS} proxies, do they stand in a ring?");
    CallFailure::new(Status::Unavailable, detail).with_executed(Executed::No)
}

/// For requests that are sent at once, which does not end any but notifications.
pub(super) struct SentAtOnce;

impl<O> Outcomes<Option<O>> for SentAtOnce {
    fn sent(&mut self, _: &mut Option<O>) {}

    fn ended(&mut self, _: u64, _: &mut Option<O>, _: CallResult) -> bool {
        false
    }

    fn unexpected(&mut self) {}
}
