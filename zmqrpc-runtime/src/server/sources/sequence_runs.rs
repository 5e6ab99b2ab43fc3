//! The numbers of one publisher's events under one topic, and what is missing among them.

use std::cmp::Reverse;

/// Events of a topic that a publisher can have published within a second, and many more. A jump beyond what that makes
/// since the subscription began is no loss, whatever else it is.
const PACE: u64 = 1 << 24;

/// Runs that are kept beside the one that was gone on with last.
const OTHERS: usize = 3;

/// Runs of numbers that go up. One is enough for a publisher that is alone; whoever uses its name and other numbers has
/// runs apart from it, so that neither what it invents is taken for a loss nor hides one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceRuns {
    /// The one that was gone on with last, at number 0 if there was none.
    last: SequenceRun,
    /// The others, the most recent first.
    others: Vec<SequenceRun>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SequenceRun {
    number: u64,
    /// The connection that it comes over. It goes on over another one when that breaks.
    connection: u32,
}

impl SequenceRuns {
    /// Goes on with the number of an event. Answers how many before it are lost, given for how many seconds the publisher
    /// may have been heard.
    pub(super) fn go_on(&mut self, number: u64, connection: u32, seconds: u64) -> u64 {
        let next = SequenceRun { number, connection };
        if self.last.connection == connection && self.last.number.wrapping_add(1) == number {
            self.last = next;
            // The first of all is no loss.
            return 0;
        }
        self.branch(next, PACE.saturating_mul(seconds.saturating_add(1)))
    }

    fn branch(&mut self, next: SequenceRun, plausible: u64) -> u64 {
        // Numbers begin with 1: with none before there is nothing to go on with.
        if next.number == 0 {
            return 0;
        }
        if self.last.number == 0 {
            self.last = next;
            return 0;
        }
        let own = |run: &SequenceRun| run.connection == next.connection;
        // Who comes over a new connection goes on where it, or somebody in its name, was over another one.
        let new = !std::iter::once(&self.last).chain(&self.others).any(own);
        let before = std::iter::once(&self.last)
            .chain(&self.others)
            .enumerate()
            .filter(|(_, run)| new || own(run))
            .filter(|(_, run)| run.number < next.number && next.number - run.number <= plausible)
            .max_by_key(|(place, run)| (run.number, Reverse(*place)));
        let before = before.map(|(place, run)| (place, run.number));
        let lost = before.map_or(0, |(_, number)| next.number - number - 1);
        match before {
            Some((0, _)) if !new => self.last = next,
            Some((place, _)) if !new => {
                self.others.remove(place - 1);
                self.begin(next);
            }
            // The publisher has begun again, or it is another one. What has that name over another connection may be
            // the one that tells the truth, and keeps its run.
            _ => self.begin(next),
        }
        lost
    }

    fn begin(&mut self, run: SequenceRun) {
        let before = std::mem::replace(&mut self.last, run);
        self.others.truncate(OTHERS - 1);
        self.others.insert(0, before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these are lost, each a number and the connection that it came over.
    fn lost(events: &[(u64, u32)]) -> Vec<u64> {
        let mut runs = SequenceRuns::default();
        let events = events.iter();
        events
            .map(|(number, connection)| runs.go_on(*number, *connection, 0))
            .collect()
    }

    #[test]
    fn a_forged_number_is_no_loss_and_hides_none() {
        assert_eq!(
            lost(&[(1, 1), (u64::MAX, 1), (2, 1), (4, 1)]),
            [0, 0, 0, 1],
            "over the same connection"
        );
        assert_eq!(
            lost(&[(1, 1), (u64::MAX, 2), (2, 1), (4, 1)]),
            [0, 0, 0, 1],
            "over another one"
        );
        assert_eq!(
            lost(&[(1, 1), (500, 1), (2, 1), (501, 1), (4, 1)]),
            [0, 498, 0, 0, 1],
            "such as might be"
        );
    }

    #[test]
    fn numbers_that_a_stranger_fills_in_are_lost_all_the_same() {
        let mut events = vec![(1, 1)];
        events.extend((2..50).map(|number| (number, 2)));
        events.push((60, 1));
        assert_eq!(lost(&events).last(), Some(&58));
    }

    #[test]
    fn what_is_lost_while_a_publisher_connects_again_is_counted() {
        assert_eq!(lost(&[(1, 1), (2, 1), (5, 2), (6, 2)]), [0, 0, 2, 0]);
    }

    #[test]
    fn strangers_that_come_and_go_leave_the_publisher_its_run() {
        let mut events = Vec::new();
        for number in 1..100_u32 {
            events.push((number.into(), 1));
            events.push((u64::MAX - u64::from(number), 1 + number));
            events.push((u64::from(number) * 1000, 1000 + number));
        }
        events.push((101, 1));
        assert_eq!(lost(&events).last(), Some(&1));
    }

    #[test]
    fn no_more_is_kept_whatever_comes() {
        let mut runs = SequenceRuns::default();
        for number in 0..10_000_u32 {
            runs.go_on(u64::MAX - u64::from(number), number, 0);
            assert!(runs.others.len() <= OTHERS);
        }
    }
}
