//! The callers that have sent something lately, which a server notifies of its end.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::socket::{PeerId, Route};

/// How many seconds a caller is remembered for.
const MEMORY_SECONDS: u32 = 60;

/// How many callers are remembered at most.
pub(super) const MAX: usize = 65_536;

/// From this many callers on, those that have been silent for long are removed.
const PURGE_FROM: usize = 1024;

/// Slots for callers that were heard within the current second, which need no lookup in the map.
const RECENT_SLOTS: usize = 256;

/// Callers that are directly connected. Callers behind devices are not included: their connections lead to the
/// device, and stay when the server ends.
pub(crate) struct ActivePeers {
    last_heard: HashMap<PeerId, u32>,
    /// The short ids of callers that were heard within the current second.
    recent: Box<[u64; RECENT_SLOTS]>,
    /// Seconds since the start.
    current_second: u32,
    /// When the current second ends.
    second_ends: Instant,
    /// How many callers trigger the next purge, and the second of the last one: a purge visits all of them.
    purge_at: usize,
    purged_in: u32,
}

/// The value of an empty slot.
const NO_PEER: u64 = 0;

impl ActivePeers {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            last_heard: HashMap::new(),
            recent: Box::new([NO_PEER; RECENT_SLOTS]),
            current_second: 0,
            second_ends: now + SECOND,
            purge_at: PURGE_FROM,
            purged_in: 0,
        }
    }

    /// Records that a message came from a route. Mostly a single comparison.
    #[inline]
    pub(crate) fn heard(&mut self, route: &Route, now: Instant) {
        if now >= self.second_ends {
            self.advance(now);
        }
        let Some(peer) = route.direct_peer() else {
            return;
        };
        let id = short_id(peer);
        if let Some(slot) = id.and_then(|id| self.recent.get_mut(slot_of(id))) {
            let id = id.unwrap_or(NO_PEER);
            if std::mem::replace(slot, id) == id {
                return;
            }
        }
        self.record(peer);
    }

    #[cold]
    fn advance(&mut self, now: Instant) {
        let late = now.saturating_duration_since(self.second_ends);
        let seconds = u32::try_from(late.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.current_second = self.current_second.saturating_add(seconds);
        self.second_ends += Duration::from_secs(seconds.into());
        self.recent.fill(NO_PEER);
    }

    #[cold]
    fn record(&mut self, peer: &PeerId) {
        if let Some(seen) = self.last_heard.get_mut(peer) {
            *seen = self.current_second;
            return;
        }
        if self.last_heard.len() >= self.purge_at && self.purged_in != self.current_second {
            self.purged_in = self.current_second;
            self.purge_silent();
            self.purge_at = (2 * self.last_heard.len()).clamp(PURGE_FROM, MAX);
        }
        if self.last_heard.len() < MAX {
            self.last_heard.insert(peer.clone(), self.current_second);
        }
    }

    fn purge_silent(&mut self) {
        let now = self.current_second;
        self.last_heard
            .retain(|_, seen| now - *seen <= MEMORY_SECONDS);
    }

    /// Removes all callers. Returns those that were heard within the last minute.
    pub(crate) fn take_recent(&mut self, now: Instant) -> impl Iterator<Item = PeerId> + use<> {
        if now >= self.second_ends {
            self.advance(now);
        }
        self.purge_silent();
        self.recent.fill(NO_PEER);
        std::mem::take(&mut self.last_heard).into_keys()
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// Returns a routing id as a number, or `None` if it is too long. libzmq's own have five bytes.
#[inline]
fn short_id(peer: &PeerId) -> Option<u64> {
    let bytes: &[u8] = peer;
    let mut id = [0; 8];
    if let Ok(given) = <&[u8; 5]>::try_from(bytes) {
        // A copy of constant length compiles to no function call.
        id[..5].copy_from_slice(given);
    } else {
        id.get_mut(..7)?
            .get_mut(..bytes.len())?
            .copy_from_slice(bytes);
    }
    // The last byte is the length: ids of different lengths differ, and none is zero.
    id[7] = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    Some(u64::from_le_bytes(id))
}

/// libzmq counts up in the last byte of its routing ids.
#[inline]
fn slot_of(id: u64) -> usize {
    let bytes = id.to_le_bytes();
    usize::from(bytes[4] ^ bytes[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(peers: impl Iterator<Item = PeerId>) -> Vec<Vec<u8>> {
        let mut names: Vec<_> = peers.map(|peer| peer.to_vec()).collect();
        names.sort();
        names
    }

    fn caller(name: &str) -> Route {
        Route::made_up(name, &[])
    }

    #[test]
    fn those_of_the_last_minute_are_known() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        active_peers.heard(&caller("early"), start);
        active_peers.heard(&caller("again"), start);
        for name in ["again", "late", "a name that is longer than libzmq's own"] {
            active_peers.heard(&caller(name), start + 30 * SECOND);
        }
        let known = names(active_peers.take_recent(start + 75 * SECOND));
        let expected = ["a name that is longer than libzmq's own", "again", "late"];
        assert_eq!(known, expected.map(|name| name.as_bytes().to_vec()));
        assert_eq!(active_peers.take_recent(start + 75 * SECOND).count(), 0);
    }

    #[test]
    fn a_caller_is_forgotten_after_a_minute_whenever_others_are_heard() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        active_peers.heard(&caller("early"), start);
        for round in 1..=40 {
            active_peers.heard(
                &caller("often"),
                start + round * Duration::from_millis(1900),
            );
        }
        assert_eq!(
            names(active_peers.take_recent(start + 76 * SECOND)),
            [b"often"]
        );
    }

    #[test]
    fn a_caller_is_recorded_again_in_each_second() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        for second in 0..100 {
            active_peers.heard(&caller("me"), start + second * SECOND);
            active_peers.heard(&caller("me"), start + second * SECOND);
        }
        assert_eq!(
            names(active_peers.take_recent(start + 101 * SECOND)),
            [b"me"]
        );
    }

    #[test]
    fn callers_that_share_a_slot_are_told_apart() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        // The slot depends on the first and the fifth byte.
        for name in ["a---a", "b---b", "c", "a---a", "b---b", "c", "cc"] {
            active_peers.heard(&caller(name), start);
        }
        assert_eq!(active_peers.take_recent(start).count(), 4);
    }

    #[test]
    fn callers_behind_a_device_are_not_recorded() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        for hops in [&["client"][..], &[""], &["client", ""]] {
            active_peers.heard(&Route::made_up("device", hops), start);
        }
        active_peers.heard(&Route::nowhere(), start);
        assert_eq!(active_peers.take_recent(start).count(), 0);
    }

    #[test]
    fn strangers_that_come_and_go_do_not_fill_the_memory() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        for number in 0..100_000 {
            active_peers.heard(&caller(&number.to_string()), start);
        }
        assert_eq!(active_peers.last_heard.len(), MAX);
        active_peers.heard(&caller("late"), start + 120 * SECOND);
        assert_eq!(
            names(active_peers.take_recent(start + 120 * SECOND)),
            [b"late"]
        );
    }
}
