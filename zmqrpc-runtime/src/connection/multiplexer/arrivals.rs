//! What arrives, and what it means for calls.

use super::{Multiplexer, Transmit, index};
use crate::clock::Instant;
use crate::connection::call::{CallEntry, Redirect, Stage};
use crate::connection::link::LinkNews;
use crate::connection::{DIALECT, NoReply, Outcomes};
use crate::dialect::FrameKind;
use crate::socket::{ConnectionEvent, Frame};

/// What has arrived over a link, as far as it takes the socket to settle it, which the arrivals are read from.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something else that may have arrived"
)]
pub(crate) struct Arrivals {
    any: bool,
    heard: bool,
    /// The peer has begun to drain.
    draining: bool,
    /// It is known what had arrived over a connection that nothing more is sent over.
    is_known: bool,
    /// Why the connection has to be replaced.
    lost: Option<NoReply>,
    /// Why the peer cannot be used.
    pub(super) refusal: Option<NoReply>,
    rejections: Vec<(u64, Box<Redirect>, Frame)>,
}

impl Arrivals {
    /// Returns whether anything has arrived.
    pub(crate) fn any(&self) -> bool {
        self.any
    }
}

impl<O: Default> Multiplexer<O> {
    /// Handles what the socket of a link reports. A link whose index is the next one is added when it comes up.
    /// [`settle`](Self::settle) follows when it has reported everything.
    #[inline]
    pub(crate) fn handle_event(
        &mut self,
        at: usize,
        event: ConnectionEvent,
        arrivals: &mut Arrivals,
        outcomes: &mut impl Outcomes<O>,
    ) {
        arrivals.any = true;
        match event {
            ConnectionEvent::Received(frame) => self.handle_frame(at, frame, arrivals, outcomes),
            ConnectionEvent::Up => {
                self.add_link(at);
                self.links[at].handle_up();
                arrivals.heard = true;
            }
            ConnectionEvent::Down => self.lose(at, &NoReply::Disconnected, outcomes),
            ConnectionEvent::Abandoned => {
                arrivals.lost.get_or_insert(NoReply::Disconnected);
            }
            ConnectionEvent::NotZmtp => arrivals.refusal = Some(NoReply::Foreign),
            ConnectionEvent::LoginRefused(failure) => {
                arrivals.refusal = Some(NoReply::Denied(failure));
            }
        }
    }

    #[inline]
    fn handle_frame(
        &mut self,
        at: usize,
        frame: Frame,
        arrivals: &mut Arrivals,
        outcomes: &mut impl Outcomes<O>,
    ) {
        // Dereferenced once: asking libzmq for the address of the bytes takes longer than reading them.
        let bytes: &[u8] = &frame;
        let kind = DIALECT.classify(bytes);
        arrivals.heard |= kind.is_from_server();
        let news = self.links[at].handle_frame(kind);
        match kind {
            FrameKind::Reply(id) => self.handle_reply(at, id, frame, arrivals, outcomes),
            FrameKind::FromClient(id) => {
                arrivals.lost = Some(NoReply::NoServer { returned: false });
                if self.is_sent_over(at, id) {
                    self.end(id, Err(NoReply::NoServer { returned: true }), outcomes);
                }
            }
            FrameKind::Draining(_) => arrivals.draining |= news == LinkNews::Draining,
            FrameKind::Pong(id) => {
                let notifications = &mut self.links[at].notifications;
                match self.calls.get(id).map(|call| &call.stage) {
                    Some(Stage::Asked { link, behind }) if *link == index(at) => {
                        notifications.arrive(*behind);
                        self.end(id, Ok(None), outcomes);
                    }
                    _ if news == LinkNews::Acknowledged => {
                        // That ping was the last frame that was sent.
                        notifications.arrive(notifications.handed_over());
                        arrivals.is_known = true;
                    }
                    _ => {}
                }
            }
            FrameKind::Interim(id) => {
                // One that arrives after the reply is no error.
                if let Some(call) = self
                    .calls
                    .get(id)
                    .filter(|call| call.is_sent_over(index(at)))
                {
                    outcomes.interim(&call.origin, frame);
                }
            }
            // Whoever has bound the socket has seen to it.
            FrameKind::Worker | FrameKind::Unknown { .. } => outcomes.unexpected(),
        }
    }

    #[inline]
    fn handle_reply(
        &mut self,
        at: usize,
        id: u64,
        reply: Frame,
        arrivals: &mut Arrivals,
        outcomes: &mut impl Outcomes<O>,
    ) {
        if let Some(origin) = self.calls.end_sent(id, index(at)) {
            self.links[at].in_flight -= 1;
            if !outcomes.ended(id, origin, Ok(Some(reply))) {
                self.calls.remove(id);
            }
        } else if !self.is_sent_over(at, id) {
            // A peer may answer the calls that were sent to it, and no others.
            outcomes.unexpected();
        } else if DIALECT.rejection(&reply).is_some()
            && let Some(redirect) = self.calls.take_redirect(id)
        {
            self.links[at].in_flight -= 1;
            arrivals.rejections.push((id, redirect, reply));
        } else {
            self.end(id, Ok(Some(reply)), outcomes);
        }
    }

    fn is_sent_over(&self, at: usize, id: u64) -> bool {
        self.calls
            .get(id)
            .is_some_and(|call| call.is_sent_over(index(at)))
    }

    /// Settles what has arrived over a link. Returns why its connection has to be replaced, if it has to be:
    /// [`handle_replaced`](Self::handle_replaced) follows.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        at: usize,
        arrivals: Arrivals,
        now: Instant,
        sockets: &mut impl Transmit,
        outcomes: &mut impl Outcomes<O>,
    ) -> Option<NoReply> {
        if arrivals.heard {
            self.links[at].hear(now);
        }
        for (id, redirect, reply) in arrivals.rejections {
            if !self.redirect(index(at), id, *redirect, now, sockets, outcomes) {
                self.end(id, Ok(Some(reply)), outcomes);
            }
        }
        if arrivals.draining && !self.takes_calls() {
            let moves = |call: &CallEntry<O>| call.movable && call.is_waiting();
            self.fail(moves, &NoReply::Drained, outcomes);
        }
        if arrivals.is_known {
            self.fail_waiting_pings(at, &NoReply::Disconnected, outcomes);
        }
        if let Some(reason) = arrivals.refusal {
            self.links[at].refused = true;
            if self.links.iter().all(|link| link.refused) {
                self.fail(CallEntry::is_waiting, &reason, outcomes);
            }
        }
        arrivals.lost
    }
}
