//! Counts received and lost events, by the sequence numbers that publishers give them.

use std::time::Instant;

use super::bounded_cache::BoundedCache;
use super::sequence_runs::SequenceRuns;

/// How many publishers of a subscription are tracked.
const MAX_PUBLISHERS: usize = 1024;

/// How many pairs of publisher and topic of a subscription are tracked.
const MAX_RUNS: usize = 65_536;

/// Tracks a subscription's losses. A publisher numbers its events of each topic from 1, so a gap is a loss, whatever
/// its reason.
///
/// What precedes the first event is no loss: the subscription may have come late. A number that is not higher than the
/// one before is none, either: the publisher has started again. Nor is a number higher than any publisher can have
/// reached.
pub(super) struct LossTracker {
    started: Instant,
    /// When the last event came, and the second since the start that this is, as many events come at once.
    last_event: Instant,
    second: u64,
    /// The sequence numbers of each publisher and topic.
    runs: BoundedCache<Box<[u8]>, SequenceRuns>,
    publishers: BoundedCache<u64, SequenceCounts>,
    pub(super) received: u64,
    pub(super) lost: u64,
    /// The state of the last event's publisher and topic, which are mostly those of the next event. Stored in the
    /// caches when another one follows.
    current: Option<CurrentPublisher>,
}

struct CurrentPublisher {
    /// The publisher's id and the topic.
    key: Vec<u8>,
    runs: SequenceRuns,
    counts: SequenceCounts,
}

impl CurrentPublisher {
    fn publisher(&self) -> Option<u64> {
        self.key.first_chunk().map(|id| u64::from_le_bytes(*id))
    }

    fn topic(&self) -> Option<&[u8]> {
        self.key.get(PUBLISHER_LEN..)
    }
}

/// How many events came from one publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SequenceCounts {
    pub(super) received: u64,
    pub(super) lost: u64,
}

const PUBLISHER_LEN: usize = size_of::<u64>();

impl LossTracker {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            last_event: now,
            second: 0,
            runs: BoundedCache::new(MAX_RUNS),
            publishers: BoundedCache::new(MAX_PUBLISHERS),
            received: 0,
            lost: 0,
            current: None,
        }
    }

    /// Records an event that came over the connection of this number. Returns how many events before it are lost.
    pub(super) fn record_event(
        &mut self,
        publisher: u64,
        topic: &[u8],
        sequence: u64,
        connection: u32,
        now: Instant,
    ) -> u64 {
        if !self.is_current(publisher, topic) {
            self.switch_to(publisher, topic);
        }
        if self.last_event != now {
            self.last_event = now;
            self.second = now.saturating_duration_since(self.started).as_secs();
        }
        let Some(CurrentPublisher { runs, counts, .. }) = &mut self.current else {
            return 0;
        };
        let lost = runs.record(sequence, connection, self.second);
        counts.received += 1;
        counts.lost = counts.lost.saturating_add(lost);
        self.received += 1;
        self.lost = self.lost.saturating_add(lost);
        lost
    }

    /// Returns whether the last event had this topic.
    pub(super) fn is_current_topic(&self, topic: &[u8]) -> bool {
        let known = self.current.as_ref().and_then(CurrentPublisher::topic);
        known.is_some_and(|known| known == topic)
    }

    fn is_current(&self, publisher: u64, topic: &[u8]) -> bool {
        self.current.as_ref().is_some_and(|current| {
            current.publisher() == Some(publisher) && current.topic() == Some(topic)
        })
    }

    fn switch_to(&mut self, publisher: u64, topic: &[u8]) {
        let other = self.current.take();
        let mut key = other.map_or_else(Vec::new, |other| self.store(other));
        key.clear();
        key.extend_from_slice(&publisher.to_le_bytes());
        key.extend_from_slice(topic);
        self.current = Some(CurrentPublisher {
            runs: self.runs.with(&*key, std::mem::take),
            counts: self.publishers.with(&publisher, |counts| *counts),
            key,
        });
    }

    fn store(&mut self, current: CurrentPublisher) -> Vec<u8> {
        let publisher = current.publisher();
        let CurrentPublisher { key, runs, counts } = current;
        self.runs.with(&*key, |known| *known = runs);
        if let Some(publisher) = publisher {
            self.publishers.with(&publisher, |known| *known = counts);
        }
        key
    }

    /// Records a heartbeat. A lost heartbeat does not count as a loss.
    pub(super) fn record_heartbeat(&mut self, publisher: u64) {
        self.publishers.with(&publisher, |_| ());
    }

    /// Forgets the topics that are not subscribed to any more, so that what is published under them meanwhile is not
    /// lost.
    pub(super) fn retain_topics(&mut self, keep: impl Fn(&[u8]) -> bool) {
        if let Some(current) = self.current.take() {
            self.store(current);
        }
        self.runs
            .retain(|key| key.get(PUBLISHER_LEN..).is_some_and(&keep));
    }

    /// Returns the publishers that were heard last, by their ids.
    pub(super) fn publishers(&self) -> impl Iterator<Item = (u64, SequenceCounts)> {
        let current = self.current.as_ref();
        let current = current.and_then(|current| Some((current.publisher()?, current.counts)));
        let stored = self.publishers.iter().map(|(id, counts)| (*id, *counts));
        stored
            .filter(move |(id, _)| current.is_none_or(|(other, _)| *id != other))
            .chain(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many events are lost if these numbers of one publisher and topic arrive.
    fn lost(numbers: &[u64]) -> u64 {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        for number in numbers {
            losses.record_event(1, b"eu.", *number, 0, now);
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
    fn a_late_subscriber_has_lost_nothing() {
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
            losses.record_event(1, b"", 1, connection, later);
            losses.record_event(1, b"", u64::MAX, connection, later);
        }
        assert_eq!(losses.lost, u64::MAX);
    }

    #[test]
    fn topics_and_publishers_are_counted_apart() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        for number in 1..=10 {
            losses.record_event(1, b"eu.", number, 0, now);
            losses.record_event(1, b"us.", number, 0, now);
            losses.record_event(2, b"eu.", 2 * number, 0, now);
        }
        assert_eq!((losses.received, losses.lost), (30, 9));
        let mut publishers: Vec<_> = losses.publishers().collect();
        publishers.sort_by_key(|(id, _)| *id);
        let counts = |received, lost| SequenceCounts { received, lost };
        assert_eq!(publishers, [(1, counts(20, 0)), (2, counts(10, 9))]);
    }

    #[test]
    fn events_of_a_topic_that_was_unsubscribed_from_are_not_lost() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        losses.record_event(1, b"eu.", 1, 0, now);
        losses.record_event(1, b"us.", 1, 0, now);
        losses.retain_topics(|topic| topic == b"eu.");
        losses.record_event(1, b"eu.", 3, 0, now);
        losses.record_event(1, b"us.", 100, 0, now);
        assert_eq!(losses.lost, 1);
    }

    #[test]
    fn a_heartbeat_makes_a_publisher_known_and_loses_nothing() {
        let now = Instant::now();
        let mut losses = LossTracker::new(now);
        losses.record_heartbeat(7);
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
            losses.record_event(number, &number.to_le_bytes(), 1, 0, now);
        }
        assert!(losses.runs.iter().count() <= MAX_RUNS);
        assert!(losses.publishers().count() <= MAX_PUBLISHERS);
        assert_eq!((losses.received, losses.lost), (200_000, 0));
    }
}
