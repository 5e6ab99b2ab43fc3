//! Deadlines that never overflow the clock, and how late this process may look at it.

use std::time::Duration;
pub(crate) use std::time::Instant;

/// A hundred years: longer than any program runs, and far from the end of the clock. Callers pass `Duration::MAX` for
/// "never", which would overflow an `Instant`.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A thread that wakes this much too late has been stalled itself: stopped, starved or migrated. What was sent to it
/// meanwhile may still be in the system's buffers.
pub(crate) const STALL_THRESHOLD: Duration = Duration::from_millis(100);

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
