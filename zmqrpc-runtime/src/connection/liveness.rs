//! Whether a server still lives: a state machine without I/O, to which its owner passes the time.
//!
//! A frozen or unreachable peer keeps its connection for minutes. While calls are under way and nothing is heard, the
//! server is pinged; it answers pings even while all of its worker threads are busy. So a slow method is not taken
//! for a dead server, only for a slow method. A server that has said that it ends is not pinged: it gives signs of life
//! unasked.

use std::time::Duration;

use crate::clock::{FOREVER, Instant, STALL_THRESHOLD};
use crate::options::Ping;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    interval: Duration,
    limit: Duration,
    heard: Instant,
    asked: Option<Instant>,
    /// When the next check was due.
    due: Instant,
    /// Until when the server may still answer, because this process has been stalled itself.
    granted: Option<Instant>,
}

/// How long a server that sends keep-alive frames unasked, one each second, may be silent at least.
const UNASKED: Duration = Duration::from_secs(3);

/// What to do about a server's silence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LivenessAction {
    /// Nothing until then.
    Wait(Instant),
    /// Send a ping.
    Ask,
    /// Replace the connection: the server has been silent for this long.
    Dead(Duration),
}

impl Liveness {
    /// Returns the liveness of a server of which nothing has been heard at `now`.
    pub(crate) fn new(ping: Ping, now: Instant) -> Self {
        let (interval, limit) = (ping.interval.min(FOREVER), ping.timeout.min(FOREVER));
        Self {
            interval,
            limit,
            heard: now,
            asked: None,
            due: now + interval,
            granted: None,
        }
    }

    /// Records that something was heard at `now`, or that silence counts from there.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
        self.due = now + self.interval;
        self.granted = None;
    }

    /// Returns whether nothing has been heard for longer than `age`.
    pub(crate) fn is_older(&self, now: Instant, age: Duration) -> bool {
        now.saturating_duration_since(self.heard) > age
    }

    pub(crate) fn check(&mut self, now: Instant) -> LivenessAction {
        let late = now.saturating_duration_since(self.due) > STALL_THRESHOLD;
        if late && self.granted.is_none() && now >= self.heard + self.limit {
            // Once for each silence, or a busy machine would not notice at all.
            self.granted = Some(now + self.interval.max(self.limit / 3));
            return self.ask(now);
        }
        let last = self.asked.unwrap_or(self.heard);
        if self.asked.is_some() && now >= self.end() {
            LivenessAction::Dead(self.limit)
        } else if now >= last + self.interval {
            self.ask(now)
        } else {
            self.due = match self.asked {
                Some(asked) => (asked + self.interval).min(self.end()),
                None => last + self.interval,
            };
            LivenessAction::Wait(self.due)
        }
    }

    /// As [`check`](Self::check), for a server that sends keep-alive frames unasked, and is not pinged.
    pub(crate) fn listen(&mut self, now: Instant) -> LivenessAction {
        let limit = self.limit.max(UNASKED);
        let late = now.saturating_duration_since(self.due) > STALL_THRESHOLD;
        let end = self.granted.unwrap_or(self.heard + limit);
        if now < end {
            self.due = end;
        } else if late && self.granted.is_none() {
            self.due = now + limit / 2;
            self.granted = Some(self.due);
        } else {
            return LivenessAction::Dead(limit);
        }
        LivenessAction::Wait(self.due)
    }

    fn ask(&mut self, now: Instant) -> LivenessAction {
        self.asked = Some(now);
        self.due = (now + self.interval).min(self.end());
        LivenessAction::Ask
    }

    /// Returns when a silent server counts as dead.
    fn end(&self) -> Instant {
        self.granted.unwrap_or(self.heard + self.limit)
    }

    /// Returns how long silence lasts before the server is pinged.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn liveness_of(interval: Duration, timeout: Duration) -> Liveness {
        Liveness::new(Ping { interval, timeout }, Instant::now())
    }

    fn liveness() -> (Liveness, Instant) {
        let liveness = liveness_of(SECOND, 3 * SECOND);
        (liveness, liveness.heard)
    }

    #[test]
    fn silence_is_asked_about_and_then_death() {
        let (mut liveness, start) = liveness();
        assert_eq!(liveness.check(start), LivenessAction::Wait(start + SECOND));
        for second in 1..3 {
            assert_eq!(liveness.check(start + second * SECOND), LivenessAction::Ask);
        }
        assert_eq!(
            liveness.check(start + SECOND * 5 / 2),
            LivenessAction::Wait(start + 3 * SECOND)
        );
        assert_eq!(
            liveness.check(start + 3 * SECOND),
            LivenessAction::Dead(3 * SECOND)
        );
    }

    #[test]
    fn anything_heard_is_a_sign_of_life() {
        let (mut liveness, start) = liveness();
        assert_eq!(liveness.check(start + SECOND), LivenessAction::Ask);
        liveness.hear(start + 2 * SECOND);
        assert_eq!(
            liveness.check(start + SECOND * 5 / 2),
            LivenessAction::Wait(start + 3 * SECOND)
        );
        assert_eq!(liveness.check(start + 4 * SECOND), LivenessAction::Ask);
        assert_eq!(
            liveness.check(start + 5 * SECOND),
            LivenessAction::Dead(3 * SECOND)
        );
    }

    #[test]
    fn a_pulse_that_is_never_asked_for_has_a_next_look() {
        let mut liveness = liveness_of(Duration::MAX, Duration::MAX);
        assert!(matches!(
            liveness.check(Instant::now()),
            LivenessAction::Wait(_)
        ));
    }

    #[test]
    fn who_has_stood_still_itself_asks_once_more() {
        let (mut liveness, start) = liveness();
        assert_eq!(liveness.check(start + SECOND), LivenessAction::Ask);
        // Stopped between a ping and its pong.
        let awake = start + 10 * SECOND;
        assert_eq!(liveness.check(awake), LivenessAction::Ask);
        assert_eq!(liveness.check(awake), LivenessAction::Wait(awake + SECOND));
        liveness.hear(awake + SECOND / 2);
        assert_eq!(
            liveness.check(awake + SECOND / 2 + SECOND),
            LivenessAction::Ask
        );
        // The server is dead indeed, and standing still again does not help it.
        let again = awake + 10 * SECOND;
        assert_eq!(liveness.check(again), LivenessAction::Ask);
        assert_eq!(
            liveness.check(again + 5 * SECOND),
            LivenessAction::Dead(3 * SECOND)
        );
    }

    #[test]
    fn a_look_that_comes_in_time_grants_nothing() {
        let (mut liveness, start) = liveness();
        for second in 1..3 {
            assert_eq!(liveness.check(start + second * SECOND), LivenessAction::Ask);
        }
        let dead = LivenessAction::Dead(3 * SECOND);
        assert_eq!(
            liveness.check(start + 3 * SECOND + STALL_THRESHOLD / 2),
            dead
        );
    }

    #[test]
    fn nobody_is_dead_who_was_not_asked() {
        let (mut liveness, start) = liveness();
        assert_eq!(liveness.check(start + 100 * SECOND), LivenessAction::Ask);
        assert_eq!(
            liveness.check(start + 101 * SECOND),
            LivenessAction::Dead(3 * SECOND)
        );
    }

    #[test]
    fn who_gives_signs_of_life_unasked_has_time_for_three() {
        let mut liveness = liveness_of(SECOND / 20, SECOND / 10);
        let start = liveness.heard;
        for second in 0..5 {
            let heard = start + second * SECOND;
            liveness.hear(heard);
            assert_eq!(
                liveness.listen(heard),
                LivenessAction::Wait(heard + 3 * SECOND)
            );
        }
        assert_eq!(
            liveness.listen(start + 7 * SECOND),
            LivenessAction::Dead(3 * SECOND)
        );
        let mut patient = liveness_of(SECOND, 10 * SECOND);
        let start = patient.heard;
        assert_eq!(
            patient.listen(start),
            LivenessAction::Wait(start + 10 * SECOND)
        );
        assert_eq!(
            patient.listen(start + 10 * SECOND),
            LivenessAction::Dead(10 * SECOND)
        );
    }

    #[test]
    fn who_has_stood_still_itself_listens_once_more() {
        let (mut liveness, start) = liveness();
        assert_eq!(
            liveness.listen(start),
            LivenessAction::Wait(start + 3 * SECOND)
        );
        let awake = start + 10 * SECOND;
        let granted = awake + SECOND * 3 / 2;
        assert_eq!(liveness.listen(awake), LivenessAction::Wait(granted));
        assert_eq!(
            liveness.listen(granted + SECOND),
            LivenessAction::Dead(3 * SECOND)
        );
        liveness.hear(granted);
        assert_eq!(
            liveness.listen(granted),
            LivenessAction::Wait(granted + 3 * SECOND)
        );
    }
}
