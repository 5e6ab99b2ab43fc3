//! When a subscription counts as silent.

use std::time::{Duration, Instant};

use crate::clock::STALL_THRESHOLD;

/// Tracks how long nothing was heard: a state machine without I/O, to which its owner passes the time.
pub(super) struct SilenceTimer {
    limit: Duration,
    /// `None` if the clock cannot express it, which means never.
    due: Option<Instant>,
    /// The limit was extended, since this process itself had stood still.
    grace_granted: bool,
}

/// The extension then.
const GRACE: Duration = Duration::from_secs(1);

impl SilenceTimer {
    pub(super) fn new(limit: Duration, now: Instant) -> Self {
        let mut silence = Self {
            limit,
            due: None,
            grace_granted: false,
        };
        silence.heard(now);
        silence
    }

    /// Restarts the limit: something was heard, or could not have been heard until now.
    pub(super) fn heard(&mut self, now: Instant) {
        self.due = now.checked_add(self.limit);
        self.grace_granted = false;
    }

    /// Returns when the limit passes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Returns whether the limit has passed. If so, it starts again.
    ///
    /// The caller must have received everything that has arrived.
    pub(super) fn has_passed(&mut self, now: Instant) -> bool {
        let Some(due) = self.due.filter(|due| *due <= now) else {
            return false;
        };
        if !self.grace_granted && now.duration_since(due) > STALL_THRESHOLD {
            self.due = now.checked_add(self.limit.min(GRACE));
            self.grace_granted = true;
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
    fn silence_begins_after_the_last_message() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        assert!(!silence.has_passed(start + 59 * SECOND));
        silence.heard(start + 59 * SECOND);
        assert!(!silence.has_passed(start + MINUTE));
        assert_eq!(silence.due(), Some(start + 119 * SECOND));
        assert!(silence.has_passed(start + 119 * SECOND));
    }

    #[test]
    fn silence_that_goes_on_is_reported_once_per_limit() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        let reported: Vec<u32> = (1..=300)
            .filter(|second| silence.has_passed(start + *second * SECOND))
            .collect();
        assert_eq!(reported, [60, 120, 180, 240, 300]);
    }

    #[test]
    fn a_process_that_stood_still_gets_more_time_once() {
        let start = Instant::now();
        let mut silence = SilenceTimer::new(MINUTE, start);
        let late = start + 10 * MINUTE;
        assert!(!silence.has_passed(late));
        assert_eq!(silence.due(), Some(late + SECOND));
        // Late again. A second extension in a row would keep a busy machine from ever noticing silence.
        assert!(silence.has_passed(late + MINUTE));
        assert!(!silence.has_passed(late + 10 * MINUTE));
    }

    #[test]
    fn a_message_in_the_granted_time_ends_the_silence() {
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
