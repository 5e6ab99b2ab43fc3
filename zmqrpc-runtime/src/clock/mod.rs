//! Deadlines that never overflow the clock, and how late this process may look at it.

mod compact_duration;
mod durations;

use std::time::Duration;
pub(crate) use std::time::Instant;

pub(crate) use compact_duration::CompactDuration;
pub(crate) use durations::{FOREVER, STALL_THRESHOLD};

/// Returns the time at which `limit` has passed, at most [`FOREVER`] from `now`.
pub(crate) fn deadline(now: Instant, limit: Duration) -> Instant {
    now + limit.min(FOREVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_overflows_the_clock() {
        let now = Instant::now();
        assert_eq!(deadline(now, Duration::ZERO), now);
        assert_eq!(deadline(now, Duration::MAX), now + FOREVER);
        // A deadline leaves room for another limit.
        assert!(deadline(deadline(now, Duration::MAX), Duration::MAX) > now);
    }
}
