//! The times at which refusals are sent.
//!
//! To refuse a wrong password whose hash must be computed takes longer than to refuse an unknown user. So a refusal is
//! not sent once it is known, but at a time that is set when the login arrives, before anything is looked up: not
//! before a tenth of a second, one after the other, and with a pause between those of one address. A login whose
//! refusal could not be sent within some seconds gets none: the connection ends, as it does for every login that cannot
//! be decided.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// The earliest time of a refusal: a peer that guesses passwords has to wait.
pub(super) const EARLIEST: Duration = Duration::from_millis(100);

/// The latest time of a refusal.
const LATEST: Duration = Duration::from_secs(2);

/// The time between two refusals: more than it takes to verify a password. Not what the last verification took, since
/// that would reveal that one took place.
const SPACING: Duration = Duration::from_millis(50);

/// The time between two refusals to one address.
const ADDRESS_SPACING: Duration = Duration::from_millis(100);

/// The schedule of one domain. Has no clock: callers pass the time.
#[derive(Debug, Default)]
pub(super) struct LoginSchedule {
    /// The times that are taken, with their addresses.
    taken: BTreeMap<Instant, String>,
    /// The last time of each address.
    last: HashMap<String, Instant>,
}

impl LoginSchedule {
    /// Returns when to send a refusal of a login that arrives now from this address. `None` if that would be too late.
    pub(super) fn schedule(&mut self, address: &str, now: Instant) -> Option<Instant> {
        self.expire(now);
        let earliest = now + EARLIEST;
        let after = self.last.get(address).map(|last| *last + ADDRESS_SPACING);
        let mut at = after.map_or(earliest, |after| after.max(earliest));
        // Takes the first gap that is wide enough.
        let before = self.taken.range(..=at).next_back();
        if let Some((before, _)) = before {
            at = at.max(*before + SPACING);
        }
        for taken in self.taken.range(at..).map(|(taken, _)| *taken) {
            if taken >= at + SPACING {
                break;
            }
            at = taken + SPACING;
        }
        if at > now + LATEST {
            return None;
        }
        self.taken.insert(at, address.to_owned());
        self.last.insert(address.to_owned(), at);
        Some(at)
    }

    fn expire(&mut self, now: Instant) {
        while let Some(first) = self.taken.first_entry()
            && *first.key() <= now
        {
            let (at, address) = first.remove_entry();
            if self.last.get(&address) == Some(&at) {
                self.last.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the times of `count` logins that arrive at once, in milliseconds.
    fn burst(schedule: &mut LoginSchedule, address: &str, count: usize, now: Instant) -> Vec<u128> {
        (0..count)
            .map_while(|_| schedule.schedule(address, now))
            .map(|at| at.duration_since(now).as_millis())
            .collect()
    }

    #[test]
    fn refusals_of_one_address_are_told_one_after_the_other_and_not_all() {
        let (mut schedule, now) = (LoginSchedule::default(), Instant::now());
        let times = burst(&mut schedule, "a", 100, now);
        assert!(
            times.iter().copied().eq((1..=20).map(|n| n * 100)),
            "{times:?}"
        );
    }

    #[test]
    fn other_addresses_get_the_gaps() {
        let (mut schedule, now) = (LoginSchedule::default(), Instant::now());
        burst(&mut schedule, "a", 100, now);
        assert_eq!(burst(&mut schedule, "b", 2, now), [150, 250]);
        assert_eq!(burst(&mut schedule, "c", 1, now), [350]);
        let all: usize = (0..1000)
            .map(|n| burst(&mut schedule, &n.to_string(), 100, now).len())
            .sum();
        assert!(all < 40, "{all}");
    }

    #[test]
    fn the_schedule_is_empty_after_its_last_refusal() {
        let (mut schedule, now) = (LoginSchedule::default(), Instant::now());
        for round in 0..3 {
            let now = now + round * (LATEST + EARLIEST);
            assert_eq!(burst(&mut schedule, "a", 2, now), [100, 200]);
        }
        schedule.expire(now + 100 * LATEST);
        assert!(schedule.taken.is_empty() && schedule.last.is_empty());
    }
}
