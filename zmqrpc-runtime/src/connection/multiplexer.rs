//! Calls over links: each gets an id, is sent over a link or waits for one, and ends once.
//!
//! A state machine without I/O. Its driver hands in what sockets report, and the time; what is to be sent goes to
//! [`Transmit`], and what has become of calls to [`Outcomes`]. A client has a multiplexer with one link for each endpoint,
//! since its threads then wait for different locks; a proxy has one with a link for each target.
//!
//! ```text
//! driver: begin, cancel                      a call comes, or its owner does not wait any more
//!         handle_event.., settle             something has arrived
//!         acknowledge_draining, send_waiting there may be room
//!         check_link, expire                 time has passed, until poll_timeout
//! ```

mod arrivals;
#[cfg(feature = "proxy")]
mod forwarding;
mod links;
mod sending;

use std::time::Duration;

pub(crate) use arrivals::Arrivals;
use links::LinkState;
pub(crate) use sending::{LimitExceeded, Submitted};

use super::call::{CallEntry, CallKind, Stage};
use super::calls::Calls;
use super::{
    CallResult, DIALECT, Liveness, LivenessAction, MAX_CALLS, NoReply, NotificationTracker,
    Outcomes,
};
use crate::clock::Instant;
use crate::dialect::CallControl;
use crate::socket::{Frame, Requester};

/// The sockets under the links; a lone socket is under the only link.
pub(crate) trait Transmit {
    /// Sends a frame over the link with this index; it is empty then. Returns `false`, and leaves the frame, if there is no room.
    #[must_use]
    fn send(&mut self, link: usize, frame: &mut Frame) -> bool;
    /// Returns the request that is kept while it waits.
    fn keep(&self, request: Frame) -> Frame {
        request
    }
}

impl<S: Requester> Transmit for S {
    #[inline]
    fn send(&mut self, _: usize, frame: &mut Frame) -> bool {
        Requester::send(self, frame)
    }
}

/// How calls are treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSettings {
    /// The most calls at a time. What exceeds this or the next is rejected.
    pub(crate) max_calls: usize,
    /// The most bytes of requests that wait to be sent; as many again may be kept for redirects.
    pub(crate) max_queued_bytes: usize,
    /// How long a request waits to be sent; `None` if its owner watches the time.
    pub(crate) connect_timeout: Option<Duration>,
    /// Whether a request that is sent tells how much of its time is left.
    pub(crate) shortens_remaining: bool,
    /// Whether the peer is told that nobody waits any more for a call whose time has passed.
    pub(crate) cancels_expired: bool,
}

/// Returns the index of a link as calls keep it.
#[inline]
fn index(link: usize) -> u32 {
    u32::try_from(link).unwrap_or(u32::MAX)
}

pub(crate) struct Multiplexer<O> {
    links: Vec<LinkState>,
    /// The link that the next request tries first: round robin.
    next_link: usize,
    calls: Calls<O>,
    /// That of a link that is added.
    liveness: Liveness,
    settings: CallSettings,
}

impl<O: Default> Multiplexer<O> {
    /// Returns a multiplexer of so many links, which are all down.
    pub(crate) fn new(links: usize, liveness: Liveness, settings: CallSettings) -> Self {
        Self {
            links: (0..links).map(|_| LinkState::new(liveness)).collect(),
            next_link: 0,
            calls: Calls::default(),
            liveness,
            settings: CallSettings {
                max_calls: settings.max_calls.min(MAX_CALLS),
                ..settings
            },
        }
    }

    /// Returns the number of calls that have not been taken out.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Returns whether requests wait to be sent.
    #[inline]
    pub(crate) fn has_waiting(&self) -> bool {
        self.calls.waiting() > 0
    }

    /// Checks what holds at any time.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        for (at, link) in self.links.iter().enumerate() {
            let sent = self.calls.ids_where(|call| call.is_sent_over(index(at)));
            assert_eq!(link.in_flight, sent.len());
            assert!(link.is_up() || sent.is_empty(), "lost with the connection");
        }
        self.calls.check();
    }

    /// Returns the bytes of the requests that wait.
    #[cfg(test)]
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.calls.waiting_bytes()
    }

    /// Returns what the owner keeps for a call that has not been taken out.
    #[inline]
    pub(crate) fn origin(&self, id: u64) -> Option<&O> {
        self.calls.get(id).map(|call| &call.origin)
    }

    /// The same, to change it.
    #[inline]
    pub(crate) fn origin_mut(&mut self, id: u64) -> Option<&mut O> {
        self.calls.get_mut(id).map(|call| &mut call.origin)
    }

    /// Returns whether a call's request has been sent, and was not rejected.
    #[inline]
    pub(crate) fn is_written(&self, id: u64) -> bool {
        self.calls.get(id).is_some_and(|call| call.written)
    }

    /// Takes a call out, whatever its stage. Its peer is told if it waits for a reply.
    pub(crate) fn cancel(&mut self, id: u64, sockets: &mut impl Transmit) -> Option<CallEntry<O>> {
        let call = self.calls.remove(id)?;
        if let Some(link) = call.stage.link() {
            self.links[link as usize].in_flight -= 1;
            if call.kind == CallKind::Call {
                self.try_send(
                    link as usize,
                    DIALECT.control(id, CallControl::Cancel),
                    sockets,
                );
            }
        }
        Some(call)
    }

    /// Takes out a call that has ended and been kept, if `take` finds in it what it takes.
    #[inline]
    pub(crate) fn take_ended<T>(
        &mut self,
        id: u64,
        take: impl FnOnce(&mut O) -> Option<T>,
    ) -> Option<T> {
        self.calls.take_ended(id, take)
    }

    /// Has a call end at `deadline`, and at `connected_by` if it has not been sent by then. Returns what its owner keeps for it,
    /// and whether [`next_expiry`](Self::next_expiry) may be earlier now.
    #[inline]
    pub(crate) fn set_deadline(
        &mut self,
        id: u64,
        deadline: Instant,
        connected_by: Instant,
    ) -> Option<(&mut O, bool)> {
        self.calls.set_deadline(id, deadline, connected_by)
    }

    /// Ends the calls whose time has passed at `now`.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) {
        for id in self.calls.expired(now) {
            let Some(call) = self.calls.get(id) else {
                continue;
            };
            let written = call.written;
            let reason = if call.deadline.is_some_and(|deadline| deadline <= now) {
                NoReply::TimedOut { written }
            } else {
                NoReply::NotConnected
            };
            if let Stage::Sent { link, .. } = call.stage
                && call.kind == CallKind::Call
                && self.settings.cancels_expired
            {
                self.try_send(
                    link as usize,
                    DIALECT.control(id, CallControl::Cancel),
                    sockets,
                );
            }
            self.end(id, Err(reason), outcomes);
        }
    }

    /// Returns when to call [`expire`](Self::expire); `None` if no call can expire.
    #[inline]
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.calls.next_look()
    }

    /// Fails all calls that have not ended.
    pub(crate) fn fail_all(&mut self, reason: &NoReply, outcomes: &mut impl Outcomes<O>) {
        self.fail(|call| !matches!(call.stage, Stage::Ended), reason, outcomes);
    }

    /// Fails the calls that satisfy `which`, none of which has ended.
    fn fail(
        &mut self,
        which: impl Fn(&CallEntry<O>) -> bool,
        reason: &NoReply,
        outcomes: &mut impl Outcomes<O>,
    ) {
        for id in self.calls.ids_where(which) {
            self.end(id, Err(reason.clone()), outcomes);
        }
    }

    fn end(&mut self, id: u64, result: CallResult, outcomes: &mut impl Outcomes<O>) {
        if let Some(link) = self.calls.end(id) {
            self.links[link as usize].in_flight -= 1;
        }
        if let Some(call) = self.calls.get_mut(id)
            && !outcomes.ended(id, &mut call.origin, result)
        {
            self.calls.remove(id);
        }
    }
}

#[cfg(test)]
mod tests;
