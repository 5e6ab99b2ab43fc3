//! What a proxy needs beside what a client does.

use super::{Arrivals, CallEntry, Multiplexer, NoReply, Stage};
use crate::clock::Instant;

impl<O: Default> Multiplexer<O> {
    /// Has requests keep the remaining time that they come with.
    pub(crate) fn keep_remaining(&mut self) {
        self.settings.shortens_remaining = false;
    }

    /// Returns the bytes of the requests that are kept for redirects.
    #[cfg(test)]
    pub(crate) fn redirect_bytes(&self) -> usize {
        self.calls.redirect_bytes()
    }

    /// Returns the ids of the calls that have not ended and whose origin satisfies `predicate`.
    pub(crate) fn ids_where(&self, predicate: impl Fn(&O) -> bool) -> Vec<u64> {
        self.calls
            .ids_where(|call| !matches!(call.stage, Stage::Ended) && predicate(&call.origin))
    }

    /// Returns the ids of the calls that wait to be sent.
    pub(crate) fn waiting_ids(&self) -> Vec<u64> {
        self.calls.ids_where(CallEntry::is_waiting)
    }

    /// Returns when to call [`check_link`](Self::check_link), seen at `now`; `None` if silence does not matter.
    pub(crate) fn link_timeout(&self, at: usize, now: Instant) -> Option<Instant> {
        let link = &self.links[at];
        link.poll_timeout(now, link.in_flight > 0)
    }

    /// Has silence count from `now`: before, no reply was due.
    pub(crate) fn hear(&mut self, at: usize, now: Instant) {
        self.links[at].hear(now);
    }
}

impl Arrivals {
    /// Returns why the peer cannot be used, if it has said so.
    pub(crate) fn refusal(&self) -> Option<&NoReply> {
        self.refusal.as_ref()
    }
}
