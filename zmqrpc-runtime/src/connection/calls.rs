//! The calls of a [`Multiplexer`](super::Multiplexer): by id, in the order in which they wait, and by when they expire.

use std::collections::VecDeque;
use std::time::Duration;

use super::CallTable;
use super::call::{CallEntry, CallKind, NewCall, Redirect, Stage};
use crate::clock::Instant;
use crate::socket::Frame;

/// The calls that have not been taken out.
pub(super) struct Calls<O> {
    table: CallTable<CallEntry<O>>,
    /// Ids of the calls that wait, oldest first, including stale ids of calls that no longer do.
    waiting: VecDeque<u64>,
    waiting_len: usize,
    waiting_bytes: usize,
    /// Bytes of the requests that are kept for redirects.
    redirect_bytes: usize,
    /// Not later than the time at which the next call expires; `None` if none can. Calls come with about the same time limit
    /// and most end long before, so that all are looked at once in that time. To keep them in order would cost each call
    /// more.
    next_due: Option<Instant>,
    /// When all calls may be looked at again.
    paused_until: Option<Instant>,
}

/// Stale entries below which compaction is not worthwhile.
const MAX_STALE: usize = 64;

/// How much time passes between two looks at all calls, for each place in the table: about twenty times what a look takes. So
/// whatever time limits peers choose, a twentieth of a processor is what it costs.
const LOOK_PAUSE: Duration = Duration::from_nanos(100);

impl<O> Default for Calls<O> {
    fn default() -> Self {
        Self {
            table: CallTable::default(),
            waiting: VecDeque::new(),
            waiting_len: 0,
            waiting_bytes: 0,
            redirect_bytes: 0,
            next_due: None,
            paused_until: None,
        }
    }
}

impl<O: Default> Calls<O> {
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

    /// Returns the id of the next call, with `hops`, the number of proxies that will have forwarded it.
    #[inline]
    pub(super) fn next_id(&self, hops: u8) -> u64 {
        self.table.next_id(hops)
    }

    /// Inserts a call under the id that [`next_id`](Self::next_id) has returned.
    #[inline]
    pub(super) fn insert(&mut self, id: u64, new: NewCall, stage: Stage) {
        let is_counted = !matches!(stage, Stage::Sent { redirect: None, .. });
        let call = self.table.insert(id);
        call.kind = new.kind;
        call.movable = new.movable;
        call.written = stage.link().is_some();
        call.deadline = new.deadline;
        call.stage = stage;
        look_by(&mut self.next_due, call.due());
        if is_counted {
            self.enter(id);
        }
    }

    /// Counts a call in the stage that it has entered.
    fn enter(&mut self, id: u64) {
        match self.table.get(id).map(|call| &call.stage) {
            Some(Stage::Waiting(waiting)) => {
                self.waiting_len += 1;
                self.waiting_bytes += waiting.request.len();
                self.waiting.push_back(id);
                self.compact_waiting();
            }
            Some(stage) => self.redirect_bytes += stage.redirect_bytes(),
            None => {}
        }
    }

    /// Stops to count a call in the stage that it has left.
    fn leave(&mut self, stage: &Stage) {
        if let Stage::Waiting(waiting) = stage {
            self.waiting_len -= 1;
            self.waiting_bytes -= waiting.request.len();
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
        let due = call.due();
        self.leave(&left);
        self.enter(id);
        look_by(&mut self.next_due, due);
    }

    /// Marks a call as ended: its owner takes it out. Returns the link that it was sent over, if it was.
    #[inline]
    pub(super) fn end(&mut self, id: u64) -> Option<u32> {
        let call = self.table.get_mut(id)?;
        let left = std::mem::replace(&mut call.stage, Stage::Ended);
        let is_counted = !matches!(left, Stage::Sent { redirect: None, .. });
        if is_counted {
            self.leave(&left);
        }
        left.link()
    }

    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<&CallEntry<O>> {
        self.table.get(id)
    }

    /// Ends a call that was sent over this link and is kept for no redirect. Returns what its owner keeps for it; `None`, and
    /// changes nothing, if it is no such call.
    #[inline]
    pub(super) fn end_sent(&mut self, id: u64, link: u32) -> Option<&mut O> {
        let call = self.table.get_mut(id)?;
        match call.stage {
            Stage::Sent {
                link: over,
                redirect: None,
            } if over == link => {}
            _ => return None,
        }
        call.stage = Stage::Ended;
        Some(&mut call.origin)
    }

    /// Removes a call that has ended if `take` finds in it what it takes out, which leaves the default.
    #[inline]
    pub(super) fn take_ended<T>(
        &mut self,
        id: u64,
        take: impl FnOnce(&mut O) -> Option<T>,
    ) -> Option<T> {
        self.table.remove_if(id, |call| match call.stage {
            Stage::Ended => take(&mut call.origin),
            _ => None,
        })
    }

    /// Returns a call whose stage the caller does not change.
    #[inline]
    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut CallEntry<O>> {
        self.table.get_mut(id)
    }

    /// Removes a call. Frames that arrive for it later find no call.
    #[inline]
    pub(super) fn remove(&mut self, id: u64) -> Option<CallEntry<O>> {
        let call = self.table.remove(id)?;
        if !matches!(call.stage, Stage::Ended) {
            self.leave(&call.stage);
        }
        Some(call)
    }

    /// Gives a call other times to end at; `until` counts while it waits to be sent. Returns what its owner keeps for it, and
    /// whether [`next_look`](Self::next_look) may be earlier now.
    #[inline]
    pub(super) fn set_deadline(
        &mut self,
        id: u64,
        deadline: Instant,
        until: Instant,
    ) -> Option<(&mut O, bool)> {
        let call = self.table.get_mut(id)?;
        call.deadline = Some(deadline);
        if let Stage::Waiting(waiting) = &mut call.stage {
            waiting.until = Some(until);
        }
        let due = call.due();
        let is_sooner = look_by(&mut self.next_due, due);
        Some((&mut call.origin, is_sooner))
    }

    /// Passes the request that has waited longest to `send`, with its kind and its call's deadline. Returns the call's id if `send` took it; `None`
    /// if no call waits, or if `send` left the request, in which case the call goes on waiting.
    pub(super) fn send_next(
        &mut self,
        send: impl FnOnce(&mut Frame, CallKind, Option<Instant>) -> Option<Stage>,
    ) -> Option<u64> {
        while let Some(id) = self.waiting.front().copied() {
            let Some(call) = self.table.get_mut(id) else {
                self.waiting.pop_front();
                continue;
            };
            let Stage::Waiting(waiting) = &mut call.stage else {
                self.waiting.pop_front();
                continue;
            };
            let bytes = waiting.request.len();
            let stage = send(&mut waiting.request, call.kind, call.deadline)?;
            self.redirect_bytes += stage.redirect_bytes();
            call.stage = stage;
            self.waiting.pop_front();
            self.waiting_len -= 1;
            self.waiting_bytes -= bytes;
            return Some(id);
        }
        None
    }

    /// Returns the ids of the calls that satisfy `predicate`.
    pub(super) fn ids_where(&self, predicate: impl Fn(&CallEntry<O>) -> bool) -> Vec<u64> {
        self.table.ids_where(predicate)
    }

    /// Returns the ids of the calls that have expired by `now`. They have to be ended or removed.
    pub(super) fn expired(&mut self, now: Instant) -> Vec<u64> {
        let mut expired = Vec::new();
        if self.next_look().is_none_or(|at| at > now) {
            return expired;
        }
        let mut next = None;
        for (id, call) in self.table.iter() {
            match call.due() {
                Some(due) if due <= now => expired.push(id),
                Some(due) => next = Some(next.map_or(due, |next: Instant| next.min(due))),
                None => {}
            }
        }
        let places = u32::try_from(self.table.places()).unwrap_or(u32::MAX);
        self.next_due = next;
        self.paused_until = Some(now + LOOK_PAUSE * places);
        expired
    }

    /// Returns when to call [`expired`](Self::expired) next.
    #[inline]
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.next_due.max(self.next_due.and(self.paused_until))
    }

    /// Checks that the totals are those of the calls.
    #[cfg(test)]
    pub(super) fn check(&self) {
        let (mut waiting, mut waiting_bytes, mut redirect_bytes) = (0, 0, 0);
        for (id, call) in self.table.iter() {
            if let Stage::Waiting(kept) = &call.stage {
                waiting += 1;
                waiting_bytes += kept.request.len();
                assert!(self.waiting.contains(&id), "it is never sent");
            }
            redirect_bytes += call.stage.redirect_bytes();
            assert!(!matches!(call.stage, Stage::Rejected));
            assert!(call.due() >= self.next_due || call.due().is_none());
        }
        assert_eq!(waiting, self.waiting_len);
        assert_eq!(waiting_bytes, self.waiting_bytes);
        assert_eq!(redirect_bytes, self.redirect_bytes);
    }

    /// Removes stale entries where they are the majority.
    fn compact_waiting(&mut self) {
        if self.waiting.len() > 2 * self.waiting_len + MAX_STALE {
            let mut waiting = std::mem::take(&mut self.waiting);
            waiting.retain(|id| self.get(*id).is_some_and(CallEntry::is_waiting));
            self.waiting = waiting;
        }
    }
}

/// Has all calls looked at by `due`. Returns whether that is earlier than before.
#[inline]
fn look_by(next_due: &mut Option<Instant>, due: Option<Instant>) -> bool {
    let Some(due) = due.filter(|due| next_due.is_none_or(|next| *due < next)) else {
        return false;
    };
    *next_due = Some(due);
    true
}

#[cfg(test)]
mod tests;
