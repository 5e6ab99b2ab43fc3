//! Ends calls, and wakes who waits for them.

use super::DIALECT;
use super::in_flight::{CallEntry, CallResult, CallState, InFlightCalls, NoReply};
use super::state::ConnectionState;
use crate::socket::Poller;

/// Ends a call and wakes who waits for it; a task once the lock is free. Returns `false` if there is no such call.
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

/// Fails the calls whose requests were sent, since their connection broke.
pub(super) fn fail_written(calls: &mut InFlightCalls, poller: &Poller) {
    for id in calls.pending(|call| call.written) {
        finish(calls, id, Err(NoReply::Disconnected), poller);
    }
}

impl ConnectionState {
    /// Fails the calls that satisfy `which`.
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

    /// Fails a call, and drops its request if that waits.
    pub(super) fn lose(&mut self, id: u64, reason: NoReply, poller: &Poller) {
        finish(&mut self.calls, id, Err(reason), poller);
        self.queue.remove(id);
    }

    /// Removes a call that has ended and returns its result; `None` if it has not.
    pub(super) fn take(&mut self, id: u64) -> Option<CallResult> {
        self.calls.take(id)
    }

    /// Cancels a call, also at the server. Returns whether its request had been sent.
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

    /// Sends a cancellation if the socket has room. It is not worth a place in the queue, as the server ends the call at
    /// its deadline in any case.
    pub(super) fn send_cancel(&mut self, id: u64) {
        if self.takes_calls() {
            self.last_sent = None;
            let _ = self.dealer.send(DIALECT.cancel(id));
        }
    }
}
