//! The order and times in which the spool's requests are attempted: a state machine without I/O.
//!
//! The requests of one connection form a lane: one is in flight at a time, and the next one follows when it has ended. Lanes
//! progress independently. Since a client that has lost its connection reconnects, a new lane starts only when everything
//! that was accepted before it from the same address has ended. So each client's requests keep their order whatever happens
//! to its connection.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Instant;

use super::backoff::Backoff;

use crate::clock::FOREVER;

/// The connection that a request arrived over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// A number that identifies the connection and is never reused.
    pub(super) connection: u64,
    /// The peer's address, as the socket knows it.
    pub(super) address: Box<str>,
}

/// A request.
struct LaneItem {
    /// The index of its lane.
    lane: usize,
    attempts: u32,
}

/// Requests that are attempted one after the other.
struct Lane {
    /// `None` for a single request that has no order to keep.
    origin: Option<Origin>,
    /// The number of the request that it was created for.
    first: u64,
    numbers: VecDeque<u64>,
    state: LaneState,
    failures: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LaneState {
    /// An older request of the same address has not ended.
    Blocked,
    Ready,
    InFlight,
    BackingOff(Instant),
}

/// The requests and blocked lanes of one address.
#[derive(Default)]
struct AddressLoad {
    /// The numbers of its requests that have not ended.
    unfinished: BTreeSet<u64>,
    /// Its lanes that have not started, by their first number.
    blocked: BTreeSet<(u64, usize)>,
}

/// The lanes, and which of them have a request to attempt.
pub(super) struct DeliverySchedule {
    backoff: Backoff,
    items: HashMap<u64, LaneItem>,
    lanes: Vec<Option<Lane>>,
    free_lanes: Vec<usize>,
    by_connection: HashMap<u64, usize>,
    addresses: HashMap<Box<str>, AddressLoad>,
    ready: VecDeque<usize>,
    backing_off: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Connections whose first lane has started: their later requests need not wait for other connections.
    started: HashSet<u64>,
    started_order: VecDeque<u64>,
}

/// Connections that are remembered as started. A forgotten one waits for others of its address again, which is slower but
/// correct.
const MAX_STARTED: usize = 65_536;

impl DeliverySchedule {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            items: HashMap::new(),
            lanes: Vec::new(),
            free_lanes: Vec::new(),
            by_connection: HashMap::new(),
            addresses: HashMap::new(),
            ready: VecDeque::new(),
            backing_off: BinaryHeap::new(),
            started: HashSet::new(),
            started_order: VecDeque::new(),
        }
    }

    /// Returns the number of requests that have not ended.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Adds a request. Its number must be higher than those before.
    pub(super) fn add(&mut self, number: u64, origin: Option<Origin>) {
        let known = origin
            .as_ref()
            .and_then(|origin| self.by_connection.get(&origin.connection).copied());
        if let Some(origin) = &origin {
            let address = self.addresses.entry(origin.address.clone()).or_default();
            address.unfinished.insert(number);
        }
        let lane = known.unwrap_or_else(|| self.new_lane(number, origin));
        if let Some(lane) = &mut self.lanes[lane] {
            lane.numbers.push_back(number);
        }
        self.items.insert(number, LaneItem { lane, attempts: 0 });
    }

    fn new_lane(&mut self, number: u64, origin: Option<Origin>) -> usize {
        let at = self.free_lanes.pop().unwrap_or_else(|| {
            self.lanes.push(None);
            self.lanes.len() - 1
        });
        let mut state = LaneState::Ready;
        if let Some(origin) = &origin {
            self.by_connection.insert(origin.connection, at);
            if !self.started.contains(&origin.connection)
                && let Some(address) = self.addresses.get_mut(&origin.address)
                && address.unfinished.first() != Some(&number)
            {
                state = LaneState::Blocked;
                address.blocked.insert((number, at));
            }
        }
        self.lanes[at] = Some(Lane {
            origin,
            first: number,
            numbers: VecDeque::new(),
            state,
            failures: 0,
        });
        if state == LaneState::Ready {
            self.start(at);
        }
        at
    }

    /// Makes a lane ready and remembers its connection as started.
    fn start(&mut self, at: usize) {
        let Some(lane) = &mut self.lanes[at] else {
            return;
        };
        lane.state = LaneState::Ready;
        self.ready.push_back(at);
        let Some(connection) = lane.origin.as_ref().map(|origin| origin.connection) else {
            return;
        };
        if self.started.insert(connection) {
            self.started_order.push_back(connection);
            if self.started_order.len() > MAX_STARTED
                && let Some(oldest) = self.started_order.pop_front()
            {
                self.started.remove(&oldest);
            }
        }
    }

    /// Returns the next request to attempt, and how often it was attempted before.
    pub(super) fn next(&mut self, now: Instant) -> Option<(u64, u32)> {
        while let Some(Reverse((at, lane))) = self.backing_off.peek().copied()
            && at <= now
        {
            self.backing_off.pop();
            self.make_ready(lane, |state| state == LaneState::BackingOff(at));
        }
        while let Some(at) = self.ready.pop_front() {
            let Some(lane) = &mut self.lanes[at] else {
                continue;
            };
            let Some(number) = lane.numbers.front().copied() else {
                continue;
            };
            if lane.state != LaneState::Ready {
                continue;
            }
            lane.state = LaneState::InFlight;
            let item = self.items.get_mut(&number)?;
            item.attempts = item.attempts.saturating_add(1);
            return Some((number, item.attempts - 1));
        }
        None
    }

    /// Returns when the next back-off ends; `None` if no lane backs off.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.backing_off.peek().map(|Reverse((at, _))| *at)
    }

    /// Makes a lane ready if its state satisfies `predicate`.
    fn make_ready(&mut self, at: usize, predicate: impl Fn(LaneState) -> bool) {
        if let Some(Some(lane)) = self.lanes.get_mut(at)
            && predicate(lane.state)
        {
            lane.state = LaneState::Ready;
            self.ready.push_back(at);
        }
    }

    /// Ends every back-off: a target has connected.
    pub(super) fn end_backoff(&mut self) {
        let backing_off = std::mem::take(&mut self.backing_off);
        for Reverse((_, lane)) in backing_off {
            self.make_ready(lane, |state| matches!(state, LaneState::BackingOff(_)));
        }
    }

    /// Retries a failed request after the back-off.
    pub(super) fn back_off(&mut self, number: u64, now: Instant) {
        let Some(item) = self.items.get(&number) else {
            return;
        };
        let at = item.lane;
        let Some(lane) = &mut self.lanes[at] else {
            return;
        };
        let delay = self
            .backoff
            .first
            .saturating_mul(1 << lane.failures.min(16))
            .min(self.backoff.longest)
            .min(FOREVER);
        lane.failures = lane.failures.saturating_add(1);
        lane.state = LaneState::BackingOff(now + delay);
        self.backing_off.push(Reverse((now + delay, at)));
    }

    /// Retries a failed request at once.
    pub(super) fn retry_now(&mut self, number: u64) {
        if let Some(at) = self.items.get(&number).map(|item| item.lane) {
            self.make_ready(at, |state| state == LaneState::InFlight);
        }
    }

    /// Returns how often a request has been attempted.
    #[cfg(test)]
    pub(super) fn attempts(&self, number: u64) -> u32 {
        self.items.get(&number).map_or(0, |item| item.attempts)
    }

    /// Returns whether a request is in flight.
    pub(super) fn is_in_flight(&self, number: u64) -> bool {
        let lane = self.items.get(&number).map(|item| item.lane);
        let lane = lane.and_then(|lane| self.lanes[lane].as_ref());
        lane.is_some_and(|lane| {
            lane.state == LaneState::InFlight && lane.numbers.front() == Some(&number)
        })
    }

    /// Removes a request that was delivered or given up; the next one of its lane becomes ready.
    pub(super) fn finish(&mut self, number: u64) {
        let Some(LaneItem { lane: at, .. }) = self.items.remove(&number) else {
            return;
        };
        let Some(lane) = &mut self.lanes[at] else {
            return;
        };
        let was_first = lane.numbers.front() == Some(&number);
        if was_first {
            lane.numbers.pop_front();
        } else if let Ok(at) = lane.numbers.binary_search(&number) {
            lane.numbers.remove(at);
        }
        let origin = lane.origin.clone();
        if lane.numbers.is_empty() {
            let first = lane.first;
            self.lanes[at] = None;
            self.free_lanes.push(at);
            if let Some(origin) = &origin {
                self.by_connection.remove(&origin.connection);
                if let Some(address) = self.addresses.get_mut(&origin.address) {
                    address.blocked.remove(&(first, at));
                }
            }
        } else if was_first && lane.state != LaneState::Blocked {
            (lane.state, lane.failures) = (LaneState::Ready, 0);
            self.ready.push_back(at);
        }
        if let Some(origin) = origin {
            self.unblock(&origin.address, number);
        }
    }

    /// Starts the lanes of an address that waited for the request that has ended.
    fn unblock(&mut self, address: &str, ended: u64) {
        let Some(load) = self.addresses.get_mut(address) else {
            return;
        };
        load.unfinished.remove(&ended);
        let Some(oldest) = load.unfinished.first().copied() else {
            self.addresses.remove(address);
            return;
        };
        let mut unblocked = Vec::new();
        while let Some((first, lane)) = load.blocked.first().copied()
            && first <= oldest
        {
            load.blocked.pop_first();
            unblocked.push(lane);
        }
        for lane in unblocked {
            self.start(lane);
        }
    }
}

#[cfg(test)]
mod tests;
