//! How requests are sent, or wait.

use super::{LinkState, Multiplexer, Transmit};
use crate::clock::Instant;
use crate::connection::call::{Call, CallKind, NewCall, Redirect, Stage};
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
    /// Gives a call an id, and sends its request or lets it wait.
    ///
    /// # Errors
    ///
    /// The limit that it exceeds, with what its owner keeps for it.
    #[inline]
    pub(crate) fn begin(
        &mut self,
        call: NewCall<O>,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) -> Result<Submitted, (O, LimitExceeded)> {
        let NewCall {
            origin,
            mut request,
            kind,
            hops,
            deadline,
            movable,
        } = call;
        if self.calls.len() >= self.settings.max_calls {
            return Err((origin, LimitExceeded::Calls(self.settings.max_calls)));
        }
        let id = self.calls.next_id(hops);
        DIALECT.set_id(&mut request, id);
        let mut sent = Err(request);
        if !self.has_waiting() {
            sent = sent.or_else(|request| {
                let redirect = self.redirect_of(&request, kind);
                self.send(request, deadline, now, sockets)
                    .map(|link| Stage::Sent { link, redirect })
            });
        }
        let written = sent.is_ok();
        let stage = match sent {
            Ok(stage) => stage,
            Err(request) => match self.wait(request, now, sockets) {
                Ok(stage) => stage,
                Err(exceeded) => return Err((origin, exceeded)),
            },
        };
        let inserted = self.calls.insert(
            hops,
            Call {
                origin,
                kind,
                movable,
                written,
                behind: 0,
                deadline,
                stage,
            },
        );
        debug_assert_eq!(inserted, id);
        if written {
            self.sent(id, outcomes);
        }
        Ok(Submitted { id, written })
    }

    fn wait(
        &self,
        request: Frame,
        now: Instant,
        sockets: &impl Transmit,
    ) -> Result<Stage, LimitExceeded> {
        let limit = self.settings.max_queued_bytes;
        if self.calls.waiting_bytes().saturating_add(request.len()) > limit {
            return Err(LimitExceeded::QueuedBytes(limit));
        }
        let timeout = self.settings.connect_timeout;
        Ok(Stage::Waiting {
            request: Box::new(sockets.keep(request)),
            until: timeout.map(|timeout| now + timeout),
        })
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

    #[inline]
    fn send(
        &mut self,
        mut request: Frame,
        deadline: Option<Instant>,
        now: Instant,
        sockets: &mut impl Transmit,
    ) -> Result<usize, Frame> {
        if self.settings.shortens_remaining {
            shorten_remaining(&mut request, deadline, now);
        }
        send(
            &mut self.links,
            &mut self.next_link,
            &[],
            request,
            now,
            sockets,
        )
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
        let link = &mut self.links[link];
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
        at: usize,
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
            Err(_) if rejected_by.iter().any(|at| self.links[*at].takes_calls()) => return false,
            Err(request) => {
                let until = self.settings.connect_timeout.map(|timeout| now + timeout);
                let request = Box::new(request);
                self.calls.set_stage(id, Stage::Waiting { request, until });
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
    rejected_by: &[usize],
    mut request: Frame,
    now: Instant,
    sockets: &mut impl Transmit,
) -> Result<usize, Frame> {
    let mut at = *next;
    for _ in 0..links.len() {
        if at >= links.len() {
            at = 0;
        }
        let link = &mut links[at];
        if link.takes_calls() && !rejected_by.contains(&at) {
            if link.in_flight == 0 {
                // Silence counts from this request on: before it, no reply was due.
                link.hear(now);
            }
            match sockets.send(at, request) {
                Ok(()) => {
                    *next = at + 1;
                    return Ok(at);
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
