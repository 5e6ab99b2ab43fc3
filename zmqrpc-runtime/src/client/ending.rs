//! Calls end, and whoever waits for them wakes.

use super::core::Core;
use super::table::{Call, Ending, Loss, State, Table};
use crate::socket::{Message, Waiter};
use crate::wire::{Limits, NO_ID, Reply, ReplyBody, encode_cancel};

/// Ends a call and wakes who waits for it: a task as soon as the lock is free. `false` if there is no such call.
pub(super) fn finish(table: &mut Table, id: u64, ending: Ending, waiter: &Waiter) -> bool {
    match table.finish(id, ending) {
        None => return false,
        Some(State::Parked(thread)) => thread.unpark(),
        Some(State::Task(waker, _)) => {
            table.last_woken = Some(id);
            table.wakes.wake(waker);
        }
        Some(State::Leader) => waiter.wake(),
        Some(State::Quiet | State::Done(_)) => {}
    }
    true
}

pub(super) fn fail(table: &mut Table, which: impl Fn(&Call) -> bool, loss: &Loss, waiter: &Waiter) {
    for id in table.pending(which) {
        finish(table, id, Err(loss.clone()), waiter);
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
    /// Takes the requests of calls that have ended out of the queue: they must not be executed any more.
    pub(super) fn purge_queue(&mut self) {
        let Self {
            table,
            queue,
            queued_bytes,
            ..
        } = self;
        queue.retain(|(id, message)| {
            let open = table
                .get_mut(*id)
                .is_some_and(|call| !matches!(call.state, State::Done(_)));
            if !open {
                *queued_bytes -= message.len();
            }
            open
        });
    }

    /// The ending of a call, if it has one; the call is gone then.
    pub(super) fn take(&mut self, id: u64) -> Option<Ending> {
        match self.table.get_mut(id)?.state {
            State::Done(_) => match self.table.remove(id)?.state {
                State::Done(ending) => Some(ending),
                _ => None,
            },
            _ => None,
        }
    }

    /// Gives a call up, and tells the server. Answers whether it had been handed over.
    pub(super) fn forget(&mut self, id: u64, waiter: &Waiter) -> bool {
        let Some(call) = self.table.remove(id) else {
            return false;
        };
        self.dismiss(id);
        if !call.written {
            if let Some(at) = self.queue.iter().position(|(queued, _)| *queued == id)
                && let Some((_, message)) = self.queue.remove(at)
            {
                self.queued_bytes -= message.len();
            }
        } else if !call.manner.oneway && !matches!(call.state, State::Done(_)) {
            self.send_cancel(id);
            self.after_send(waiter);
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
