//! Calls end, and whoever waits for them wakes.

use super::DIALECT;
use super::in_flight::{CallEntry, CallResult, CallState, InFlightCalls, NoReply};
use super::state::ConnectionState;
use crate::socket::Poller;

/// Ends a call and wakes who waits for it: a task as soon as the lock is free. `false` if there is no such call.
pub(super) fn finish(
    calls: &mut InFlightCalls,
    id: u64,
    ending: CallResult,
    poller: &Poller,
) -> bool {
    match calls.finish(id, ending) {
        None => return false,
        Some(CallState::Parked(thread)) => thread.unpark(),
        Some(CallState::Task(waker, _)) => {
            calls.last_woken = Some(id);
            calls.wakes.wake(waker);
        }
        Some(CallState::Leader) => poller.wake(),
        Some(CallState::Quiet | CallState::Done(_)) => {}
    }
    true
}

/// Fails the calls that were handed over: their connection broke.
pub(super) fn fail_written(calls: &mut InFlightCalls, poller: &Poller) {
    for id in calls.pending(|call| call.written) {
        finish(calls, id, Err(NoReply::Disconnected), poller);
    }
}

impl ConnectionState {
    /// Ends the calls that `which` picks.
    pub(super) fn fail(
        &mut self,
        which: impl Fn(&CallEntry) -> bool,
        reason: &NoReply,
        poller: &Poller,
    ) {
        for id in self.calls.pending(which) {
            self.lose(id, reason.clone(), poller);
        }
    }

    /// Ends a call, whose request must not be executed any more if it waits.
    pub(super) fn lose(&mut self, id: u64, reason: NoReply, poller: &Poller) {
        finish(&mut self.calls, id, Err(reason), poller);
        self.queue.remove(id);
    }

    /// The ending of a call, if it has one; the call is gone then.
    pub(super) fn take(&mut self, id: u64) -> Option<CallResult> {
        self.calls.take(id)
    }

    /// Gives a call up, and tells the server. Answers whether it had been handed over.
    pub(super) fn forget(&mut self, id: u64, poller: &Poller) -> bool {
        let Some(call) = self.calls.remove(id) else {
            return false;
        };
        self.dismiss(id);
        if !call.written {
            self.queue.remove(id);
        } else if !call.options.oneway && !matches!(call.state, CallState::Done(_)) {
            self.send_cancel(id);
            self.after_send(poller);
        }
        call.written
    }

    /// Tells the server that nobody waits. Worth an attempt, not worth a place in the queue: the server ends the call at its
    /// deadline in any case.
    pub(super) fn send_cancel(&mut self, id: u64) {
        if self.takes_calls() {
            self.last_sent = None;
            let _ = self.dealer.send(DIALECT.cancel(id));
        }
    }
}
