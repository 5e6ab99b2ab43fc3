//! The sequence numbers of events: per topic, from 1.

use std::collections::HashMap;

/// The last sequence numbers of the most recently used topics.
///
/// A topic that was evicted starts at 1 again, which a subscriber takes for a restart of the publisher and not for a loss.
pub(super) struct TopicSequences {
    topics: HashMap<Box<[u8]>, LastNumber>,
    /// The last number of the empty topic, the default one. It is never evicted.
    empty_topic: u64,
    /// Counts the calls of [`next`](Self::next), as a clock of the topics' last use.
    uses: u64,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct LastNumber {
    number: u64,
    /// The count of uses when it was assigned.
    used: u64,
}

/// How many topics are remembered.
const CAPACITY: usize = 65_536;

/// One topic in so many is evicted when there is no room: many at a time, as the search for the least recently used takes
/// long.
const EVICTED_SHARE: usize = 8;

impl Default for TopicSequences {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl TopicSequences {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            topics: HashMap::new(),
            empty_topic: 0,
            uses: 0,
            capacity,
        }
    }

    /// Passes the number of this topic's next event to `publish`. If `publish` fails, the number is not used up.
    pub(super) fn next<R, E>(
        &mut self,
        topic: &[u8],
        publish: impl FnOnce(u64) -> Result<R, E>,
    ) -> Result<R, E> {
        if topic.is_empty() {
            let number = self.empty_topic + 1;
            let published = publish(number)?;
            self.empty_topic = number;
            return Ok(published);
        }
        self.uses += 1;
        let used = self.uses;
        if let Some(last) = self.topics.get_mut(topic) {
            let number = last.number + 1;
            let published = publish(number)?;
            *last = LastNumber { number, used };
            return Ok(published);
        }
        let published = publish(1)?;
        if self.topics.len() >= self.capacity {
            self.evict();
        }
        self.topics
            .insert(topic.into(), LastNumber { number: 1, used });
        Ok(published)
    }

    /// Evicts the least recently used topics.
    fn evict(&mut self) {
        let mut uses: Vec<u64> = self.topics.values().map(|last| last.used).collect();
        let count = uses.len() / EVICTED_SHARE;
        let (_, &mut oldest_kept, _) = uses.select_nth_unstable(count);
        self.topics.retain(|_, last| last.used >= oldest_kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(sequences: &mut TopicSequences, topic: &str) -> u64 {
        let number = sequences.next(topic.as_bytes(), Ok::<_, ()>);
        number.unwrap()
    }

    #[test]
    fn every_topic_counts_for_itself() {
        let mut sequences = TopicSequences::default();
        for (topic, number) in [
            ("", 1),
            ("eu.", 1),
            ("eu.", 2),
            ("", 2),
            ("us.", 1),
            ("eu.", 3),
        ] {
            assert_eq!(publish(&mut sequences, topic), number, "{topic}");
        }
    }

    #[test]
    fn a_number_that_was_not_used_is_assigned_again() {
        let mut sequences = TopicSequences::default();
        publish(&mut sequences, "eu.");
        assert_eq!(sequences.next(b"eu.", Err::<(), _>), Err(2));
        assert_eq!(sequences.next(b"us.", Err::<(), _>), Err(1));
        assert_eq!(publish(&mut sequences, "eu."), 2);
        assert_eq!(publish(&mut sequences, "us."), 1);
    }

    #[test]
    fn the_least_recently_used_topics_are_evicted() {
        let mut sequences = TopicSequences::with_capacity(16);
        for topic in 0..16 {
            publish(&mut sequences, &topic.to_string());
        }
        assert_eq!(publish(&mut sequences, "0"), 2);
        assert_eq!(publish(&mut sequences, "one more"), 1);
        assert_eq!(publish(&mut sequences, "0"), 3);
        assert_eq!(publish(&mut sequences, "15"), 2);
        assert_eq!(publish(&mut sequences, "1"), 1, "it was not evicted");
        for topic in 0..1000 {
            publish(&mut sequences, &topic.to_string());
            assert!(sequences.topics.len() <= 16);
        }
    }
}
