//! Whether a server still lives: a state machine without I/O, which is told the time.
//!
//! A frozen or unreachable peer keeps its connection for minutes. While calls are under way and nothing is heard, the
//! server is pinged; it answers pings even while all of its workers are busy. So a slow method is not taken for a dead
//! server, only for a slow method.

use std::time::{Duration, Instant};

use crate::clock::FOREVER;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pulse {
    interval: Duration,
    limit: Duration,
    heard: Instant,
    asked: Option<Instant>,
    /// When the next look was to be.
    due: Instant,
    /// This side has stood still itself: until when the server may answer all the same.
    granted: Option<Instant>,
}

/// Who looks so much later than it wanted to has stood still itself: stopped, starved, moved to another machine. What the
/// server has said meanwhile is still on its way through the system.
const LATE: Duration = Duration::from_millis(100);

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
        let (interval, limit) = (interval.min(FOREVER), limit.min(FOREVER));
        let now = Instant::now();
        Self {
            interval,
            limit,
            heard: now,
            asked: None,
            due: now + interval,
            granted: None,
        }
    }

    /// Something was heard, or silence begins to count.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
        self.due = now + self.interval;
        self.granted = None;
    }

    /// Whether nothing has been heard for longer than `age`.
    pub(crate) fn is_older(&self, now: Instant, age: Duration) -> bool {
        now.saturating_duration_since(self.heard) > age
    }

    pub(crate) fn check(&mut self, now: Instant) -> Beat {
        let late = now.saturating_duration_since(self.due) > LATE;
        if late && self.granted.is_none() && now >= self.heard + self.limit {
            // Once for each silence, or a busy machine would never notice.
            self.granted = Some(now + self.interval.max(self.limit / 3));
            return self.ask(now);
        }
        let last = self.asked.unwrap_or(self.heard);
        if self.asked.is_some() && now >= self.end() {
            Beat::Dead
        } else if now >= last + self.interval {
            self.ask(now)
        } else {
            self.due = match self.asked {
                Some(asked) => (asked + self.interval).min(self.end()),
                None => last + self.interval,
            };
            Beat::Wait(self.due)
        }
    }

    fn ask(&mut self, now: Instant) -> Beat {
        self.asked = Some(now);
        self.due = (now + self.interval).min(self.end());
        Beat::Ask
    }

    /// When silence is taken for death.
    fn end(&self) -> Instant {
        self.granted.unwrap_or(self.heard + self.limit)
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
    fn who_has_stood_still_itself_asks_once_more() {
        let (mut pulse, start) = pulse();
        assert_eq!(pulse.check(start + SECOND), Beat::Ask);
        // Stopped between a ping and its pong.
        let awake = start + 10 * SECOND;
        assert_eq!(pulse.check(awake), Beat::Ask);
        assert_eq!(pulse.check(awake), Beat::Wait(awake + SECOND));
        pulse.hear(awake + SECOND / 2);
        assert_eq!(pulse.check(awake + SECOND / 2 + SECOND), Beat::Ask);
        // The server is dead indeed, and standing still again does not help it.
        let again = awake + 10 * SECOND;
        assert_eq!(pulse.check(again), Beat::Ask);
        assert_eq!(pulse.check(again + 5 * SECOND), Beat::Dead);
    }

    #[test]
    fn a_look_that_comes_in_time_grants_nothing() {
        let (mut pulse, start) = pulse();
        for second in 1..3 {
            assert_eq!(pulse.check(start + second * SECOND), Beat::Ask);
        }
        assert_eq!(pulse.check(start + 3 * SECOND + LATE / 2), Beat::Dead);
    }

    #[test]
    fn nobody_is_dead_who_was_not_asked() {
        let (mut pulse, start) = pulse();
        assert_eq!(pulse.check(start + 100 * SECOND), Beat::Ask);
        assert_eq!(pulse.check(start + 101 * SECOND), Beat::Dead);
    }
}
