//! What a connection knows of the notifications that it has handed over.
//!
//! They have numbers, in the order in which they were handed over, and asking changes nothing: what becomes of one who
//! asks cannot mislead another one.

use std::ops::Range;

#[derive(Debug, Default)]
pub(super) struct NotificationTracker {
    /// So many have been handed over.
    handed_over: u64,
    /// So many have arrived, or were lost.
    settled: u64,
    /// Those that were in doubt when a connection broke, for each that did.
    losses: Vec<Range<u64>>,
    /// Somebody has been told of the losses among the first so many.
    told: u64,
}

/// Who waits for what was handed over so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeliveryCheck {
    /// It is about so many.
    up_to: u64,
    /// Others had been told of the losses among so many before.
    told: u64,
}

/// What became of the notifications of an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeliveryOutcome {
    /// All have arrived, or there were none.
    Arrived,
    /// A connection broke behind some of them.
    Doubtful,
    /// It is not known yet.
    Unknown,
}

/// More losses that nobody has asked for are taken together.
const LOSSES: usize = 16;

impl NotificationTracker {
    pub(super) fn hand_over(&mut self) {
        self.handed_over += 1;
    }

    pub(super) fn handed_over(&self) -> u64 {
        self.handed_over
    }

    /// The first `count` have arrived, but for those that were lost before.
    pub(super) fn arrive(&mut self, count: u64) {
        self.settled = self.settled.max(count);
    }

    pub(super) fn lose_connection(&mut self) {
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

    pub(super) fn inquire(&self) -> DeliveryCheck {
        DeliveryCheck {
            up_to: self.handed_over,
            told: self.told,
        }
    }

    /// Whether the server has to be asked.
    pub(super) fn is_open(&self, check: DeliveryCheck) -> bool {
        self.settled < check.up_to
    }

    pub(super) fn fate(&self, check: DeliveryCheck) -> DeliveryOutcome {
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

    /// Who has asked is told of what was lost.
    pub(super) fn tell(&mut self, check: DeliveryCheck) {
        let lost = self.losses.last().map_or(0, |lost| lost.end);
        self.told = self.told.max(lost.min(check.up_to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(count: u64) -> NotificationTracker {
        let mut oneway = NotificationTracker::default();
        (0..count).for_each(|_| oneway.hand_over());
        oneway
    }

    #[test]
    fn what_was_handed_over_is_unknown_until_it_is_shown() {
        let mut oneway = after(0);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Arrived);
        oneway.hand_over();
        let first = oneway.inquire();
        oneway.hand_over();
        oneway.arrive(1);
        assert_eq!(oneway.fate(first), DeliveryOutcome::Arrived);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Unknown);
        oneway.arrive(2);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Arrived);
    }

    #[test]
    fn asking_changes_nothing() {
        let mut oneway = after(1);
        for _ in 0..2 {
            let asked = oneway.inquire();
            assert!(oneway.is_open(asked));
            assert_eq!(oneway.fate(asked), DeliveryOutcome::Unknown);
        }
        oneway.lose_connection();
        for _ in 0..2 {
            assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Doubtful);
        }
    }

    #[test]
    fn a_connection_that_breaks_leaves_doubts_only_behind_a_notification() {
        let mut oneway = after(0);
        oneway.lose_connection();
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Arrived);
        oneway.hand_over();
        oneway.arrive(1);
        let shown = oneway.inquire();
        oneway.hand_over();
        oneway.lose_connection();
        assert_eq!(oneway.fate(shown), DeliveryOutcome::Arrived);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Doubtful);
    }

    #[test]
    fn what_was_lost_is_told_once_and_what_came_behind_it_is_asked_for() {
        let mut oneway = after(1);
        oneway.lose_connection();
        oneway.hand_over();
        let asked = oneway.inquire();
        assert!(oneway.is_open(asked));
        assert_eq!(oneway.fate(asked), DeliveryOutcome::Doubtful);
        oneway.tell(asked);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Unknown);
        oneway.arrive(2);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Arrived);
    }

    #[test]
    fn all_who_ask_at_once_are_told() {
        let mut oneway = after(1);
        let (first, second) = (oneway.inquire(), oneway.inquire());
        oneway.hand_over();
        oneway.lose_connection();
        oneway.tell(first);
        assert_eq!(oneway.fate(second), DeliveryOutcome::Doubtful);
        // The first one did not ask for this.
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Doubtful);
        oneway.hand_over();
        oneway.lose_connection();
        assert_eq!(oneway.fate(second), DeliveryOutcome::Doubtful);
    }

    #[test]
    fn losses_that_nobody_asks_for_are_kept_within_bounds() {
        let mut oneway = NotificationTracker::default();
        for number in 0..100 {
            oneway.hand_over();
            if number % 2 == 0 {
                oneway.arrive(number + 1);
            }
            oneway.lose_connection();
        }
        assert_eq!(oneway.losses.len(), LOSSES);
        let asked = oneway.inquire();
        assert_eq!(oneway.fate(asked), DeliveryOutcome::Doubtful);
        oneway.tell(asked);
        assert_eq!(oneway.fate(oneway.inquire()), DeliveryOutcome::Arrived);
    }
}
