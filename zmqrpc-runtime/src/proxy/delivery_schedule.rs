//! In which order, and when, requests that wait in a queue are tried: a state machine without I/O.
//!
//! The requests of one connection are a lane: one is under way at a time, and the next one comes when it has ended. Lanes
//! go on beside each other. A client that has lost its connection comes back over another one, so a new lane begins
//! only when everything that was accepted before it from the same address has ended. So the order of a client's requests
//! is kept, whatever happens to its connection.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::time::Instant;

use super::backoff::Backoff;

use crate::clock::FOREVER;

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The connection; never used again for another one.
    pub(super) connection: u64,
    /// The address at its end, as the socket knows it.
    pub(super) address: Box<str>,
}

struct LaneItem {
    lane: usize,
    tries: u32,
}

struct Lane {
    /// None for a request on its own, which has no order to keep.
    origin: Option<Origin>,
    /// The number that it began with.
    first: u64,
    numbers: VecDeque<u64>,
    state: LaneState,
    failures: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LaneState {
    /// Something older of the same address has not ended.
    Blocked,
    Ready,
    UnderWay,
    Resting(Instant),
}

/// What one address is owed.
#[derive(Default)]
struct AddressLoad {
    /// The numbers that have not ended.
    open: BTreeSet<u64>,
    /// Lanes that have not begun, by their first number.
    blocked: BTreeSet<(u64, usize)>,
}

pub(super) struct DeliverySchedule {
    backoff: Backoff,
    items: HashMap<u64, LaneItem>,
    all: Vec<Option<Lane>>,
    free: Vec<usize>,
    by_connection: HashMap<u64, usize>,
    addresses: HashMap<Box<str>, AddressLoad>,
    ready: VecDeque<usize>,
    resting: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Connections whose lanes have begun: what they send later need not wait for others.
    begun: HashSet<u64>,
    begun_order: VecDeque<u64>,
}

/// Connections that are known to have begun. One that is forgotten waits for others of its address again, which is slower
/// and not wrong.
const KNOWN_CONNECTIONS: usize = 65_536;

impl DeliverySchedule {
    pub(super) fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            items: HashMap::new(),
            all: Vec::new(),
            free: Vec::new(),
            by_connection: HashMap::new(),
            addresses: HashMap::new(),
            ready: VecDeque::new(),
            resting: BinaryHeap::new(),
            begun: HashSet::new(),
            begun_order: VecDeque::new(),
        }
    }

    /// Requests that have not ended.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Adds a request. Numbers go up.
    pub(super) fn add(&mut self, number: u64, origin: Option<Origin>) {
        let known = origin
            .as_ref()
            .and_then(|origin| self.by_connection.get(&origin.connection).copied());
        if let Some(origin) = &origin {
            let address = self.addresses.entry(origin.address.clone()).or_default();
            address.open.insert(number);
        }
        let lane = known.unwrap_or_else(|| self.new_lane(number, origin));
        if let Some(lane) = &mut self.all[lane] {
            lane.numbers.push_back(number);
        }
        self.items.insert(number, LaneItem { lane, tries: 0 });
    }

    fn new_lane(&mut self, number: u64, origin: Option<Origin>) -> usize {
        let at = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.all.len() - 1
        });
        let mut state = LaneState::Ready;
        if let Some(origin) = &origin {
            self.by_connection.insert(origin.connection, at);
            if !self.begun.contains(&origin.connection)
                && let Some(address) = self.addresses.get_mut(&origin.address)
                && address.open.first() != Some(&number)
            {
                state = LaneState::Blocked;
                address.blocked.insert((number, at));
            }
        }
        self.all[at] = Some(Lane {
            origin,
            first: number,
            numbers: VecDeque::new(),
            state,
            failures: 0,
        });
        if state == LaneState::Ready {
            self.begin(at);
        }
        at
    }

    fn begin(&mut self, at: usize) {
        let Some(lane) = &mut self.all[at] else {
            return;
        };
        lane.state = LaneState::Ready;
        self.ready.push_back(at);
        let Some(connection) = lane.origin.as_ref().map(|origin| origin.connection) else {
            return;
        };
        if self.begun.insert(connection) {
            self.begun_order.push_back(connection);
            if self.begun_order.len() > KNOWN_CONNECTIONS
                && let Some(oldest) = self.begun_order.pop_front()
            {
                self.begun.remove(&oldest);
            }
        }
    }

    /// The next request to try, and how often it was tried before.
    pub(super) fn next(&mut self, now: Instant) -> Option<(u64, u32)> {
        while let Some(Reverse((at, lane))) = self.resting.peek().copied()
            && at <= now
        {
            self.resting.pop();
            self.rouse(lane, |state| state == LaneState::Resting(at));
        }
        while let Some(at) = self.ready.pop_front() {
            let Some(lane) = &mut self.all[at] else {
                continue;
            };
            let Some(number) = lane.numbers.front().copied() else {
                continue;
            };
            if lane.state != LaneState::Ready {
                continue;
            }
            lane.state = LaneState::UnderWay;
            let item = self.items.get_mut(&number)?;
            item.tries = item.tries.saturating_add(1);
            return Some((number, item.tries - 1));
        }
        None
    }

    /// When there is something to try next, if not now.
    pub(super) fn next_time(&self) -> Option<Instant> {
        self.resting.peek().map(|Reverse((at, _))| *at)
    }

    fn rouse(&mut self, at: usize, which: impl Fn(LaneState) -> bool) {
        if let Some(Some(lane)) = self.all.get_mut(at)
            && which(lane.state)
        {
            lane.state = LaneState::Ready;
            self.ready.push_back(at);
        }
    }

    /// There is a connection again: nobody needs to rest any longer.
    pub(super) fn rouse_all(&mut self) {
        let resting = std::mem::take(&mut self.resting);
        for Reverse((_, lane)) in resting {
            self.rouse(lane, |state| matches!(state, LaneState::Resting(_)));
        }
    }

    /// A try has failed: it is tried again after a rest.
    pub(super) fn failed(&mut self, number: u64, now: Instant) {
        let Some(item) = self.items.get(&number) else {
            return;
        };
        let at = item.lane;
        let Some(lane) = &mut self.all[at] else {
            return;
        };
        let rest = self
            .backoff
            .first
            .saturating_mul(1 << lane.failures.min(16))
            .min(self.backoff.longest)
            .min(FOREVER);
        lane.failures = lane.failures.saturating_add(1);
        lane.state = LaneState::Resting(now + rest);
        self.resting.push(Reverse((now + rest, at)));
    }

    /// A try has failed: it is tried again at once.
    pub(super) fn again(&mut self, number: u64) {
        if let Some(at) = self.items.get(&number).map(|item| item.lane) {
            self.rouse(at, |state| state == LaneState::UnderWay);
        }
    }

    /// How often a request has been tried.
    #[cfg(test)]
    pub(super) fn tries(&self, number: u64) -> u32 {
        self.items.get(&number).map_or(0, |item| item.tries)
    }

    /// Whether a request is being tried now.
    pub(super) fn is_under_way(&self, number: u64) -> bool {
        let lane = self.items.get(&number).map(|item| item.lane);
        let lane = lane.and_then(|lane| self.all[lane].as_ref());
        lane.is_some_and(|lane| {
            lane.state == LaneState::UnderWay && lane.numbers.front() == Some(&number)
        })
    }

    /// A request has ended, well or badly: the next one of its lane comes.
    pub(super) fn end(&mut self, number: u64) {
        let Some(LaneItem { lane: at, .. }) = self.items.remove(&number) else {
            return;
        };
        let Some(lane) = &mut self.all[at] else {
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
            self.all[at] = None;
            self.free.push(at);
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

    fn unblock(&mut self, address: &str, ended: u64) {
        let Some(owed) = self.addresses.get_mut(address) else {
            return;
        };
        owed.open.remove(&ended);
        let Some(oldest) = owed.open.first().copied() else {
            self.addresses.remove(address);
            return;
        };
        let mut begin = Vec::new();
        while let Some((first, lane)) = owed.blocked.first().copied()
            && first <= oldest
        {
            owed.blocked.pop_first();
            begin.push(lane);
        }
        for lane in begin {
            self.begin(lane);
        }
    }
}

#[cfg(test)]
mod tests;
