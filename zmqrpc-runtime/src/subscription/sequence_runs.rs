//! The sequence numbers of one publisher's events under one topic, and the gaps between them.

use std::cmp::Reverse;

/// More events of a topic than a publisher can publish within a second. A gap that is larger than this rate allows
/// since the subscription began is not counted as a loss.
const MAX_RATE: u64 = 1 << 24;

/// How many runs are kept beside the last one.
const MAX_OTHERS: usize = 3;

/// Runs of ascending numbers. A publisher that is alone has one. Another peer that uses the same publisher id with
/// other numbers gets runs of its own, so that forged numbers are not counted as losses, and hide none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceRuns {
    /// The run of the last event. Its number is 0 before the first event.
    last: SequenceRun,
    /// The other runs, the most recent first.
    others: Vec<SequenceRun>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SequenceRun {
    number: u64,
    /// The connection that the events come over. The run goes on over another one if that breaks.
    connection: u32,
}

impl SequenceRuns {
    /// Records the number of an event. Returns how many events before it are lost. `seconds` is how long the publisher
    /// may have been publishing.
    pub(super) fn record(&mut self, number: u64, connection: u32, seconds: u64) -> u64 {
        let next = SequenceRun { number, connection };
        if self.last.connection == connection && self.last.number.wrapping_add(1) == number {
            self.last = next;
            // Also true for the first event, whose predecessors are no loss.
            return 0;
        }
        self.record_jump(next, MAX_RATE.saturating_mul(seconds.saturating_add(1)))
    }

    fn record_jump(&mut self, next: SequenceRun, plausible: u64) -> u64 {
        // Numbers start with 1, so a 0 continues no run.
        if next.number == 0 {
            return 0;
        }
        if self.last.number == 0 {
            self.last = next;
            return 0;
        }
        let is_same_connection = |run: &SequenceRun| run.connection == next.connection;
        // An event over a new connection continues the best run of any other connection: the publisher's, or that of a
        // peer in its name.
        let is_new = !std::iter::once(&self.last)
            .chain(&self.others)
            .any(is_same_connection);
        let predecessor = std::iter::once(&self.last)
            .chain(&self.others)
            .enumerate()
            .filter(|(_, run)| is_new || is_same_connection(run))
            .filter(|(_, run)| run.number < next.number && next.number - run.number <= plausible)
            .max_by_key(|(position, run)| (run.number, Reverse(*position)));
        let predecessor = predecessor.map(|(position, run)| (position, run.number));
        let lost = predecessor.map_or(0, |(_, number)| next.number - number - 1);
        match predecessor {
            Some((0, _)) if !is_new => self.last = next,
            Some((position, _)) if !is_new => {
                self.others.remove(position - 1);
                self.start_run(next);
            }
            // The publisher has started again, or this is another peer. A run of this id over another connection may be
            // the true one, and is kept.
            _ => self.start_run(next),
        }
        lost
    }

    fn start_run(&mut self, run: SequenceRun) {
        let previous = std::mem::replace(&mut self.last, run);
        self.others.truncate(MAX_OTHERS - 1);
        self.others.insert(0, previous);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many events are lost before each of these, given as numbers and connections.
    fn lost(events: &[(u64, u32)]) -> Vec<u64> {
        let mut runs = SequenceRuns::default();
        let events = events.iter();
        events
            .map(|(number, connection)| runs.record(*number, *connection, 0))
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
            "a plausible one"
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
    fn losses_while_a_publisher_reconnects_are_counted() {
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
    fn the_number_of_runs_is_bounded() {
        let mut runs = SequenceRuns::default();
        for number in 0..10_000_u32 {
            runs.record(u64::MAX - u64::from(number), number, 0);
            assert!(runs.others.len() <= MAX_OTHERS);
        }
    }
}
