//! Calls end, and whoever waits for them wakes.

use super::table::{Call, Ending, Loss, State, Table};
use crate::socket::Waiter;
use crate::wire::{self, Limits, Reply, ReplyBody, ponged_id};

/// Ends a call and wakes who waits for it: a task as soon as the lock is free. `false` if there is no such call.
pub(super) fn finish(table: &mut Table, id: u64, ending: Ending, waiter: &Waiter) -> bool {
    match table.finish(id, ending) {
        None => return false,
        Some(State::Parked(thread)) => thread.unpark(),
        Some(State::Task(waker, _)) => table.wakes.wake(waker),
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

/// The call that a frame answers: a ping is one where its pong is waited for.
pub(super) fn answered_id(frame: &[u8]) -> Option<u64> {
    wire::answered_id(frame).or_else(|| ponged_id(frame))
}

/// A pong, or a sign that a call still runs: expected, and the end of no call.
pub(super) fn is_sign_of_life(frame: &[u8]) -> bool {
    let reply = Reply::decode(frame, &Limits::default());
    reply.is_ok_and(|reply| matches!(reply.body, ReplyBody::Pong | ReplyBody::Working))
}
