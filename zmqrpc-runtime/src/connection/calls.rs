//! The calls of a [`Multiplexer`](super::Multiplexer): by id, in the order in which they wait, and by when they expire.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::CallTable;
use super::call::{Call, Redirect, Stage};
use crate::clock::Instant;
use crate::socket::Frame;

/// The calls that have not been taken out.
pub(super) struct Calls<O> {
    table: CallTable<Call<O>>,
    /// Ids of the calls that wait, oldest first, including stale ids of calls that no longer do.
    waiting: VecDeque<u64>,
    waiting_len: usize,
    waiting_bytes: usize,
    /// Bytes of the requests that are kept for redirects.
    redirect_bytes: usize,
    /// Expiry times: for each call that can expire at least one entry that is not later than its expiry. Stale entries of
    /// ended calls are removed once they are the majority: removing each at once would cost more than the rest of the
    /// table.
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
}

/// Stale entries below which compaction is not worthwhile.
const MAX_STALE: usize = 64;

impl<O> Default for Calls<O> {
    fn default() -> Self {
        Self {
            table: CallTable::default(),
            waiting: VecDeque::new(),
            waiting_len: 0,
            waiting_bytes: 0,
            redirect_bytes: 0,
            timers: BinaryHeap::new(),
        }
    }
}

impl<O> Calls<O> {
    /// Returns the number of calls.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns the bytes of the requests that wait.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Returns the bytes of the requests that are kept for redirects.
    pub(super) fn redirect_bytes(&self) -> usize {
        self.redirect_bytes
    }

    /// Returns the number of calls that wait to be sent.
    #[inline]
    pub(super) fn waiting(&self) -> usize {
        self.waiting_len
    }

    /// Returns the id of the next call that is inserted with `hops`, the number of proxies that will have forwarded it.
    /// Never 0, which is the id of no call.
    #[inline]
    pub(super) fn next_id(&self, hops: u8) -> u64 {
        self.table.next_id(hops)
    }

    /// Inserts a call under the id that [`next_id`](Self::next_id) returned for the same `hops`.
    #[inline]
    pub(super) fn insert(&mut self, hops: u8, call: Call<O>) -> u64 {
        let due = call.due();
        let id = self.table.insert(hops, call);
        self.enter(id);
        if let Some(due) = due {
            self.set_timer(due, id);
        }
        id
    }

    /// Counts a call in the stage that it has entered.
    #[inline]
    fn enter(&mut self, id: u64) {
        match self.table.get(id).map(|call| &call.stage) {
            Some(Stage::Waiting { request, .. }) => {
                self.waiting_len += 1;
                self.waiting_bytes += request.len();
                self.waiting.push_back(id);
                self.compact_waiting();
            }
            Some(stage) => self.redirect_bytes += stage.redirect_bytes(),
            None => {}
        }
    }

    /// Stops to count a call in the stage that it has left.
    #[inline]
    fn leave(&mut self, stage: &Stage) {
        if let Stage::Waiting { request, .. } = stage {
            self.waiting_len -= 1;
            self.waiting_bytes -= request.len();
        } else {
            self.redirect_bytes -= stage.redirect_bytes();
        }
    }

    /// Takes the redirect of a call that its peer rejected, and marks the call as rejected. Returns `None`, and changes
    /// nothing, if the call keeps none.
    pub(super) fn take_redirect(&mut self, id: u64) -> Option<Box<Redirect>> {
        let call = self.table.get_mut(id)?;
        let Stage::Sent { redirect, .. } = &mut call.stage else {
            return None;
        };
        let redirect = redirect.take()?;
        call.stage = Stage::Rejected;
        self.redirect_bytes -= redirect.request.len();
        Some(redirect)
    }

    /// Moves a call to its next stage: sent over another link, or waiting again.
    pub(super) fn set_stage(&mut self, id: u64, stage: Stage) {
        let Some(call) = self.table.get_mut(id) else {
            return;
        };
        let left = std::mem::replace(&mut call.stage, stage);
        let due = call.due().filter(|_| call.is_waiting());
        self.leave(&left);
        self.enter(id);
        if let Some(due) = due {
            self.set_timer(due, id);
        }
    }

    /// Marks a call as ended: its owner takes it out. Returns the stage that it leaves.
    #[inline]
    pub(super) fn end(&mut self, id: u64) -> Option<Stage> {
        let call = self.table.get_mut(id)?;
        let left = std::mem::replace(&mut call.stage, Stage::Ended);
        self.leave(&left);
        Some(left)
    }

    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<&Call<O>> {
        self.table.get(id)
    }

    /// Returns a call whose stage the caller does not change.
    #[inline]
    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Call<O>> {
        self.table.get_mut(id)
    }

    /// Removes a call. Frames that arrive for it later find no call.
    #[inline]
    pub(super) fn remove(&mut self, id: u64) -> Option<Call<O>> {
        let call = self.table.remove(id)?;
        self.leave(&call.stage);
        Some(call)
    }

    /// Gives a call other times to end at; `until` counts while it waits to be sent.
    pub(super) fn set_deadline(&mut self, id: u64, deadline: Instant, by: Instant) {
        let Some(call) = self.table.get_mut(id) else {
            return;
        };
        let before = call.due();
        call.deadline = Some(deadline);
        if let Stage::Waiting { until, .. } = &mut call.stage {
            *until = Some(by);
        }
        if let Some(due) = call.due().filter(|due| before != Some(*due)) {
            self.set_timer(due, id);
        }
    }

    /// Passes the call that has waited longest, with its request, to `send`. Returns the call's id if `send` took it; `None`
    /// if no call waits, or if `send` gave the request back, in which case the call goes on waiting.
    pub(super) fn send_next(
        &mut self,
        send: impl FnOnce(Frame, &Call<O>) -> Result<Stage, Frame>,
    ) -> Option<u64> {
        while let Some(id) = self.waiting.front().copied() {
            let Some(call) = self.table.get_mut(id) else {
                self.waiting.pop_front();
                continue;
            };
            let Stage::Waiting { request, .. } = &mut call.stage else {
                self.waiting.pop_front();
                continue;
            };
            let bytes = request.len();
            let request = std::mem::take(&mut **request);
            match send(request, call) {
                Ok(stage) => {
                    self.redirect_bytes += stage.redirect_bytes();
                    call.stage = stage;
                    self.waiting.pop_front();
                    self.waiting_len -= 1;
                    self.waiting_bytes -= bytes;
                    return Some(id);
                }
                Err(back) => {
                    if let Stage::Waiting { request, .. } = &mut call.stage {
                        **request = back;
                    }
                    return None;
                }
            }
        }
        None
    }

    /// Returns the ids of the calls that satisfy `predicate`.
    pub(super) fn ids_where(&self, predicate: impl Fn(&Call<O>) -> bool) -> Vec<u64> {
        self.table.ids_where(predicate)
    }

    /// Returns a call that has expired by `now`; `None` if there is none. It has to be ended or removed.
    pub(super) fn next_expired(&mut self, now: Instant) -> Option<u64> {
        while let Some(Reverse((at, id))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            match self.get(id).and_then(Call::due) {
                Some(due) if due <= now => return Some(id),
                // The timer was that of the wait for a connection, and the call has been sent since.
                Some(due) => self.timers.push(Reverse((due, id))),
                None => {}
            }
        }
        None
    }

    /// Returns when to call [`next_expired`](Self::next_expired) next.
    #[inline]
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    fn set_timer(&mut self, due: Instant, id: u64) {
        if self.timers.len() > 2 * self.len() + MAX_STALE {
            let mut timers = std::mem::take(&mut self.timers).into_vec();
            timers.retain(|Reverse((_, id))| self.get(*id).is_some());
            self.timers = timers.into();
        }
        self.timers.push(Reverse((due, id)));
    }

    /// Removes stale entries where they are the majority.
    fn compact_waiting(&mut self) {
        if self.waiting.len() > 2 * self.waiting_len + MAX_STALE {
            let mut waiting = std::mem::take(&mut self.waiting);
            waiting.retain(|id| self.get(*id).is_some_and(Call::is_waiting));
            self.waiting = waiting;
        }
    }
}

#[cfg(test)]
mod tests;
