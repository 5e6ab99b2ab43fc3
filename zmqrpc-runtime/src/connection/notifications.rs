//! What a connection knows of the notifications that it has sent.
//!
//! They are numbered in the order in which they were sent, and a check changes nothing: whatever becomes of a flush, it
//! cannot mislead another one.

use std::ops::Range;

#[derive(Debug, Default)]
pub(crate) struct NotificationTracker {
    /// How many have been sent.
    handed_over: u64,
    /// How many have arrived or were lost.
    settled: u64,
    /// The ranges that were in doubt when a connection broke.
    losses: Vec<Range<u64>>,
    /// Losses among the first this many have been reported.
    told: u64,
}

/// A check of the notifications that had been sent when it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeliveryCheck {
    /// How many those are.
    up_to: u64,
    /// Losses among the first this many had been reported before.
    told: u64,
}

/// What has become of the notifications of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    /// All have arrived, or there were none.
    Arrived,
    /// A connection broke behind some of them.
    Doubtful,
    /// That is not known yet.
    Unknown,
}

/// Losses beyond this number that nobody has checked are merged.
const LOSSES: usize = 16;

impl NotificationTracker {
    pub(crate) fn hand_over(&mut self) {
        self.handed_over += 1;
    }

    pub(crate) fn handed_over(&self) -> u64 {
        self.handed_over
    }

    /// Records that the first `count` have arrived, except those that were lost before.
    pub(crate) fn arrive(&mut self, count: u64) {
        self.settled = self.settled.max(count);
    }

    pub(crate) fn lose_connection(&mut self) {
        if self.settled == self.handed_over {
            return;
        }
        self.losses.push(self.settled..self.handed_over);
        self.settled = self.handed_over;
        if self.losses.len() > LOSSES {
            let second = self.losses.remove(1);
            self.losses[0].end = second.end;
        }
    }

    pub(crate) fn start_check(&self) -> DeliveryCheck {
        DeliveryCheck {
            up_to: self.handed_over,
            told: self.told,
        }
    }

    /// Returns whether the server has to be pinged.
    pub(crate) fn is_open(&self, check: DeliveryCheck) -> bool {
        self.settled < check.up_to
    }

    pub(crate) fn outcome(&self, check: DeliveryCheck) -> DeliveryOutcome {
        let DeliveryCheck { up_to, told } = check;
        let concerns = |lost: &Range<u64>| lost.start.max(told) < lost.end.min(up_to);
        if self.losses.iter().any(concerns) {
            DeliveryOutcome::Doubtful
        } else if self.is_open(check) {
            DeliveryOutcome::Unknown
        } else {
            DeliveryOutcome::Arrived
        }
    }

    /// Marks the losses of a check as reported.
    pub(crate) fn mark_reported(&mut self, check: DeliveryCheck) {
        let lost = self.losses.last().map_or(0, |lost| lost.end);
        self.told = self.told.max(lost.min(check.up_to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(count: u64) -> NotificationTracker {
        let mut tracker = NotificationTracker::default();
        (0..count).for_each(|_| tracker.hand_over());
        tracker
    }

    fn outcome_now(tracker: &NotificationTracker) -> DeliveryOutcome {
        tracker.outcome(tracker.start_check())
    }

    #[test]
    fn what_was_handed_over_is_unknown_until_it_is_shown() {
        let mut tracker = after(0);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Arrived);
        tracker.hand_over();
        let first = tracker.start_check();
        tracker.hand_over();
        tracker.arrive(1);
        assert_eq!(tracker.outcome(first), DeliveryOutcome::Arrived);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Unknown);
        tracker.arrive(2);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Arrived);
    }

    #[test]
    fn asking_changes_nothing() {
        let mut tracker = after(1);
        for _ in 0..2 {
            let asked = tracker.start_check();
            assert!(tracker.is_open(asked));
            assert_eq!(tracker.outcome(asked), DeliveryOutcome::Unknown);
        }
        tracker.lose_connection();
        for _ in 0..2 {
            assert_eq!(outcome_now(&tracker), DeliveryOutcome::Doubtful);
        }
    }

    #[test]
    fn a_connection_that_breaks_leaves_doubts_only_behind_a_notification() {
        let mut tracker = after(0);
        tracker.lose_connection();
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Arrived);
        tracker.hand_over();
        tracker.arrive(1);
        let shown = tracker.start_check();
        tracker.hand_over();
        tracker.lose_connection();
        assert_eq!(tracker.outcome(shown), DeliveryOutcome::Arrived);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Doubtful);
    }

    #[test]
    fn what_was_lost_is_told_once_and_what_came_behind_it_is_asked_for() {
        let mut tracker = after(1);
        tracker.lose_connection();
        tracker.hand_over();
        let asked = tracker.start_check();
        assert!(tracker.is_open(asked));
        assert_eq!(tracker.outcome(asked), DeliveryOutcome::Doubtful);
        tracker.mark_reported(asked);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Unknown);
        tracker.arrive(2);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Arrived);
    }

    #[test]
    fn all_who_ask_at_once_are_told() {
        let mut tracker = after(1);
        let (first, second) = (tracker.start_check(), tracker.start_check());
        tracker.hand_over();
        tracker.lose_connection();
        tracker.mark_reported(first);
        assert_eq!(tracker.outcome(second), DeliveryOutcome::Doubtful);
        // The first one did not ask for this.
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Doubtful);
        tracker.hand_over();
        tracker.lose_connection();
        assert_eq!(tracker.outcome(second), DeliveryOutcome::Doubtful);
    }

    #[test]
    fn losses_that_nobody_asks_for_are_kept_within_bounds() {
        let mut tracker = NotificationTracker::default();
        for number in 0..100 {
            tracker.hand_over();
            if number % 2 == 0 {
                tracker.arrive(number + 1);
            }
            tracker.lose_connection();
        }
        assert_eq!(tracker.losses.len(), LOSSES);
        let asked = tracker.start_check();
        assert_eq!(tracker.outcome(asked), DeliveryOutcome::Doubtful);
        tracker.mark_reported(asked);
        assert_eq!(outcome_now(&tracker), DeliveryOutcome::Arrived);
    }
}
