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

impl<O> Multiplexer<O> {
    /// Gives a call an id, and sends its request, whose id is set, or lets it wait.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds, with what its owner keeps for it.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        mut request: Frame,
        call: NewCall<O>,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) -> Result<Submitted, (O, LimitExceeded)> {
        if self.calls.len() >= self.settings.max_calls {
            let limit = LimitExceeded::Calls(self.settings.max_calls);
            return Err((call.origin, limit));
        }
        let id = self.calls.next_id(call.hops);
        DIALECT.set_id(&mut request, id);
        if self.has_waiting() {
            return self.wait(id, request, call, now, sockets);
        }
        if self.settings.shortens_remaining {
            shorten_remaining(&mut request, call.deadline, now);
        }
        let redirect = self.redirect_of(&request, call.kind);
        let (links, next) = (&mut self.links, &mut self.next_link);
        match send(links, next, &[], request, now, sockets) {
            Ok(link) => {
                let hops = call.hops;
                let call = call.into_stage(Stage::Sent { link, redirect });
                let inserted = self.calls.insert(hops, call);
                debug_assert_eq!(inserted, id);
                self.sent(id, outcomes);
                Ok(Submitted { id, written: true })
            }
            Err(request) => self.wait(id, request, call, now, sockets),
        }
    }

    #[cold]
    fn wait(
        &mut self,
        id: u64,
        request: Frame,
        call: NewCall<O>,
        now: Instant,
        sockets: &impl Transmit,
    ) -> Result<Submitted, (O, LimitExceeded)> {
        let limit = self.settings.max_queued_bytes;
        if self.calls.waiting_bytes().saturating_add(request.len()) > limit {
            return Err((call.origin, LimitExceeded::QueuedBytes(limit)));
        }
        let hops = call.hops;
        let stage = self.waiting(sockets.keep(request), now);
        let inserted = self.calls.insert(hops, call.into_stage(stage));
        debug_assert_eq!(inserted, id);
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
            } = self;
            let several = links.len() > 1;
            let free = settings
                .max_queued_bytes
                .saturating_sub(calls.redirect_bytes());
            let sent = calls.send_next(|mut request, call| {
                if settings.shortens_remaining {
                    shorten_remaining(&mut request, call.deadline, now);
                }
                let may_redirect = several && call.kind == CallKind::Call && request.len() <= free;
                let redirect = may_redirect.then(|| Box::new(Redirect::of(&request)));
                let link = send(links, next_link, &[], request, now, sockets)?;
                Ok(Stage::Sent { link, redirect })
            });
            let Some(id) = sent else { break };
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
        let Stage::Sent { link, .. } = call.stage else {
            return;
        };
        call.written = true;
        let link = &mut self.links[link as usize];
        link.in_flight += 1;
        outcomes.sent(&mut call.origin);
        match call.kind {
            CallKind::Call => {}
            CallKind::Ping => call.behind = link.notifications.handed_over(),
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
            request,
            now,
            sockets,
        );
        match sent {
            Ok(link) => {
                let redirect = Some(Box::new(Redirect {
                    request: copy,
                    rejected_by,
                }));
                self.calls.set_stage(id, Stage::Sent { link, redirect });
                self.sent(id, outcomes);
            }
            // A peer that rejected the call and still takes calls would get it again.
            Err(_)
                if rejected_by
                    .iter()
                    .any(|at| self.links[*at as usize].takes_calls()) =>
            {
                return false;
            }
            Err(request) => {
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
    pub(super) fn try_send(&mut self, at: usize, frame: Frame, sockets: &mut impl Transmit) {
        if self.links[at].takes_calls() {
            let _ = sockets.send(at, frame);
        }
    }
}

/// Sends a request over the next link in turn that takes calls, has room and is not in `rejected_by`. Returns the link, or the
/// request if there is none.
#[inline]
fn send(
    links: &mut [LinkState],
    next: &mut usize,
    rejected_by: &[u32],
    mut request: Frame,
    now: Instant,
    sockets: &mut impl Transmit,
) -> Result<u32, Frame> {
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
            match sockets.send(at, request) {
                Ok(()) => {
                    *next = at + 1;
                    return Ok(number);
                }
                Err(back) => request = back,
            }
        }
        at += 1;
    }
    Err(request)
}

fn shorten_remaining(request: &mut [u8], deadline: Option<Instant>, now: Instant) {
    if let Some(deadline) = deadline {
        DIALECT.shorten_remaining(request, deadline.saturating_duration_since(now));
    }
}
