//! How a server ends without losing a call: a state machine without I/O, to which its owner passes the time.
//!
//! The server first notifies everybody who has called lately, and serves each caller until that one has acknowledged
//! that nothing more will come from it. Only then, or when a caller takes too long, the server rejects new requests.
//! Proxies use it in the same way.
//!
//! A notified caller sends nothing more, not even pings. So it gets keep-alive frames unasked.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use super::active_peers::{ActivePeers, MAX};
use crate::dialect::{CallId, Dialect, Outbound, OutboundFrame, ReplyTo};
use crate::socket::{PeerId, Route};

/// How long to wait for acknowledgements. An idle client takes one round trip and some 25 ms until it reads its socket.
/// A caller that does not know the notice, or never stops sending, must not delay the end.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// After this many messages since the notice a caller is not waited for any more: it has sent as many as a client has
/// calls in flight, so it ignores the notice. Its further requests are rejected, not executed.
const MAX_MESSAGES: u32 = 65_536;

/// When callers that have not acknowledged are first probed: one that went away together with the server never
/// acknowledges.
const FIRST_PROBE: Duration = Duration::from_millis(5);

/// The interval of keep-alive frames. A caller that misses three of them takes the server for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

pub(crate) struct Draining {
    active_peers: ActivePeers,
    /// The id of the notice, random so that no caller knows it before it gets the notice.
    id: CallId,
    stage: DrainStage,
    /// The callers that were notified, except those that have gone.
    notified: HashSet<PeerId>,
    /// When these get the next keep-alive frame; `None` before the end is requested.
    keep_alive_at: Option<Instant>,
}

enum DrainStage {
    /// The end was not requested yet.
    Serving,
    /// The callers are notified, and their acknowledgements waited for.
    Notifying {
        until: Instant,
        /// The callers that have not acknowledged, and how many messages each has sent since the notice.
        unacknowledged: HashMap<PeerId, u32>,
        /// When to probe these next, and how long to wait after that.
        probe_at: Instant,
        probe_interval: Duration,
    },
    /// New requests are rejected.
    Rejecting { since: Instant },
}

impl Draining {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            active_peers: ActivePeers::new(now),
            // 0 is the id of no notice.
            id: CallId::from(RandomState::new().hash_one(0).max(1)),
            stage: DrainStage::Serving,
            notified: HashSet::new(),
            keep_alive_at: None,
        }
    }

    /// Records a message from a route. Returns the notice to send back to a caller that appears after the end was
    /// requested.
    #[inline]
    pub(crate) fn heard(&mut self, route: &Route, now: Instant) -> Option<OutboundFrame> {
        if matches!(self.stage, DrainStage::Serving) {
            self.active_peers.heard(route, now);
            return None;
        }
        self.notify_late(route)
    }

    #[cold]
    fn notify_late(&mut self, route: &Route) -> Option<OutboundFrame> {
        let peer = route.direct_peer()?;
        let is_known = self.notified.contains(peer) || self.notified.len() >= MAX;
        if !is_known {
            self.notified.insert(peer.clone());
        }
        if let DrainStage::Notifying { unacknowledged, .. } = &mut self.stage {
            if !is_known {
                unacknowledged.insert(peer.clone(), 0);
            } else if let Some(count) = unacknowledged.get_mut(peer) {
                *count += 1;
                if *count >= MAX_MESSAGES {
                    unacknowledged.remove(peer);
                }
            }
        }
        (!is_known).then(|| self.notice(peer.clone()))
    }

    /// Starts to drain within `limit`. Returns the notices to send.
    pub(crate) fn start(&mut self, limit: Duration, now: Instant) -> Vec<OutboundFrame> {
        if !matches!(self.stage, DrainStage::Serving) {
            return Vec::new();
        }
        self.notified.extend(self.active_peers.take_recent(now));
        self.keep_alive_at = Some(now + KEEP_ALIVE);
        self.stage = DrainStage::Notifying {
            until: now + MAX_WAIT.min(limit / 2),
            unacknowledged: self.notified.iter().map(|peer| (peer.clone(), 0)).collect(),
            probe_at: now + FIRST_PROBE,
            probe_interval: FIRST_PROBE,
        };
        let notified = self.notified.iter().cloned();
        notified.map(|peer| self.notice(peer)).collect()
    }

    fn notice(&self, peer: PeerId) -> OutboundFrame {
        let notice = ReplyTo::new(Dialect::Native, self.id.clone()).encode(Outbound::Draining);
        OutboundFrame::ending_none(Route::to(peer), notice)
    }

    /// Processes a ping from a route: with the notice's id it is the acknowledgement.
    pub(crate) fn acknowledge(&mut self, route: &Route, id: &CallId) {
        if *id == self.id {
            self.stop_waiting(route);
        }
    }

    /// Forgets a caller that has gone.
    pub(crate) fn forget(&mut self, route: &Route) {
        if !self.notified.is_empty() {
            self.notified.remove(route.peer());
            self.stop_waiting(route);
        }
    }

    fn stop_waiting(&mut self, route: &Route) {
        if let DrainStage::Notifying { unacknowledged, .. } = &mut self.stage {
            unacknowledged.remove(route.peer());
        }
    }

    /// Adds the routes to which a keep-alive frame is due at `now`. All notified callers get one from time to time.
    /// Those that have not acknowledged get more, at growing intervals: only a send reveals that a peer has gone, and
    /// they may be many.
    pub(crate) fn take_keep_alives(&mut self, now: Instant, to: &mut Vec<Route>) {
        if self.keep_alive_at.is_some_and(|due| now >= due) {
            self.keep_alive_at = Some(now + KEEP_ALIVE);
            to.extend(self.notified.iter().cloned().map(Route::to));
        }
        if let DrainStage::Notifying {
            unacknowledged,
            probe_at,
            probe_interval,
            ..
        } = &mut self.stage
            && now >= *probe_at
        {
            to.extend(unacknowledged.keys().cloned().map(Route::to));
            *probe_at = now + *probe_interval;
            *probe_interval *= 2;
        }
    }

    /// Returns whether new requests are rejected at `now`.
    pub(crate) fn is_rejecting(&mut self, now: Instant) -> bool {
        if let DrainStage::Notifying {
            until,
            unacknowledged,
            ..
        } = &self.stage
            && (unacknowledged.is_empty() || now >= *until)
        {
            self.stage = DrainStage::Rejecting { since: now };
        }
        matches!(self.stage, DrainStage::Rejecting { .. })
    }

    /// Returns since when new requests are rejected.
    pub(crate) fn rejecting_since(&self) -> Option<Instant> {
        match self.stage {
            DrainStage::Rejecting { since } => Some(since),
            DrainStage::Serving | DrainStage::Notifying { .. } => None,
        }
    }

    /// Returns when to call [`take_keep_alives`](Self::take_keep_alives) or [`is_rejecting`](Self::is_rejecting) again
    /// even if no message arrives.
    pub(crate) fn due(&self) -> Option<Instant> {
        let keep_alive_at = self.keep_alive_at.filter(|_| !self.notified.is_empty());
        match self.stage {
            DrainStage::Notifying {
                until, probe_at, ..
            } => {
                let next = until.min(probe_at);
                Some(keep_alive_at.map_or(next, |at| at.min(next)))
            }
            DrainStage::Serving | DrainStage::Rejecting { .. } => keep_alive_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::FrameKind;

    const SECOND: Duration = Duration::from_secs(1);

    fn route(name: &str) -> Route {
        Route::made_up(name, &[])
    }

    fn id(notice: &OutboundFrame) -> CallId {
        match Dialect::Native.classify(&notice.frame) {
            FrameKind::Draining(id) => CallId::from(id),
            other => panic!("{other:?}"),
        }
    }

    /// Two callers were heard, and notified.
    fn notifying(limit: Duration) -> (Draining, Vec<OutboundFrame>, Instant) {
        let now = Instant::now();
        let mut draining = Draining::new(now);
        for name in ["one", "two", "one"] {
            assert!(draining.heard(&route(name), now).is_none());
        }
        assert!(!draining.is_rejecting(now) && draining.due().is_none());
        let notices = draining.start(limit, now);
        assert_eq!(notices.len(), 2);
        (draining, notices, now)
    }

    #[test]
    fn a_server_without_callers_drains_at_once() {
        let now = Instant::now();
        let mut draining = Draining::new(now);
        assert!(draining.start(SECOND, now).is_empty());
        assert!(draining.is_rejecting(now));
        assert_eq!(draining.rejecting_since(), Some(now));
    }

    #[test]
    fn what_comes_is_taken_until_everybody_has_answered() {
        let (mut draining, notices, now) = notifying(10 * SECOND);
        assert_ne!(id(&notices[0]), CallId::NONE);
        assert_eq!(id(&notices[0]), id(&notices[1]));
        assert!(
            draining.heard(&route("one"), now).is_none(),
            "notified already"
        );
        draining.acknowledge(&notices[0].route, &id(&notices[0]));
        assert!(!draining.is_rejecting(now));
        draining.acknowledge(&notices[1].route, &id(&notices[1]));
        assert!(draining.is_rejecting(now));
        assert_eq!(draining.due(), Some(now + KEEP_ALIVE));
    }

    #[test]
    fn only_the_id_of_the_notice_from_a_notified_caller_acknowledges() {
        let (mut draining, notices, now) = notifying(10 * SECOND);
        let number = id(&notices[0]);
        for route in [&notices[0].route, &notices[1].route] {
            draining.acknowledge(route, &CallId::NONE);
            draining.acknowledge(route, &CallId::from(number.number() ^ 1));
        }
        draining.acknowledge(&route("three"), &number);
        assert!(!draining.is_rejecting(now));
    }

    #[test]
    fn who_does_not_answer_is_not_waited_for_longer_than_half_the_limit() {
        let (mut draining, _, now) = notifying(SECOND / 5);
        let just_before = now + SECOND * 99 / 1000;
        while let Some(due) = draining.due().filter(|due| *due < just_before) {
            draining.take_keep_alives(due, &mut Vec::new());
        }
        assert!(!draining.is_rejecting(just_before));
        assert_eq!(draining.due(), Some(now + SECOND / 10));
        assert!(draining.is_rejecting(now + SECOND / 10));
        let (mut draining, _, now) = notifying(Duration::MAX);
        assert!(draining.is_rejecting(now + MAX_WAIT));
    }

    #[test]
    fn who_never_stops_sending_is_not_waited_for() {
        let (mut draining, notices, now) = notifying(10 * SECOND);
        draining.acknowledge(&notices[0].route, &id(&notices[0]));
        for _ in 1..MAX_MESSAGES {
            assert!(draining.heard(&notices[1].route, now).is_none());
        }
        assert!(
            !draining.is_rejecting(now),
            "that much may have been in transit"
        );
        assert!(draining.heard(&notices[1].route, now).is_none());
        assert!(draining.is_rejecting(now));
    }

    #[test]
    fn a_caller_that_has_gone_is_not_waited_for() {
        let (mut draining, notices, now) = notifying(10 * SECOND);
        for notice in notices {
            draining.forget(&notice.route);
        }
        assert!(draining.is_rejecting(now));
        assert!(draining.due().is_none(), "nobody is left to be notified");
    }

    #[test]
    fn who_was_told_gets_signs_of_life_until_the_end() {
        let (mut draining, notices, now) = notifying(10 * SECOND);
        for notice in &notices {
            draining.acknowledge(&notice.route, &id(notice));
        }
        assert!(draining.is_rejecting(now));
        let (mut to, mut at) = (Vec::new(), now);
        for count in 1..=5_u32 {
            draining.take_keep_alives(at, &mut to);
            at = draining.due().unwrap();
            assert_eq!(at, now + KEEP_ALIVE * count);
            draining.take_keep_alives(at, &mut to);
            assert_eq!(to.drain(..).count(), 2);
        }
        draining.forget(&notices[0].route);
        draining.take_keep_alives(at + KEEP_ALIVE, &mut to);
        let peers: Vec<_> = to.iter().map(Route::peer).collect();
        assert_eq!(peers, [notices[1].route.peer()]);
    }

    #[test]
    fn a_caller_that_does_not_acknowledge_is_probed_at_growing_intervals() {
        let (mut draining, notices, mut now) = notifying(10 * SECOND);
        let acknowledged = &notices[0];
        draining.acknowledge(&acknowledged.route, &id(acknowledged));
        let (mut probes, mut count) = (Vec::new(), 0);
        while !draining.is_rejecting(now) {
            draining.take_keep_alives(now, &mut probes);
            count += probes.len();
            for route in probes.drain(..) {
                assert_eq!(route.peer(), notices[1].route.peer());
            }
            now = draining.due().unwrap();
        }
        assert_eq!(count, 7, "after 5, 10, 20, 40, 80, 160, 320 ms");
        assert_eq!(
            draining.due(),
            Some(now + KEEP_ALIVE / 2),
            "only keep-alive frames are due"
        );
    }

    #[test]
    fn a_caller_that_comes_late_is_notified_once_and_waited_for() {
        let (mut draining, notices, now) = notifying(10 * SECOND);
        let late = draining.heard(&route("late"), now).unwrap();
        assert!(draining.heard(&route("late"), now).is_none());
        for notice in &notices {
            draining.acknowledge(&notice.route, &id(notice));
        }
        assert!(!draining.is_rejecting(now));
        draining.acknowledge(&late.route, &id(&late));
        assert!(draining.is_rejecting(now));
        assert!(draining.heard(&route("later"), now).is_some());
        assert!(draining.is_rejecting(now), "its requests are rejected");
    }

    #[test]
    fn draining_starts_once() {
        let (mut draining, _, now) = notifying(SECOND / 5);
        assert!(draining.start(10 * SECOND, now).is_empty());
        assert!(draining.is_rejecting(now + SECOND / 10));
    }
}
