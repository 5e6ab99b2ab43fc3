//! Who has been heard of lately: the callers that have to know when the server ends.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::socket::{PeerId, Route};

/// How long a caller is remembered.
const MEMORY: u32 = 60;

/// Callers that are remembered at most.
pub(super) const MAX: usize = 65_536;

/// From so many on, those that have been silent for long are looked for.
const FEW: usize = 1024;

/// Places for callers that were heard of within this second: so long they cost no look into the map.
const PLACES: usize = 256;

/// The callers at the other end of a connection. Those behind devices are not among them: the connections that they have
/// lead to a device, which stays.
pub(crate) struct ActivePeers {
    seen: HashMap<PeerId, u32>,
    /// Which of them were heard of within this second.
    fresh: Box<[u64; PLACES]>,
    /// Seconds since the start.
    second: u32,
    /// When it ends.
    ends: Instant,
    /// At how many the silent ones are forgotten, and in which second they were: a look at all of them takes its time.
    tidy_at: usize,
    tidied: u32,
}

/// Stands for no caller.
const NOBODY: u64 = 0;

impl ActivePeers {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            seen: HashMap::new(),
            fresh: Box::new([NOBODY; PLACES]),
            second: 0,
            ends: now + SECOND,
            tidy_at: FEW,
            tidied: 0,
        }
    }

    /// Something came over this way. Mostly it is a comparison.
    #[inline]
    pub(crate) fn hear(&mut self, route: &Route, now: Instant) {
        if now >= self.ends {
            self.pass(now);
        }
        let Some(peer) = route.direct_peer() else {
            return;
        };
        let name = short_name(peer);
        if let Some(place) = name.and_then(|name| self.fresh.get_mut(place_of(name))) {
            let name = name.unwrap_or(NOBODY);
            if std::mem::replace(place, name) == name {
                return;
            }
        }
        self.note(peer);
    }

    #[cold]
    fn pass(&mut self, now: Instant) {
        let late = now.saturating_duration_since(self.ends);
        let seconds = u32::try_from(late.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        self.second = self.second.saturating_add(seconds);
        self.ends += Duration::from_secs(seconds.into());
        self.fresh.fill(NOBODY);
    }

    #[cold]
    fn note(&mut self, peer: &PeerId) {
        if let Some(seen) = self.seen.get_mut(peer) {
            *seen = self.second;
            return;
        }
        if self.seen.len() >= self.tidy_at && self.tidied != self.second {
            self.tidied = self.second;
            self.forget_silent();
            self.tidy_at = (2 * self.seen.len()).clamp(FEW, MAX);
        }
        if self.seen.len() < MAX {
            self.seen.insert(peer.clone(), self.second);
        }
    }

    fn forget_silent(&mut self) {
        let now = self.second;
        self.seen.retain(|_, seen| now - *seen <= MEMORY);
    }

    /// Those that were heard of within the last minute; they are forgotten.
    pub(crate) fn take(&mut self, now: Instant) -> impl Iterator<Item = PeerId> + use<> {
        if now >= self.ends {
            self.pass(now);
        }
        self.forget_silent();
        self.fresh.fill(NOBODY);
        std::mem::take(&mut self.seen).into_keys()
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// A name as a number: libzmq's own have five bytes. None for those that are longer.
#[inline]
fn short_name(peer: &PeerId) -> Option<u64> {
    let bytes: &[u8] = peer;
    let mut name = [0; 8];
    if let Ok(given) = <&[u8; 5]>::try_from(bytes) {
        // Of a known length, it takes no call to copy it.
        name[..5].copy_from_slice(given);
    } else {
        name.get_mut(..7)?
            .get_mut(..bytes.len())?
            .copy_from_slice(bytes);
    }
    // The last byte is the length, so that no name begins like another one, and none is zero.
    name[7] = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    Some(u64::from_le_bytes(name))
}

/// libzmq counts up in the last byte of its names.
#[inline]
fn place_of(name: u64) -> usize {
    let bytes = name.to_le_bytes();
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
        active_peers.hear(&caller("early"), start);
        active_peers.hear(&caller("again"), start);
        for name in ["again", "late", "a name that is longer than libzmq's own"] {
            active_peers.hear(&caller(name), start + 30 * SECOND);
        }
        let known = names(active_peers.take(start + 75 * SECOND));
        let expected = ["a name that is longer than libzmq's own", "again", "late"];
        assert_eq!(known, expected.map(|name| name.as_bytes().to_vec()));
        assert_eq!(active_peers.take(start + 75 * SECOND).count(), 0);
    }

    #[test]
    fn a_minute_lasts_a_minute_whenever_somebody_is_heard_of() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        active_peers.hear(&caller("early"), start);
        for round in 1..=40 {
            active_peers.hear(
                &caller("often"),
                start + round * Duration::from_millis(1900),
            );
        }
        assert_eq!(names(active_peers.take(start + 76 * SECOND)), [b"often"]);
    }

    #[test]
    fn a_caller_is_noted_anew_in_each_second() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        for second in 0..100 {
            active_peers.hear(&caller("me"), start + second * SECOND);
            active_peers.hear(&caller("me"), start + second * SECOND);
        }
        assert_eq!(names(active_peers.take(start + 101 * SECOND)), [b"me"]);
    }

    #[test]
    fn callers_that_share_a_place_are_told_apart() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        // The place is that of the first and the fifth byte.
        for name in ["a---a", "b---b", "c", "a---a", "b---b", "c", "cc"] {
            active_peers.hear(&caller(name), start);
        }
        assert_eq!(active_peers.take(start).count(), 4);
    }

    #[test]
    fn those_behind_a_device_are_not_among_them() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        for hops in [&["client"][..], &[""], &["client", ""]] {
            active_peers.hear(&Route::made_up("device", hops), start);
        }
        active_peers.hear(&Route::nowhere(), start);
        assert_eq!(active_peers.take(start).count(), 0);
    }

    #[test]
    fn strangers_that_come_and_go_do_not_fill_the_memory() {
        let start = Instant::now();
        let mut active_peers = ActivePeers::new(start);
        for number in 0..100_000 {
            active_peers.hear(&caller(&number.to_string()), start);
        }
        assert_eq!(active_peers.seen.len(), MAX);
        active_peers.hear(&caller("late"), start + 120 * SECOND);
        assert_eq!(names(active_peers.take(start + 120 * SECOND)), [b"late"]);
    }
}
