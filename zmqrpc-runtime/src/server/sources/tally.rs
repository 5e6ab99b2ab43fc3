//! What was received and what was lost, by the numbers that publishers give to their events.

use super::recent::Recent;

/// Publishers whose counts are kept, of one subscription.
const PUBLISHERS: usize = 1024;

/// Publishers and topics whose last numbers are kept, of one subscription.
const SEQUENCES: usize = 65_536;

/// Counts. A publisher numbers its events of each topic from 1, so a gap is a loss, whatever the reason.
///
/// What comes first is no loss: the subscriber may have come late. Nor is a number that is not higher than the one
/// before: the publisher has begun again.
pub(super) struct Tally {
    /// The last number of each publisher and topic; 0 if there was none.
    last: Recent<Box<[u8]>, u64>,
    publishers: Recent<u64, Counts>,
    pub(super) received: u64,
    pub(super) lost: u64,
    /// The publisher and topic of the last event, which is mostly that of the next: what is known of them, to be noted
    /// when it is another one's turn.
    at_hand: Option<AtHand>,
}

struct AtHand {
    /// Publisher and topic.
    key: Vec<u8>,
    last: u64,
    counts: Counts,
}

impl AtHand {
    fn publisher(&self) -> Option<u64> {
        self.key.first_chunk().map(|id| u64::from_le_bytes(*id))
    }

    fn topic(&self) -> Option<&[u8]> {
        self.key.get(PUBLISHER..)
    }
}

/// What came from one publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) received: u64,
    pub(super) lost: u64,
}

const PUBLISHER: usize = size_of::<u64>();

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            last: Recent::new(SEQUENCES),
            publishers: Recent::new(PUBLISHERS),
            received: 0,
            lost: 0,
            at_hand: None,
        }
    }

    /// An event has come.
    pub(super) fn event(&mut self, publisher: u64, topic: &[u8], sequence: u64) {
        if !self.has_at_hand(publisher, topic) {
            self.take_up(publisher, topic);
        }
        let Some(AtHand { last, counts, .. }) = &mut self.at_hand else {
            return;
        };
        let before = std::mem::replace(last, sequence);
        counts.received += 1;
        let mut lost = 0;
        if before != 0 {
            lost = sequence.saturating_sub(before).saturating_sub(1);
        }
        counts.lost = counts.lost.saturating_add(lost);
        self.received += 1;
        self.lost = self.lost.saturating_add(lost);
    }

    /// Whether the last event had this topic.
    pub(super) fn is_at_hand(&self, topic: &[u8]) -> bool {
        let known = self.at_hand.as_ref().and_then(AtHand::topic);
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
        self.at_hand = Some(AtHand {
            last: self.last.with(&*key, |last| *last),
            counts: self.publishers.with(&publisher, |counts| *counts),
            key,
        });
    }

    fn note(&mut self, at_hand: AtHand) -> Vec<u8> {
        self.last.with(&*at_hand.key, |last| *last = at_hand.last);
        if let Some(publisher) = at_hand.publisher() {
            self.publishers
                .with(&publisher, |counts| *counts = at_hand.counts);
        }
        at_hand.key
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
        self.last
            .retain(|key| key.get(PUBLISHER..).is_some_and(&covered));
    }

    /// The publishers that were heard last, by their numbers.
    pub(super) fn publishers(&self) -> impl Iterator<Item = (u64, Counts)> {
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
        let mut tally = Tally::new();
        for number in numbers {
            tally.event(1, b"eu.", *number);
        }
        assert_eq!(tally.received, numbers.len() as u64);
        tally.lost
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
    fn absurd_numbers_do_not_overflow() {
        assert_eq!(lost(&[1, u64::MAX]), u64::MAX - 2);
        assert_eq!(lost(&[1, u64::MAX, 1, u64::MAX]), u64::MAX);
        assert_eq!(lost(&[0, 0, 7, u64::MAX, 0]), u64::MAX - 8);
    }

    #[test]
    fn topics_and_publishers_are_counted_apart() {
        let mut tally = Tally::new();
        for number in 1..=10 {
            tally.event(1, b"eu.", number);
            tally.event(1, b"us.", number);
            tally.event(2, b"eu.", 2 * number);
        }
        assert_eq!((tally.received, tally.lost), (30, 9));
        let mut publishers: Vec<_> = tally.publishers().collect();
        publishers.sort_by_key(|(id, _)| *id);
        let counts = |received, lost| Counts { received, lost };
        assert_eq!(publishers, [(1, counts(20, 0)), (2, counts(10, 9))]);
    }

    #[test]
    fn what_was_not_subscribed_to_for_a_while_is_not_lost() {
        let mut tally = Tally::new();
        tally.event(1, b"eu.", 1);
        tally.event(1, b"us.", 1);
        tally.forget_all_but(|topic| topic == b"eu.");
        tally.event(1, b"eu.", 3);
        tally.event(1, b"us.", 100);
        assert_eq!(tally.lost, 1);
    }

    #[test]
    fn a_heartbeat_makes_a_publisher_known_and_loses_nothing() {
        let mut tally = Tally::new();
        tally.heartbeat(7);
        assert_eq!((tally.received, tally.lost), (0, 0));
        assert_eq!(
            tally.publishers().collect::<Vec<_>>(),
            [(7, Counts::default())]
        );
    }

    #[test]
    fn a_peer_that_invents_publishers_and_topics_takes_no_more_than_its_share() {
        let mut tally = Tally::new();
        for number in 0..200_000_u64 {
            tally.event(number, &number.to_le_bytes(), 1);
        }
        assert!(tally.last.iter().count() <= SEQUENCES);
        assert!(tally.publishers().count() <= PUBLISHERS);
        assert_eq!((tally.received, tally.lost), (200_000, 0));
    }
}
