//! The calls that wait to be assigned, and how much room they take.
//!
//! Each peer has a lane, and the lanes take turns. So the calls of one peer run in order and, however many and slow
//! they are, delay those of another peer by one turn. Events and jobs share a lane of their own, which has every other
//! turn.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::lane::{PeerLane, QueueEntry};
use super::lane_loads::LaneLoads;
use crate::dialect::CallId;
use crate::server::dispatcher::ReadyCall;
use crate::socket::{PeerId, Route};

pub(super) struct WaitingCalls {
    /// Events and jobs.
    source_lane: PeerLane,
    /// Whether that lane has the next turn.
    source_lane_next: bool,
    lanes: Vec<PeerLane>,
    /// The lanes that belong to a peer.
    by_peer: HashMap<PeerId, usize>,
    /// The same lanes in the order of their turns. The first is never empty; others may be, after cancellations.
    rotation: VecDeque<usize>,
    /// How many lanes in the rotation are empty.
    empty_in_rotation: usize,
    /// The lanes that belong to no peer.
    free_lanes: Vec<usize>,
    /// The total of the peers' lanes.
    peer_calls: RequestSize,
    /// The peer lane that was pushed to last, which is mostly that of the next call, too.
    last_lane: Option<usize>,
    /// Which lane is the fullest; `None` while there is plenty of room.
    loads: Option<Box<LaneLoads>>,
    /// The limits of the peers' lanes together.
    bounds: RequestSize,
    /// The next lane to probe, and when the next round of probes begins.
    probe_cursor: usize,
    next_probe_at: Option<Instant>,
}

/// An amount of calls, by number and size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestSize {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

/// How long a call waits before its peer is probed, and how often the peer is probed then.
const PROBE_AFTER: Duration = Duration::from_millis(500);

/// Lanes that are probed in one go, since the lock is held meanwhile.
const PROBE_BATCH: usize = 64;

/// Empty lanes that may stay in the rotation in any case.
const SPARE_LANES: usize = 64;

impl WaitingCalls {
    /// Shares are measured against `bounds`.
    pub(super) fn new(bounds: RequestSize) -> Self {
        Self {
            bounds,
            source_lane: PeerLane::default(),
            source_lane_next: false,
            lanes: Vec::new(),
            by_peer: HashMap::new(),
            rotation: VecDeque::new(),
            empty_in_rotation: 0,
            free_lanes: Vec::new(),
            peer_calls: RequestSize::default(),
            last_lane: None,
            loads: None,
            probe_cursor: 0,
            next_probe_at: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rotation.is_empty() && self.source_lane.is_empty()
    }

    /// Returns the amount of peers' calls and notifications, which can be cancelled.
    pub(super) fn peer_calls(&self) -> RequestSize {
        self.peer_calls
    }

    /// Returns the amount of events and jobs.
    pub(super) fn source_calls(&self) -> RequestSize {
        self.source_lane.size()
    }

    /// Returns when the next call arrived.
    pub(super) fn next_received(&self) -> Option<Instant> {
        if self.is_source_lane_next() {
            return self.source_lane.first_received();
        }
        self.next_lane().and_then(PeerLane::first_received)
    }

    fn next_lane(&self) -> Option<&PeerLane> {
        self.rotation.front().map(|at| &self.lanes[*at])
    }

    fn is_source_lane_next(&self) -> bool {
        self.rotation.is_empty() || self.source_lane_next && !self.source_lane.is_empty()
    }

    pub(super) fn push(&mut self, route: Route, call: ReadyCall) {
        if route.is_nowhere() {
            return self.source_lane.push((route, call));
        }
        let at = self.lane_of(&route);
        self.peer_calls.add(&call);
        self.lanes[at].push((route, call));
        self.update_load(at);
    }

    /// Takes back an event or a job as the next one.
    pub(super) fn put_back(&mut self, call: ReadyCall) {
        self.source_lane.push_front((Route::nowhere(), call));
        self.source_lane_next = true;
    }

    pub(super) fn pop(&mut self) -> Option<QueueEntry> {
        if self.is_source_lane_next() {
            self.source_lane_next = false;
            return self.source_lane.pop();
        }
        self.source_lane_next = true;
        let at = self.rotation.pop_front()?;
        let entry = self.lanes[at].pop()?;
        self.peer_calls.subtract(&entry.1);
        self.update_load(at);
        if self.lanes[at].is_empty() {
            self.release(at, entry.0.peer());
        } else {
            self.rotation.push_back(at);
        }
        self.skip_empty();
        Some(entry)
    }

    /// Removes the next event or job, if its lane has the next turn or it arrived no later than the next peer's call.
    pub(super) fn pop_source_call(&mut self) -> Option<ReadyCall> {
        let next = self.next_lane().and_then(PeerLane::first_received);
        let is_next = self.is_source_lane_next() || self.source_lane.first_received() <= next;
        self.source_lane_next &= !is_next;
        is_next
            .then(|| self.source_lane.pop())
            .flatten()
            .map(|(_, call)| call)
    }

    /// Removes a peer's call with this id. Returns whether it was waiting.
    pub(super) fn cancel(&mut self, route: &Route, id: &CallId) -> bool {
        let Some(at) = self.by_peer.get(route.peer()).copied() else {
            return false;
        };
        let Some((_, call)) = self.lanes[at].remove(route, id) else {
            return false;
        };
        self.peer_calls.subtract(&call);
        self.after_removal(at);
        true
    }

    /// Removes all calls of a peer. Returns how many.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> usize {
        let Some(at) = self.by_peer.get(gone.peer()).copied() else {
            return 0;
        };
        let RequestSize { count, bytes } = self.lanes[at].size();
        self.peer_calls.count -= count;
        self.peer_calls.bytes -= bytes;
        if count > 0 {
            self.lanes[at].clear();
            self.after_removal(at);
        }
        count
    }

    /// Removes the last call of the peer that has most waiting, if that is more than `route`'s peer would have with
    /// another call of `bytes` bytes.
    pub(super) fn displace(&mut self, route: &Route, bytes: usize) -> Option<QueueEntry> {
        let own = self.by_peer.get(route.peer()).copied();
        let mut size = own.map_or(RequestSize::default(), |at| self.lanes[at].size());
        size.count += 1;
        size.bytes = size.bytes.saturating_add(bytes);
        let (fullest, share) = self.loads().fullest()?;
        if share <= size.share(self.bounds) {
            return None;
        }
        let entry = self.lanes[fullest].pop_back()?;
        self.peer_calls.subtract(&entry.1);
        self.after_removal(fullest);
        Some(entry)
    }

    /// Adds the routes to peers whose calls have been waiting for long, a few at a time. A ROUTER reports that a peer
    /// has gone only on a send, and nothing is sent to a peer that only notifies.
    pub(super) fn take_probes(&mut self, now: Instant, probes: &mut Vec<Route>) {
        if self.probe_cursor == 0 && self.next_probe_at.is_some_and(|at| now < at) {
            return;
        }
        let until = self.lanes.len().min(self.probe_cursor + PROBE_BATCH);
        for lane in &self.lanes[self.probe_cursor..until] {
            if let Some((route, call)) = lane.front()
                && now.saturating_duration_since(call.received()) >= PROBE_AFTER
                // A REQ socket would take the probe for its reply.
                && !route.ends_with_delimiter()
            {
                probes.push(route.clone());
            }
        }
        self.probe_cursor = until;
        if until == self.lanes.len() {
            (self.probe_cursor, self.next_probe_at) = (0, Some(now + PROBE_AFTER));
        }
    }

    /// Returns when to call [`take_probes`](Self::take_probes) next.
    pub(super) fn next_probe(&self) -> Option<Instant> {
        let first = || self.next_lane()?.first_received()?.checked_add(PROBE_AFTER);
        (self.peer_calls.count > 0)
            .then(|| self.next_probe_at.or_else(first))
            .flatten()
    }

    /// Returns the lane of a peer, for a call that is about to be pushed.
    fn lane_of(&mut self, route: &Route) -> usize {
        let is_same = |at: &usize| {
            let front = self.lanes[*at].front();
            front.is_some_and(|(known, _)| known.peer() == route.peer())
        };
        if let Some(at) = self.last_lane.filter(is_same) {
            return at;
        }
        let known = self.by_peer.get(route.peer()).copied();
        let at = known.unwrap_or_else(|| self.new_lane(route.peer()));
        // The lane may still be in the rotation, empty after cancellations.
        self.empty_in_rotation -= usize::from(known.is_some() && self.lanes[at].is_empty());
        self.last_lane = Some(at);
        at
    }

    fn new_lane(&mut self, peer: &PeerId) -> usize {
        let at = self.free_lanes.pop().unwrap_or(self.lanes.len());
        if at == self.lanes.len() {
            self.lanes.push(PeerLane::default());
        }
        self.by_peer.insert(peer.clone(), at);
        self.rotation.push_back(at);
        at
    }

    /// Updates the state after removals from a lane. Leaves an empty lane in the rotation: to remove it at once would
    /// take a search.
    fn after_removal(&mut self, at: usize) {
        self.update_load(at);
        if !self.lanes[at].is_empty() {
            return;
        }
        self.empty_in_rotation += 1;
        self.skip_empty();
        if self.empty_in_rotation > self.rotation.len() / 2 + SPARE_LANES {
            self.remove_empty();
        }
    }

    /// Moves empty lanes from the front of the rotation to its end.
    fn skip_empty(&mut self) {
        while let Some(at) = self.rotation.front().copied()
            && self.lanes[at].is_empty()
        {
            self.rotation.rotate_left(1);
            if self.empty_in_rotation == self.rotation.len() {
                return self.remove_empty();
            }
        }
    }

    /// Removes all empty lanes from the rotation.
    fn remove_empty(&mut self) {
        let is_used = |at: &usize| !self.lanes[*at].is_empty();
        self.by_peer.retain(|_, at| is_used(at));
        let rotation = std::mem::take(&mut self.rotation).into_iter();
        let (used, empty): (VecDeque<_>, VecDeque<_>) = rotation.partition(is_used);
        self.rotation = used;
        self.empty_in_rotation = 0;
        for at in empty {
            self.free_lane(at);
        }
    }

    fn release(&mut self, at: usize, peer: &PeerId) {
        self.by_peer.remove(peer);
        self.free_lane(at);
    }

    fn free_lane(&mut self, at: usize) {
        self.lanes[at].clear();
        self.free_lanes.push(at);
        self.last_lane = self.last_lane.filter(|last| *last != at);
    }

    /// Updates the load of a lane after a change.
    fn update_load(&mut self, at: usize) {
        if let Some(loads) = &mut self.loads {
            if self.peer_calls.share(self.bounds) < RequestSize::tracking_threshold(self.bounds) {
                self.loads = None;
            } else {
                loads.set(at, self.lanes[at].size().share(self.bounds));
            }
        }
    }

    fn loads(&mut self) -> &LaneLoads {
        self.loads.get_or_insert_with(|| {
            let mut loads = LaneLoads::default();
            for (at, lane) in self.lanes.iter().enumerate() {
                loads.set(at, lane.size().share(self.bounds));
            }
            Box::new(loads)
        })
    }
}

impl RequestSize {
    pub(super) fn add(&mut self, call: &ReadyCall) {
        self.count += 1;
        self.bytes += call.bytes();
    }

    pub(super) fn subtract(&mut self, call: &ReadyCall) {
        self.count -= 1;
        self.bytes -= call.bytes();
    }

    /// Returns the share of the limits below which loads are not tracked: half of them.
    fn tracking_threshold(bounds: Self) -> u128 {
        bounds.share(bounds) / 2
    }

    /// Returns the share of the limits, of calls or of bytes, whichever is higher. Only comparable under the same
    /// limits.
    fn share(self, bounds: Self) -> u128 {
        let product = |a: usize, b: usize| a as u128 * b as u128;
        product(self.count, bounds.bytes).max(product(self.bytes, bounds.count))
    }
}
