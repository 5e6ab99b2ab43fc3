//! The calls that a proxy has forwarded or is about to: a state machine without I/O. The caller passes the time in.
//!
//! Each call gets an id of the proxy's own, since callers choose theirs as they like.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

use crate::connection::CallTable;
use crate::socket::Frame;

/// A call and its stage. `O` is the call's origin.
pub(super) struct ForwardedCall<O> {
    pub(super) origin: O,
    /// When the caller stops waiting; `None` if it waits for ever.
    pub(super) deadline: Option<Instant>,
    /// `false` for a notification, which ends when it is sent.
    pub(super) wants_reply: bool,
    pub(super) stage: CallStage,
}

pub(super) enum CallStage {
    /// Waits for a connection, at most until `until`.
    Waiting { request: Frame, until: Instant },
    /// Sent over this connection: it may have been executed.
    Sent {
        connection: usize,
        redirect: Option<Box<Redirect>>,
    },
    /// Rejected by its target; the backend decides next whether to redirect it.
    Rejected,
}

/// What the backend keeps of a sent call to redirect it if its target rejects it.
pub(super) struct Redirect {
    pub(super) request: Frame,
    /// Indices of the connections whose targets have rejected the call.
    pub(super) rejected_by: Vec<usize>,
}

impl Redirect {
    pub(super) fn of(request: &Frame) -> Self {
        Self {
            request: request.clone(),
            rejected_by: Vec::new(),
        }
    }
}

impl CallStage {
    /// Returns the bytes of the request that is kept for a redirect.
    fn redirect_bytes(&self) -> usize {
        match self {
            Self::Sent {
                redirect: Some(redirect),
                ..
            } => redirect.request.len(),
            _ => 0,
        }
    }
}

impl<O> ForwardedCall<O> {
    /// Returns when the call expires in its present stage.
    fn due(&self) -> Option<Instant> {
        match (&self.stage, self.deadline) {
            (CallStage::Waiting { until, .. }, Some(deadline)) => Some(deadline.min(*until)),
            (CallStage::Waiting { until, .. }, None) => Some(*until),
            (CallStage::Sent { .. } | CallStage::Rejected, deadline) => deadline,
        }
    }
}

/// The table of calls that have not ended.
pub(super) struct ForwardedCalls<O> {
    table: CallTable<ForwardedCall<O>>,
    /// Ids of the calls that wait, oldest first, including stale ids of calls that no longer do.
    waiting: VecDeque<u64>,
    waiting_calls: usize,
    waiting_bytes: usize,
    /// Bytes of the requests that are kept for redirects.
    redirect_bytes: usize,
    /// Expiry times: for each call that can expire at least one entry that is not later than its expiry. Stale entries of
    /// ended calls are removed once they are the majority: removing each at once would cost more than the rest of the
    /// table.
    timers: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl<O> Default for ForwardedCalls<O> {
    fn default() -> Self {
        Self {
            table: CallTable::default(),
            waiting: VecDeque::new(),
            waiting_calls: 0,
            waiting_bytes: 0,
            redirect_bytes: 0,
            timers: BinaryHeap::new(),
        }
    }
}

impl<O> ForwardedCalls<O> {
    /// Returns the number of calls.
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

    pub(super) fn has_waiting(&self) -> bool {
        self.waiting_calls > 0
    }

    /// Returns the id of the next call that is inserted with `hops`, the number of proxies that will have forwarded it.
    /// Never 0, which is the id of no call.
    pub(super) fn next_id(&self, hops: u8) -> u64 {
        self.table.next_id(hops)
    }

    /// Inserts a call under the id that [`next_id`](Self::next_id) returned for the same `hops`.
    pub(super) fn insert(&mut self, hops: u8, call: ForwardedCall<O>) -> u64 {
        let id = self.next_id(hops);
        if let Some(due) = call.due() {
            self.timers.push(Reverse((due, id)));
        }
        self.add_to_totals(id, &call.stage);
        self.table.insert(hops, call);
        self.compact();
        id
    }

    /// Counts a call in the stage that it enters.
    fn add_to_totals(&mut self, id: u64, stage: &CallStage) {
        if let CallStage::Waiting { request, .. } = stage {
            self.waiting.push_back(id);
            self.waiting_calls += 1;
            self.waiting_bytes += request.len();
        }
        self.redirect_bytes += stage.redirect_bytes();
    }

    /// Takes the redirect of a call that its target rejected, and marks the call as rejected. Returns `None`, and changes
    /// nothing, if the call keeps none.
    pub(super) fn take_redirect(&mut self, id: u64) -> Option<Box<Redirect>> {
        let call = self.table.get_mut(id)?;
        let CallStage::Sent { redirect, .. } = &mut call.stage else {
            return None;
        };
        let redirect = redirect.take()?;
        call.stage = CallStage::Rejected;
        self.redirect_bytes -= redirect.request.len();
        Some(redirect)
    }

    /// Moves a rejected call to its next stage: sent over another connection, or waiting again.
    pub(super) fn set_stage(&mut self, id: u64, stage: CallStage) {
        if self.get(id).is_none() {
            return;
        }
        self.add_to_totals(id, &stage);
        if let CallStage::Waiting { until, .. } = &stage {
            self.timers.push(Reverse((*until, id)));
        }
        if let Some(call) = self.table.get_mut(id) {
            call.stage = stage;
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<&ForwardedCall<O>> {
        self.table.get(id)
    }

    /// Removes a call. Frames that arrive for it later find no call.
    pub(super) fn take(&mut self, id: u64) -> Option<ForwardedCall<O>> {
        let call = self.table.remove(id)?;
        if let CallStage::Waiting { request, .. } = &call.stage {
            self.waiting_calls -= 1;
            self.waiting_bytes -= request.len();
        }
        self.redirect_bytes -= call.stage.redirect_bytes();
        Some(call)
    }

    /// Passes the call that has waited longest, with its request, to `send`. Returns the call's id if `send` took it; `None`
    /// if no call waits, or if `send` gave the request back, in which case the call goes on waiting.
    pub(super) fn send_next(
        &mut self,
        send: impl FnOnce(Frame, &ForwardedCall<O>) -> Result<CallStage, Frame>,
    ) -> Option<u64> {
        while let Some(id) = self.waiting.front().copied() {
            let Some(call) = self.table.get_mut(id) else {
                self.waiting.pop_front();
                continue;
            };
            let CallStage::Waiting { request, .. } = &mut call.stage else {
                self.waiting.pop_front();
                continue;
            };
            let bytes = request.len();
            let request = std::mem::take(request);
            match send(request, call) {
                Ok(stage) => {
                    self.redirect_bytes += stage.redirect_bytes();
                    call.stage = stage;
                    self.waiting.pop_front();
                    self.waiting_calls -= 1;
                    self.waiting_bytes -= bytes;
                    return Some(id);
                }
                Err(back) => {
                    if let CallStage::Waiting { request, .. } = &mut call.stage {
                        *request = back;
                    }
                    return None;
                }
            }
        }
        None
    }

    /// Returns the ids of the calls that satisfy `predicate`.
    pub(super) fn ids_where(&self, predicate: impl Fn(&ForwardedCall<O>) -> bool) -> Vec<u64> {
        self.table.ids_where(predicate)
    }

    /// Removes and returns a call that has expired by `now`; `None` if there is none.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(u64, ForwardedCall<O>)> {
        while let Some(Reverse((at, id))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            match self.get(id).and_then(ForwardedCall::due) {
                Some(due) if due <= now => return self.take(id).map(|call| (id, call)),
                // The timer was that of the wait for a connection, and the call has been sent since.
                Some(due) => self.timers.push(Reverse((due, id))),
                None => {}
            }
        }
        None
    }

    /// Returns when to call [`expire`](Self::expire) next.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// Removes stale entries where they are the majority.
    fn compact(&mut self) {
        if self.timers.len() > 2 * self.len() + MAX_STALE {
            let mut timers = std::mem::take(&mut self.timers).into_vec();
            timers.retain(|Reverse((_, id))| self.get(*id).is_some());
            self.timers = timers.into();
        }
        if self.waiting.len() > 2 * self.waiting_calls + MAX_STALE {
            let mut waiting = std::mem::take(&mut self.waiting);
            let waits = |call: &ForwardedCall<O>| matches!(call.stage, CallStage::Waiting { .. });
            waiting.retain(|id| self.get(*id).is_some_and(waits));
            self.waiting = waiting;
        }
    }
}

/// Stale entries below which compaction is not worthwhile.
const MAX_STALE: usize = 64;

#[cfg(test)]
mod tests;
