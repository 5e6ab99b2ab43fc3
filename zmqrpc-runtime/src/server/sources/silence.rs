//! When a subscription counts as silent.

use std::time::{Duration, Instant};

use crate::socket::STALL_THRESHOLD;

/// Watches how long nothing has been heard. Without I/O and without a clock: it is told the time.
pub(super) struct SilenceTimer {
    limit: Duration,
    /// None where the clock cannot express it, which is as good as never.
    due: Option<Instant>,
    /// More time was granted, since this side had stood still itself.
    granted: bool,
}

/// What is granted then.
const GRACE: Duration = Duration::from_secs(1);

impl SilenceTimer {
    pub(super) fn new(limit: Duration, now: Instant) -> Self {
        let mut silence = Self {
            limit,
            due: None,
            granted: false,
        };
        silence.heard(now);
        silence
    }

    /// Something was heard, or could not have been heard until now.
    pub(super) fn heard(&mut self, now: Instant) {
        self.due = now.checked_add(self.limit);
        self.granted = false;
    }

    /// When to look next.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether the limit has passed. If so, the next one begins.
    ///
    /// Everything that has arrived must have been taken in before.
    pub(super) fn has_passed(&mut self, now: Instant) -> bool {
        let Some(due) = self.due.filter(|due| *due <= now) else {
            return false;
        };
        if !self.granted && now.duration_since(due) > STALL_THRESHOLD {
            self.due = now.checked_add(self.limit.min(GRACE));
            self.granted = true;
            return false;
        }
        self.heard(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn silence_begins_after_the_last_that_was_heard() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        assert!(!silence.has_passed(start + 59 * SECOND));
        silence.heard(start + 59 * SECOND);
        assert!(!silence.has_passed(start + MINUTE));
        assert_eq!(silence.due(), Some(start + 119 * SECOND));
        assert!(silence.has_passed(start + 119 * SECOND));
    }

    #[test]
    fn silence_that_goes_on_is_told_once_per_limit() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        let told: Vec<u32> = (1..=300)
            .filter(|second| silence.has_passed(start + *second * SECOND))
            .collect();
        assert_eq!(told, [60, 120, 180, 240, 300]);
    }

    #[test]
    fn who_has_stood_still_itself_gets_more_time_once() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        let late = start + 10 * MINUTE;
        assert!(!silence.has_passed(late));
        assert_eq!(silence.due(), Some(late + SECOND));
        // Late again: there is no third time, or a busy machine would never notice.
        assert!(silence.has_passed(late + MINUTE));
        assert!(!silence.has_passed(late + 10 * MINUTE));
    }

    #[test]
    fn what_is_heard_in_the_granted_time_ends_the_silence() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        let late = start + 10 * MINUTE;
        assert!(!silence.has_passed(late));
        silence.heard(late + SECOND / 2);
        assert!(!silence.has_passed(late + SECOND));
        assert_eq!(silence.due(), Some(late + SECOND / 2 + MINUTE));
    }

    #[test]
    fn a_limit_that_no_clock_expresses_never_passes() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(Duration::MAX, start);
        assert_eq!(silence.due(), None);
        assert!(!silence.has_passed(start + 1_000_000 * MINUTE));
    }
}
