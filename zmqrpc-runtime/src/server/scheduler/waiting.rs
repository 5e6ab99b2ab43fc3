//! Requests that wait to be given out, and how much they are.
//!
//! Each peer has a lane: its requests run in the order in which they came, and lanes take turns. So one peer's requests,
//! however many and however slow, keep those of another waiting for one turn. What nobody waits for, whoever published
//! or pushed it, has a lane of its own, which has every other turn.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::lane::{PeerLane, QueueEntry};
use super::lane_loads::LaneLoads;
use crate::server::dispatcher::ReadyCall;
use crate::socket::{PeerId, Route};

pub(super) struct WaitingCalls {
    /// Those that nobody waits for.
    one_way: PeerLane,
    /// It has the next turn.
    one_way_next: bool,
    lanes: Vec<PeerLane>,
    /// The lanes that are somebody's.
    by_peer: HashMap<PeerId, usize>,
    /// The same, the next one first. That one is never empty; others may be, where all was given up.
    round: VecDeque<usize>,
    /// How many of these are empty.
    empty: usize,
    /// Lanes that are nobody's.
    free: Vec<usize>,
    /// What the lanes of peers hold.
    calls: RequestSize,
    /// The lane that was pushed to last, while it is somebody's: mostly that of the next one too.
    last: Option<usize>,
    /// Which lane is the fullest, while room is short.
    ranks: Option<Box<LaneLoads>>,
    /// What all lanes of peers may hold.
    bounds: RequestSize,
    /// Where the search for peers that may have gone goes on, and when it begins anew.
    searched: usize,
    search_at: Option<Instant>,
}

/// Of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestSize {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

/// Who has been waiting for so long is asked whether it is still there, and so often.
const PATIENCE: Duration = Duration::from_millis(500);

/// Lanes that are looked at in one go: the lock is held meanwhile.
const SEARCHED: usize = 64;

/// Empty lanes that may stay in any case.
const SPARE: usize = 64;

impl WaitingCalls {
    /// `bounds` are what a peer's share is measured by.
    pub(super) fn new(bounds: RequestSize) -> Self {
        Self {
            bounds,
            one_way: PeerLane::default(),
            one_way_next: false,
            lanes: Vec::new(),
            by_peer: HashMap::new(),
            round: VecDeque::new(),
            empty: 0,
            free: Vec::new(),
            calls: RequestSize::default(),
            last: None,
            ranks: None,
            searched: 0,
            search_at: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.round.is_empty() && self.one_way.is_empty()
    }

    /// Requests that somebody waits for, or that may be given up at least.
    pub(super) fn calls(&self) -> RequestSize {
        self.calls
    }

    /// Those that nobody waits for.
    pub(super) fn one_way(&self) -> RequestSize {
        self.one_way.size()
    }

    /// When the next one arrived.
    pub(super) fn since(&self) -> Option<Instant> {
        if self.is_one_way_next() {
            return self.one_way.since();
        }
        self.next_lane().and_then(PeerLane::since)
    }

    fn next_lane(&self) -> Option<&PeerLane> {
        self.round.front().map(|at| &self.lanes[*at])
    }

    fn is_one_way_next(&self) -> bool {
        self.round.is_empty() || self.one_way_next && !self.one_way.is_empty()
    }

    pub(super) fn push(&mut self, route: Route, job: ReadyCall) {
        if route.is_nowhere() {
            return self.one_way.push((route, job));
        }
        let at = self.lane_of(&route);
        self.calls.add(&job);
        self.lanes[at].push((route, job));
        self.rank(at);
    }

    /// Takes back the first, which nobody waits for.
    pub(super) fn put_back(&mut self, job: ReadyCall) {
        self.one_way.push_front((Route::nowhere(), job));
        self.one_way_next = true;
    }

    pub(super) fn pop(&mut self) -> Option<QueueEntry> {
        if self.is_one_way_next() {
            self.one_way_next = false;
            return self.one_way.pop();
        }
        self.one_way_next = true;
        let at = self.round.pop_front()?;
        let entry = self.lanes[at].pop()?;
        self.calls.subtract(&entry.1);
        self.rank(at);
        if self.lanes[at].is_empty() {
            self.release(at, entry.0.peer());
        } else {
            self.round.push_back(at);
        }
        self.skip_empty();
        Some(entry)
    }

    /// The next one that nobody waits for, if it has the next turn or came before whoever has.
    pub(super) fn pop_one_way(&mut self) -> Option<ReadyCall> {
        let next = self.next_lane().and_then(PeerLane::since);
        let is_next = self.is_one_way_next() || self.one_way.since() <= next;
        self.one_way_next &= !is_next;
        is_next
            .then(|| self.one_way.pop())
            .flatten()
            .map(|(_, job)| job)
    }

    /// Drops the request with this id of a peer. `true` if it was there.
    pub(super) fn cancel(&mut self, route: &Route, id: u64) -> bool {
        let Some(at) = self.by_peer.get(route.peer()).copied() else {
            return false;
        };
        let Some((_, job)) = self.lanes[at].withdraw(route, id) else {
            return false;
        };
        self.calls.subtract(&job);
        self.has_shrunk(at);
        true
    }

    /// Drops what a peer has asked for. Answers how much that was.
    pub(super) fn forget_peer(&mut self, gone: &Route) -> usize {
        let Some(at) = self.by_peer.get(gone.peer()).copied() else {
            return 0;
        };
        let RequestSize { count, bytes } = self.lanes[at].size();
        self.calls.count -= count;
        self.calls.bytes -= bytes;
        if count > 0 {
            self.lanes[at].clear();
            self.has_shrunk(at);
        }
        count
    }

    /// Takes out the last request of whoever has most waiting, if that is more than `route`'s peer has with one more of
    /// so many bytes.
    pub(super) fn displace(&mut self, route: &Route, bytes: usize) -> Option<QueueEntry> {
        let own = self.by_peer.get(route.peer()).copied();
        let mut size = own.map_or(RequestSize::default(), |at| self.lanes[at].size());
        size.count += 1;
        size.bytes = size.bytes.saturating_add(bytes);
        let (fullest, share) = self.ranks().fullest()?;
        if share <= size.share(self.bounds) {
            return None;
        }
        let entry = self.lanes[fullest].pop_back()?;
        self.calls.subtract(&entry.1);
        self.has_shrunk(fullest);
        Some(entry)
    }

    /// Adds the ways to peers of whom something has been waiting for long: a ROUTER tells that a peer has gone to those
    /// alone who send to it, and nothing is sent to who only notifies. A few at a time.
    pub(super) fn search(&mut self, now: Instant, asked: &mut Vec<Route>) {
        if self.searched == 0 && self.search_at.is_some_and(|at| now < at) {
            return;
        }
        let until = self.lanes.len().min(self.searched + SEARCHED);
        for lane in &self.lanes[self.searched..until] {
            if let Some((route, job)) = lane.front()
                && now.saturating_duration_since(job.received()) >= PATIENCE
                // A REQ socket takes whatever comes for its reply.
                && !route.ends_with_delimiter()
            {
                asked.push(route.clone());
            }
        }
        self.searched = until;
        if until == self.lanes.len() {
            (self.searched, self.search_at) = (0, Some(now + PATIENCE));
        }
    }

    /// When to [search](Self::search) next.
    pub(super) fn next_search(&self) -> Option<Instant> {
        let first = || self.next_lane()?.since()?.checked_add(PATIENCE);
        (self.calls.count > 0)
            .then(|| self.search_at.or_else(first))
            .flatten()
    }

    /// The lane of a peer of whom something is about to wait.
    fn lane_of(&mut self, route: &Route) -> usize {
        let is_same = |at: &usize| {
            let front = self.lanes[*at].front();
            front.is_some_and(|(known, _)| known.peer() == route.peer())
        };
        if let Some(at) = self.last.filter(is_same) {
            return at;
        }
        let known = self.by_peer.get(route.peer()).copied();
        let at = known.unwrap_or_else(|| self.new_lane(route.peer()));
        // It may be one where all was given up.
        self.empty -= usize::from(known.is_some() && self.lanes[at].is_empty());
        self.last = Some(at);
        at
    }

    fn new_lane(&mut self, peer: &PeerId) -> usize {
        let at = self.free.pop().unwrap_or(self.lanes.len());
        if at == self.lanes.len() {
            self.lanes.push(PeerLane::default());
        }
        self.by_peer.insert(peer.clone(), at);
        self.round.push_back(at);
        at
    }

    /// Something of this lane was given up. To take it out of the round at once would take a look at all of them.
    fn has_shrunk(&mut self, at: usize) {
        self.rank(at);
        if !self.lanes[at].is_empty() {
            return;
        }
        self.empty += 1;
        self.skip_empty();
        if self.empty > self.round.len() / 2 + SPARE {
            self.tidy();
        }
    }

    /// Takes empty lanes out of the round, as far as they are the next.
    fn skip_empty(&mut self) {
        while let Some(at) = self.round.front().copied()
            && self.lanes[at].is_empty()
        {
            self.round.rotate_left(1);
            if self.empty == self.round.len() {
                return self.tidy();
            }
        }
    }

    /// Takes all empty lanes out.
    fn tidy(&mut self) {
        let is_used = |at: &usize| !self.lanes[*at].is_empty();
        self.by_peer.retain(|_, at| is_used(at));
        let round = std::mem::take(&mut self.round).into_iter();
        let (round, empty): (VecDeque<_>, VecDeque<_>) = round.partition(is_used);
        self.round = round;
        self.empty = 0;
        for at in empty {
            self.free(at);
        }
    }

    fn release(&mut self, at: usize, peer: &PeerId) {
        self.by_peer.remove(peer);
        self.free(at);
    }

    fn free(&mut self, at: usize) {
        self.lanes[at].clear();
        self.free.push(at);
        self.last = self.last.filter(|last| *last != at);
    }

    /// A lane holds more or less than before.
    fn rank(&mut self, at: usize) {
        if let Some(ranks) = &mut self.ranks {
            if self.calls.share(self.bounds) < RequestSize::ranked(self.bounds) {
                self.ranks = None;
            } else {
                ranks.set(at, self.lanes[at].size().share(self.bounds));
            }
        }
    }

    fn ranks(&mut self) -> &LaneLoads {
        self.ranks.get_or_insert_with(|| {
            let mut ranks = LaneLoads::default();
            for (at, lane) in self.lanes.iter().enumerate() {
                ranks.set(at, lane.size().share(self.bounds));
            }
            Box::new(ranks)
        })
    }
}

impl RequestSize {
    pub(super) fn add(&mut self, job: &ReadyCall) {
        self.count += 1;
        self.bytes += job.bytes();
    }

    pub(super) fn subtract(&mut self, job: &ReadyCall) {
        self.count -= 1;
        self.bytes -= job.bytes();
    }

    /// The share of these bounds down to which it is kept who has how much: half of them.
    fn ranked(bounds: Self) -> u128 {
        bounds.share(bounds) / 2
    }

    /// How much of the bounds it is, whichever is nearer; to be compared with others of the same bounds.
    fn share(self, bounds: Self) -> u128 {
        let product = |a: usize, b: usize| a as u128 * b as u128;
        product(self.count, bounds.bytes).max(product(self.bytes, bounds.count))
    }
}
