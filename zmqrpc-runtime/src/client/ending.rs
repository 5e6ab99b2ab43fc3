//! Calls end, and whoever waits for them wakes.

use super::core::Core;
use super::table::{Call, Ending, Loss, State, Table};
use crate::socket::{Message, Poller};
use crate::wire::{Limits, NO_ID, Reply, ReplyBody, encode_cancel};

/// Ends a call and wakes who waits for it: a task as soon as the lock is free. `false` if there is no such call.
pub(super) fn finish(table: &mut Table, id: u64, ending: Ending, poller: &Poller) -> bool {
    match table.finish(id, ending) {
        None => return false,
        Some(State::Parked(thread)) => thread.unpark(),
        Some(State::Task(waker, _)) => {
            table.last_woken = Some(id);
            table.wakes.wake(waker);
        }
        Some(State::Leader) => poller.wake(),
        Some(State::Quiet | State::Done(_)) => {}
    }
    true
}

/// Fails the calls that were handed over: their connection broke.
pub(super) fn fail_written(table: &mut Table, poller: &Poller) {
    for id in table.pending(|call| call.written) {
        finish(table, id, Err(Loss::Disconnected), poller);
    }
}

/// What a server sends that ends no call.
pub(crate) enum Sign {
    Pong,
    /// The call with this id still runs.
    Working(u64),
    /// It is about to end, and wants a ping with this id.
    Draining(u64),
}

/// Reads a frame that ends no call; nothing if it was not to be expected.
pub(crate) fn sign(frame: &[u8]) -> Option<Sign> {
    let Reply { id, body } = Reply::decode(frame, &Limits::default()).ok()?;
    match body {
        ReplyBody::Pong => Some(Sign::Pong),
        ReplyBody::Working => Some(Sign::Working(id)),
        ReplyBody::Draining if id != NO_ID => Some(Sign::Draining(id)),
        _ => None,
    }
}

impl Core {
    /// Ends the calls that `which` picks.
    pub(super) fn fail(&mut self, which: impl Fn(&Call) -> bool, loss: &Loss, poller: &Poller) {
        for id in self.table.pending(which) {
            self.lose(id, loss.clone(), poller);
        }
    }

    /// Ends a call, whose request must not be executed any more if it waits.
    pub(super) fn lose(&mut self, id: u64, loss: Loss, poller: &Poller) {
        finish(&mut self.table, id, Err(loss), poller);
        self.queue.remove(id);
    }

    /// The ending of a call, if it has one; the call is gone then.
    pub(super) fn take(&mut self, id: u64) -> Option<Ending> {
        self.table.take(id)
    }

    /// Gives a call up, and tells the server. Answers whether it had been handed over.
    pub(super) fn forget(&mut self, id: u64, poller: &Poller) -> bool {
        let Some(call) = self.table.remove(id) else {
            return false;
        };
        self.dismiss(id);
        if !call.written {
            self.queue.remove(id);
        } else if !call.manner.oneway && !matches!(call.state, State::Done(_)) {
            self.send_cancel(id);
            self.after_send(poller);
        }
        call.written
    }

    /// Tells the server that nobody waits. Worth a try, not worth a place in the queue: the server ends the call at its
    /// deadline in any case.
    pub(super) fn send_cancel(&mut self, id: u64) {
        if self.takes_calls() {
            self.last_sent = None;
            let _ = self.dealer.send(Message::copy_of(&encode_cancel(id)));
        }
    }
}
