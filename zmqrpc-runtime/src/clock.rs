//! Times that are counted from now on, however long they are.

use std::time::{Duration, Instant};

/// Longer than any program runs, and still far from the end of the clock. `Duration::MAX` is a way to say "never", and
/// would take the clock beyond it.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// When `limit` has passed.
pub(crate) fn deadline(now: Instant, limit: Duration) -> Instant {
    now + limit.min(FOREVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_takes_the_clock_beyond_its_end() {
        let now = Instant::now();
        assert_eq!(deadline(now, Duration::ZERO), now);
        assert_eq!(deadline(now, Duration::MAX), now + FOREVER);
        // There is room for what is added to it.
        assert!(deadline(deadline(now, Duration::MAX), Duration::MAX) > now);
    }
}
