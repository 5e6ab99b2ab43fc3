//! Whether a server still lives: a state machine without I/O, which is told the time.
//!
//! A frozen or unreachable peer keeps its connection for minutes. While calls are under way and nothing is heard, the
//! server is pinged; it answers pings even while all of its workers are busy. So a slow method is not taken for a dead
//! server, only for a slow method.

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    interval: Duration,
    limit: Duration,
    heard: Instant,
    asked: Option<Instant>,
}

/// Longer than a connection lasts.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing until then.
    Wait(Instant),
    /// Send a ping.
    Ask,
    /// Give the connection up.
    Dead,
}

impl Pulse {
    pub(crate) fn new(interval: Duration, limit: Duration) -> Self {
        // `Duration::MAX` is a way to say "never", and would take the clock beyond its end.
        let (interval, limit) = (interval.min(LONGEST), limit.min(LONGEST));
        Self {
            interval,
            limit,
            heard: Instant::now(),
            asked: None,
        }
    }

    /// Something was heard, or silence begins to count.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
    }

    /// Whether nothing has been heard for longer than `age`.
    pub(crate) fn is_older(&self, now: Instant, age: Duration) -> bool {
        now.saturating_duration_since(self.heard) > age
    }

    pub(crate) fn check(&mut self, now: Instant) -> Beat {
        let last = self.asked.unwrap_or(self.heard);
        if self.asked.is_some() && now >= self.heard + self.limit {
            Beat::Dead
        } else if now >= last + self.interval {
            self.asked = Some(now);
            Beat::Ask
        } else if self.asked.is_some() {
            Beat::Wait((last + self.interval).min(self.heard + self.limit))
        } else {
            Beat::Wait(last + self.interval)
        }
    }

    /// How long silence lasts before it is asked about.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// How long silence lasts before it is taken for death.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pulse() -> (Pulse, Instant) {
        let pulse = Pulse::new(SECOND, 3 * SECOND);
        (pulse, pulse.heard)
    }

    #[test]
    fn silence_is_asked_about_and_then_death() {
        let (mut pulse, start) = pulse();
        assert_eq!(pulse.check(start), Beat::Wait(start + SECOND));
        for second in 1..3 {
            assert_eq!(pulse.check(start + second * SECOND), Beat::Ask);
        }
        assert_eq!(
            pulse.check(start + SECOND * 5 / 2),
            Beat::Wait(start + 3 * SECOND)
        );
        assert_eq!(pulse.check(start + 3 * SECOND), Beat::Dead);
    }

    #[test]
    fn anything_heard_is_a_sign_of_life() {
        let (mut pulse, start) = pulse();
        assert_eq!(pulse.check(start + SECOND), Beat::Ask);
        pulse.hear(start + 2 * SECOND);
        assert_eq!(
            pulse.check(start + SECOND * 5 / 2),
            Beat::Wait(start + 3 * SECOND)
        );
        assert_eq!(pulse.check(start + 4 * SECOND), Beat::Ask);
        assert_eq!(pulse.check(start + 5 * SECOND), Beat::Dead);
    }

    #[test]
    fn a_pulse_that_is_never_asked_for_has_a_next_look() {
        let mut pulse = Pulse::new(Duration::MAX, Duration::MAX);
        assert!(matches!(pulse.check(Instant::now()), Beat::Wait(_)));
    }

    #[test]
    fn nobody_is_dead_who_was_not_asked() {
        let (mut pulse, start) = pulse();
        assert_eq!(pulse.check(start + 100 * SECOND), Beat::Ask);
        assert_eq!(pulse.check(start + 101 * SECOND), Beat::Dead);
    }
}
