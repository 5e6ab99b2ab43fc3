//! How requests are sent, or wait.

use super::{LinkState, Multiplexer, Transmit, index};
use crate::clock::Instant;
use crate::connection::call::{CallKind, NewCall, Redirect, Stage, Waiting};
use crate::connection::{DIALECT, Outcomes};
use crate::socket::Frame;

/// A call that has an id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submitted {
    pub(crate) id: u64,
    /// Whether the socket has taken the request already.
    pub(crate) written: bool,
}

/// The limit that a call exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitExceeded {
    Calls(usize),
    QueuedBytes(usize),
}

impl<O: Default> Multiplexer<O> {
    /// Gives a call an id, which is set in its request, and sends the request or lets it wait. What its owner keeps for it is
    /// the default at first.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        request: &mut Frame,
        call: NewCall,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) -> Result<Submitted, LimitExceeded> {
        if self.calls.len() >= self.settings.max_calls {
            return Err(LimitExceeded::Calls(self.settings.max_calls));
        }
        let id = self.calls.next_id(call.hops);
        DIALECT.set_id(request, id);
        if self.has_waiting() {
            return self.wait(id, request, call, now, sockets);
        }
        if self.settings.shortens_remaining {
            shorten_remaining(request, call.deadline, now);
        }
        let redirect = self.redirect_of(request, call.kind);
        let (links, next) = (&mut self.links, &mut self.next_link);
        let Some(link) = send(links, next, &[], request, now, sockets) else {
            return self.wait(id, request, call, now, sockets);
        };
        self.calls.insert(id, call, Stage::Sent { link, redirect });
        if call.kind == CallKind::Call {
            self.links[link as usize].in_flight += 1;
        } else {
            self.sent(id, outcomes);
        }
        Ok(Submitted { id, written: true })
    }

    #[cold]
    fn wait(
        &mut self,
        id: u64,
        request: &mut Frame,
        call: NewCall,
        now: Instant,
        sockets: &impl Transmit,
    ) -> Result<Submitted, LimitExceeded> {
        let limit = self.settings.max_queued_bytes;
        if self.calls.waiting_bytes().saturating_add(request.len()) > limit {
            return Err(LimitExceeded::QueuedBytes(limit));
        }
        let stage = self.waiting(sockets.keep(std::mem::take(request)), now);
        self.calls.insert(id, call, stage);
        Ok(Submitted { id, written: false })
    }

    fn waiting(&self, request: Frame, now: Instant) -> Stage {
        let timeout = self.settings.connect_timeout;
        let until = timeout.map(|timeout| now + timeout);
        Stage::Waiting(Box::new(Waiting { request, until }))
    }

    /// Copies a request so that it can be sent to another peer if its own rejects it; `None` if there is no other peer, or no
    /// room for the copy.
    #[inline]
    fn redirect_of(&self, request: &Frame, kind: CallKind) -> Option<Box<Redirect>> {
        if self.links.len() < 2 || kind != CallKind::Call {
            return None;
        }
        let free = self
            .settings
            .max_queued_bytes
            .checked_sub(self.calls.redirect_bytes())?;
        (request.len() <= free).then(|| Box::new(Redirect::of(request)))
    }

    /// Begins a ping over this link, and no other. It waits until there is room; a peer that drains is sent none, and shows
    /// by its end what a ping would.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds.
    pub(crate) fn ping(
        &mut self,
        at: usize,
        now: Instant,
        sockets: &mut impl Transmit,
    ) -> Result<Submitted, LimitExceeded> {
        if self.calls.len() >= self.settings.max_calls {
            return Err(LimitExceeded::Calls(self.settings.max_calls));
        }
        let call = NewCall {
            kind: CallKind::Ping,
            hops: 0,
            deadline: None,
            movable: false,
        };
        let id = self.calls.next_id(call.hops);
        self.calls.insert(id, call, Stage::Unsent);
        // Those that were given up stay in line only as long as no other comes.
        let mut pings = std::mem::take(&mut self.links[at].pings);
        pings.retain(|ping| self.is_unsent_ping(*ping));
        pings.push_back(id);
        self.links[at].pings = pings;
        self.send_pings(at, now, sockets);
        let written = !self.is_unsent_ping(id);
        Ok(Submitted { id, written })
    }

    /// Returns whether a call is a ping that waits for room on its link.
    pub(super) fn is_unsent_ping(&self, id: u64) -> bool {
        let call = self.calls.get(id);
        call.is_some_and(|call| matches!(call.stage, Stage::Unsent))
    }

    /// Sends the pings that wait for a link, as far as there is room. Returns whether any was sent.
    pub(super) fn send_pings(
        &mut self,
        at: usize,
        now: Instant,
        sockets: &mut impl Transmit,
    ) -> bool {
        let mut any = false;
        while let Some(id) = self.links[at].pings.front().copied()
            && self.links[at].takes_calls()
        {
            if self.is_unsent_ping(id) {
                let link = &mut self.links[at];
                if link.in_flight == 0 {
                    link.hear(now);
                }
                if !sockets.send(at, &mut DIALECT.ping(id)) {
                    break;
                }
                link.in_flight += 1;
                let behind = link.notifications.handed_over();
                let link = index(at);
                self.calls.set_stage(id, Stage::Asked { link, behind });
                if let Some(call) = self.calls.get_mut(id) {
                    call.written = true;
                }
                any = true;
            }
            self.links[at].pings.pop_front();
        }
        any
    }

    /// Sends the requests that wait, as far as there is room. Returns whether any was sent.
    pub(crate) fn send_waiting(
        &mut self,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) -> bool {
        let mut any = false;
        while self.takes_calls() && self.has_waiting() {
            let Self {
                links,
                next_link,
                calls,
                settings,
                ..
            } = self;
            let several = links.len() > 1;
            let free = settings
                .max_queued_bytes
                .saturating_sub(calls.redirect_bytes());
            let sent = calls.send_next(|request, kind, deadline| {
                if settings.shortens_remaining {
                    shorten_remaining(request, deadline, now);
                }
                let may_redirect = several && kind == CallKind::Call && request.len() <= free;
                let redirect = may_redirect.then(|| Box::new(Redirect::of(request)));
                let link = send(links, next_link, &[], request, now, sockets)?;
                Some(Stage::Sent { link, redirect })
            });
            let Some(id) = sent else { break };
            if let Some(call) = calls.get_mut(id) {
                outcomes.sent(&mut call.origin);
            }
            self.sent(id, outcomes);
            any = true;
        }
        any
    }

    /// Records that the socket has taken a request.
    #[inline]
    fn sent(&mut self, id: u64, outcomes: &mut impl Outcomes<O>) {
        let Some(call) = self.calls.get_mut(id) else {
            return;
        };
        let Stage::Sent { link: at, .. } = call.stage else {
            return;
        };
        call.written = true;
        let link = &mut self.links[at as usize];
        link.in_flight += 1;
        match call.kind {
            CallKind::Call => {}
            CallKind::Ping => {
                call.stage = Stage::Asked {
                    link: at,
                    behind: link.notifications.handed_over(),
                };
            }
            CallKind::Notification => {
                link.notifications.hand_over();
                self.end(id, Ok(None), outcomes);
            }
        }
    }

    /// Sends a call that a peer has rejected unexecuted to another one that has not rejected it yet. Returns `false` if there
    /// is none, so that the rejection is the call's outcome. If no peer that rejected the call takes calls by now, the call
    /// waits for one that does.
    pub(super) fn redirect(
        &mut self,
        at: u32,
        id: u64,
        redirect: Redirect,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) -> bool {
        let Redirect {
            mut request,
            mut rejected_by,
        } = redirect;
        let Some(call) = self.calls.get(id) else {
            return false;
        };
        if self.settings.shortens_remaining {
            shorten_remaining(&mut request, call.deadline, now);
        }
        rejected_by.push(at);
        let copy = request.clone();
        let sent = send(
            &mut self.links,
            &mut self.next_link,
            &rejected_by,
            &mut request,
            now,
            sockets,
        );
        match sent {
            Some(link) => {
                let redirect = Some(Box::new(Redirect {
                    request: copy,
                    rejected_by,
                }));
                self.calls.set_stage(id, Stage::Sent { link, redirect });
                if let Some(call) = self.calls.get_mut(id) {
                    outcomes.sent(&mut call.origin);
                }
                self.sent(id, outcomes);
            }
            // A peer that rejected the call and still takes calls would get it again.
            None if rejected_by
                .iter()
                .any(|at| self.links[*at as usize].takes_calls()) =>
            {
                return false;
            }
            None => {
                let stage = self.waiting(request, now);
                self.calls.set_stage(id, stage);
                if let Some(call) = self.calls.get_mut(id) {
                    call.written = false;
                }
            }
        }
        true
    }

    /// Sends a frame over a link if its peer takes calls and there is room; otherwise drops it.
    pub(super) fn try_send(&mut self, at: usize, mut frame: Frame, sockets: &mut impl Transmit) {
        let _ = self.links[at].takes_calls() && sockets.send(at, &mut frame);
    }
}

/// Sends a request over the next link in turn that takes calls, has room and is not in `rejected_by`. Returns the link;
/// `None` if there is none, which leaves the request.
#[inline]
fn send(
    links: &mut [LinkState],
    next: &mut usize,
    rejected_by: &[u32],
    request: &mut Frame,
    now: Instant,
    sockets: &mut impl Transmit,
) -> Option<u32> {
    let mut at = *next;
    for _ in 0..links.len() {
        if at >= links.len() {
            at = 0;
        }
        let (link, number) = (&mut links[at], index(at));
        if link.takes_calls() && !rejected_by.contains(&number) {
            if link.in_flight == 0 {
                // Silence counts from this request on: before it, no reply was due.
                link.hear(now);
            }
            if sockets.send(at, request) {
                *next = at + 1;
                return Some(number);
            }
        }
        at += 1;
    }
    None
}

fn shorten_remaining(request: &mut [u8], deadline: Option<Instant>, now: Instant) {
    if let Some(deadline) = deadline {
        DIALECT.shorten_remaining(request, deadline.saturating_duration_since(now));
    }
}
