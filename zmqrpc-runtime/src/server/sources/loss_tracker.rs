//! What was received and what was lost, by the numbers that publishers give to their events.

use std::time::Instant;

use super::bounded_cache::BoundedCache;
use super::sequence_runs::SequenceRuns;

/// Publishers whose counts are kept, of one subscription.
const PUBLISHERS: usize = 1024;

/// Publishers and topics whose last numbers are kept, of one subscription.
const SEQUENCES: usize = 65_536;

/// Counts. A publisher numbers its events of each topic from 1, so a gap is a loss, whatever the reason.
///
/// What comes first is no loss: the subscriber may have come late. Nor is a number that is not higher than the one
/// before: the publisher has begun again. Nor one that is higher than can be.
pub(super) struct LossTracker {
    since: Instant,
    /// When the last event came, and in which second that was: many come at once.
    last: Instant,
    second: u64,
    /// The numbers of each publisher and topic.
    runs: BoundedCache<Box<[u8]>, SequenceRuns>,
    publishers: BoundedCache<u64, SequenceCounts>,
    pub(super) received: u64,
    pub(super) lost: u64,
    /// The publisher and topic of the last event, which is mostly that of the next: what is known of them, to be noted
    /// when it is another one's turn.
    at_hand: Option<CurrentPublisher>,
}

struct CurrentPublisher {
    /// Publisher and topic.
    key: Vec<u8>,
    runs: SequenceRuns,
    counts: SequenceCounts,
}

impl CurrentPublisher {
    fn publisher(&self) -> Option<u64> {
        self.key.first_chunk().map(|id| u64::from_le_bytes(*id))
    }

    fn topic(&self) -> Option<&[u8]> {
        self.key.get(PUBLISHER..)
    }
}

/// What came from one publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceCounts {
    pub(super) received: u64,
    pub(super) lost: u64,
}

const PUBLISHER: usize = size_of::<u64>();

impl LossTracker {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            last: now,
            second: 0,
            runs: BoundedCache::new(SEQUENCES),
            publishers: BoundedCache::new(PUBLISHERS),
            received: 0,
            lost: 0,
            at_hand: None,
        }
    }

    /// An event has come, over a connection of this number.
    pub(super) fn event(
        &mut self,
        publisher: u64,
        topic: &[u8],
        sequence: u64,
        connection: u32,
        now: Instant,
    ) {
        if !self.has_at_hand(publisher, topic) {
            self.take_up(publisher, topic);
        }
        if self.last != now {
            self.last = now;
            self.second = now.saturating_duration_since(self.since).as_secs();
        }
        let Some(CurrentPublisher { runs, counts, .. }) = &mut self.at_hand else {
            return;
        };
        let lost = runs.go_on(sequence, connection, self.second);
        counts.received += 1;
        counts.lost = counts.lost.saturating_add(lost);
        self.received += 1;
        self.lost = self.lost.saturating_add(lost);
    }

    /// Whether the last event had this topic.
    pub(super) fn is_at_hand(&self, topic: &[u8]) -> bool {
        let known = self.at_hand.as_ref().and_then(CurrentPublisher::topic);
        known.is_some_and(|known| known == topic)
    }

    fn has_at_hand(&self, publisher: u64, topic: &[u8]) -> bool {
        self.at_hand.as_ref().is_some_and(|at_hand| {
            at_hand.publisher() == Some(publisher) && at_hand.topic() == Some(topic)
        })
    }

    fn take_up(&mut self, publisher: u64, topic: &[u8]) {
        let other = self.at_hand.take();
        let mut key = other.map_or_else(Vec::new, |other| self.note(other));
        key.clear();
        key.extend_from_slice(&publisher.to_le_bytes());
        key.extend_from_slice(topic);
        self.at_hand = Some(CurrentPublisher {
            runs: self.runs.with(&*key, std::mem::take),
            counts: self.publishers.with(&publisher, |counts| *counts),
            key,
        });
    }

    fn note(&mut self, at_hand: CurrentPublisher) -> Vec<u8> {
        let publisher = at_hand.publisher();
        let CurrentPublisher { key, runs, counts } = at_hand;
        self.runs.with(&*key, |known| *known = runs);
        if let Some(publisher) = publisher {
            self.publishers.with(&publisher, |known| *known = counts);
        }
        key
    }

    /// A heartbeat has come. A gap in their numbers is no loss that matters.
    pub(super) fn heartbeat(&mut self, publisher: u64) {
        self.publishers.with(&publisher, |_| ());
    }

    /// Only these topics are subscribed to from now on. What is published under others meanwhile is not lost.
    pub(super) fn forget_all_but(&mut self, covered: impl Fn(&[u8]) -> bool) {
        if let Some(at_hand) = self.at_hand.take() {
            self.note(at_hand);
        }
        self.runs
            .retain(|key| key.get(PUBLISHER..).is_some_and(&covered));
    }

    /// The publishers that were heard last, by their numbers.
    pub(super) fn publishers(&self) -> impl Iterator<Item = (u64, SequenceCounts)> {
        let at_hand = self.at_hand.as_ref();
        let at_hand = at_hand.and_then(|at_hand| Some((at_hand.publisher()?, at_hand.counts)));
        let noted = self.publishers.iter().map(|(id, counts)| (*id, *counts));
        noted
            .filter(move |(id, _)| at_hand.is_none_or(|(other, _)| *id != other))
            .chain(at_hand)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of which numbers of one publisher and topic how many are lost.
    fn lost(numbers: &[u64]) -> u64 {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        for number in numbers {
            losses.event(1, b"eu.", *number, 0, now);
        }
        assert_eq!(losses.received, numbers.len() as u64);
        losses.lost
    }

    #[test]
    fn a_gap_is_a_loss_of_what_was_in_it() {
        assert_eq!(lost(&[1, 2, 3]), 0);
        assert_eq!(lost(&[1, 2, 4]), 1);
        assert_eq!(lost(&[1, 5, 6, 10]), 6);
    }

    #[test]
    fn who_comes_late_has_lost_nothing() {
        assert_eq!(lost(&[1_000_000, 1_000_001]), 0);
    }

    #[test]
    fn a_publisher_that_begins_again_has_lost_nothing() {
        assert_eq!(lost(&[5, 6, 1, 2]), 0);
        assert_eq!(lost(&[5, 5]), 0);
        assert_eq!(lost(&[5, 6, 1, 3]), 1);
    }

    #[test]
    fn numbers_that_cannot_be_are_no_loss() {
        assert_eq!(lost(&[1, u64::MAX]), 0);
        assert_eq!(lost(&[1, u64::MAX, 1, u64::MAX]), 0);
        assert_eq!(lost(&[0, 0, 7, u64::MAX, 0]), 0);
        assert_eq!(lost(&[1, u64::MAX, 3, 5, u64::MAX - 1]), 2);
    }

    #[test]
    fn losses_do_not_overflow() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        let later = now + std::time::Duration::from_secs(1 << 41);
        for connection in 0..3 {
            losses.event(1, b"", 1, connection, later);
            losses.event(1, b"", u64::MAX, connection, later);
        }
        assert_eq!(losses.lost, u64::MAX);
    }

    #[test]
    fn topics_and_publishers_are_counted_apart() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        for number in 1..=10 {
            losses.event(1, b"eu.", number, 0, now);
            losses.event(1, b"us.", number, 0, now);
            losses.event(2, b"eu.", 2 * number, 0, now);
        }
        assert_eq!((losses.received, losses.lost), (30, 9));
        let mut publishers: Vec<_> = losses.publishers().collect();
        publishers.sort_by_key(|(id, _)| *id);
        let counts = |received, lost| SequenceCounts { received, lost };
        assert_eq!(publishers, [(1, counts(20, 0)), (2, counts(10, 9))]);
    }

    #[test]
    fn what_was_not_subscribed_to_for_a_while_is_not_lost() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        losses.event(1, b"eu.", 1, 0, now);
        losses.event(1, b"us.", 1, 0, now);
        losses.forget_all_but(|topic| topic == b"eu.");
        losses.event(1, b"eu.", 3, 0, now);
        losses.event(1, b"us.", 100, 0, now);
        assert_eq!(losses.lost, 1);
    }

    #[test]
    fn a_heartbeat_makes_a_publisher_known_and_loses_nothing() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        losses.heartbeat(7);
        assert_eq!((losses.received, losses.lost), (0, 0));
        assert_eq!(
            losses.publishers().collect::<Vec<_>>(),
            [(7, SequenceCounts::default())]
        );
    }

    #[test]
    fn a_peer_that_invents_publishers_and_topics_takes_no_more_than_its_share() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        for number in 0..200_000_u64 {
            losses.event(number, &number.to_le_bytes(), 1, 0, now);
        }
        assert!(losses.runs.iter().count() <= SEQUENCES);
        assert!(losses.publishers().count() <= PUBLISHERS);
        assert_eq!((losses.received, losses.lost), (200_000, 0));
    }
}
