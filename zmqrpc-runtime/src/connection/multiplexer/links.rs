//! The links of a multiplexer: which are there, whether their peers live, and what is lost with them.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::{
    CallEntry, Liveness, LivenessAction, Multiplexer, NotificationTracker, Transmit, index,
};
use crate::clock::Instant;
use crate::connection::call::CallKind;
use crate::connection::{DIALECT, Link, NoReply, Outcomes};
use crate::dialect::NO_ID;

/// A link, and what was sent over it.
pub(super) struct LinkState {
    link: Link,
    /// Calls that were sent over it and have not ended.
    pub(super) in_flight: usize,
    pub(super) notifications: NotificationTracker,
    /// The pings over it that wait for room.
    pub(super) pings: VecDeque<u64>,
    /// Whether its peer could not be used, when that was last tried.
    pub(super) refused: bool,
}

impl LinkState {
    pub(super) fn new(liveness: Liveness) -> Self {
        Self {
            link: Link::new(liveness),
            in_flight: 0,
            notifications: NotificationTracker::default(),
            pings: VecDeque::new(),
            refused: false,
        }
    }

    pub(super) fn handle_up(&mut self) {
        self.link.handle_up();
        self.refused = false;
    }

    /// Returns whether a ping is to be sent as soon as there is room.
    #[inline]
    fn owes_pings(&self) -> bool {
        self.owed_ping().is_some() || !self.pings.is_empty() && self.takes_calls()
    }
}

impl Deref for LinkState {
    type Target = Link;

    #[inline]
    fn deref(&self) -> &Link {
        &self.link
    }
}

impl DerefMut for LinkState {
    #[inline]
    fn deref_mut(&mut self) -> &mut Link {
        &mut self.link
    }
}

impl<O: Default> Multiplexer<O> {
    /// Adds a link if it is the next one.
    pub(super) fn add_link(&mut self, at: usize) {
        if at == self.links.len() {
            self.links.push(LinkState::new(self.liveness));
        }
    }

    /// Returns the number of links, those that are down included.
    pub(crate) fn links(&self) -> usize {
        self.links.len()
    }

    pub(crate) fn link(&self, at: usize) -> &Link {
        &self.links[at]
    }

    /// Returns whether a peer is connected.
    #[inline]
    pub(crate) fn is_up(&self) -> bool {
        self.links.iter().any(|link| link.is_up())
    }

    /// Returns whether a peer is connected, and each that is was heard within `age`.
    #[inline]
    pub(crate) fn is_fresh(&self, now: Instant, age: Duration) -> bool {
        let is_old = |link: &LinkState| link.is_up() && link.is_older(now, age);
        self.is_up() && !self.links.iter().any(is_old)
    }

    /// Returns whether a peer has said that it is about to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.links.iter().any(|link| link.is_draining())
    }

    /// Returns how long silence lasts before it is asked about.
    pub(crate) fn ping_interval(&self) -> Duration {
        self.liveness.interval()
    }

    /// Returns whether a peer is connected that does not drain.
    #[inline]
    pub(crate) fn takes_calls(&self) -> bool {
        self.links.iter().any(|link| link.takes_calls())
    }

    /// Returns whether requests wait although a peer takes calls, or an acknowledgement does: there is no room for them.
    pub(crate) fn lacks_room(&self) -> bool {
        self.has_waiting() && self.takes_calls() || self.links.iter().any(LinkState::owes_pings)
    }

    /// Sends the pings that draining peers wait for, and those that wait for a link, as far as there is room. Returns whether
    /// any was sent.
    #[inline]
    pub(crate) fn send_owed_pings(&mut self, now: Instant, sockets: &mut impl Transmit) -> bool {
        let mut any = false;
        for at in 0..self.links.len() {
            if self.links[at].owes_pings() {
                any |= self.acknowledge_draining(at, sockets) == Some(true);
                any |= self.send_pings(at, now, sockets);
            }
        }
        any
    }

    /// Sends the ping that a draining peer waits for. Returns `None` if it waits for none, or else whether there was room.
    pub(crate) fn acknowledge_draining(
        &mut self,
        at: usize,
        sockets: &mut impl Transmit,
    ) -> Option<bool> {
        let link = &mut self.links[at];
        let id = link.owed_ping()?;
        let sent = sockets.send(at, &mut DIALECT.ping(id));
        if sent {
            link.handle_ping_sent();
        }
        Some(sent)
    }

    /// Looks whether the peer of a link lives, and pings it if that is to be asked. Returns what is to be done; `None` if its
    /// silence does not matter.
    pub(crate) fn check_link(
        &mut self,
        at: usize,
        now: Instant,
        sockets: &mut impl Transmit,
    ) -> Option<LivenessAction> {
        let link = &mut self.links[at];
        let calls_wait = link.in_flight > 0;
        let action = link.handle_timeout(now, calls_wait)?;
        if action == LivenessAction::Ask {
            // If there is no room, the peer does not read: the next check counts on.
            self.try_send(at, DIALECT.ping(NO_ID), sockets);
        }
        Some(action)
    }

    /// Handles that another connection is made in place of the one that a link had.
    pub(crate) fn handle_replaced(
        &mut self,
        at: usize,
        reason: &NoReply,
        now: Instant,
        outcomes: &mut impl Outcomes<O>,
    ) {
        self.lose(at, reason, outcomes);
        self.links[at].hear(now);
    }

    /// Fails what was sent over a connection that is lost.
    pub(super) fn lose(&mut self, at: usize, reason: &NoReply, outcomes: &mut impl Outcomes<O>) {
        let link = &mut self.links[at];
        link.handle_down();
        link.notifications.lose_connection();
        self.fail(|call| call.is_sent_over(index(at)), reason, outcomes);
        self.fail_waiting_pings(at, reason, outcomes);
    }

    /// Fails the pings that wait for a link: it is known what they are to find out, and they would ask over another
    /// connection.
    pub(super) fn fail_waiting_pings(
        &mut self,
        at: usize,
        reason: &NoReply,
        outcomes: &mut impl Outcomes<O>,
    ) {
        for id in std::mem::take(&mut self.links[at].pings) {
            if self.is_unsent_ping(id) {
                self.end(id, Err(reason.clone()), outcomes);
            }
        }
        let is_ping = |call: &CallEntry<O>| call.kind == CallKind::Ping && call.is_waiting();
        if self.has_waiting() {
            self.fail(is_ping, reason, outcomes);
        }
    }

    /// Returns what is known of the notifications that were sent over a link.
    pub(crate) fn notifications(&mut self, at: usize) -> &mut NotificationTracker {
        &mut self.links[at].notifications
    }
}
