//! The numbers of events: per topic, from 1.

use std::collections::HashMap;

/// The last numbers of the topics that were used most recently.
///
/// A topic that was forgotten starts at 1 again, which a subscriber takes for a restart and not for a loss.
pub(super) struct TopicSequences {
    topics: HashMap<Box<[u8]>, LastNumber>,
    /// The last number of the empty topic, which is that of all who use none. It is never forgotten.
    untitled: u64,
    uses: u64,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct LastNumber {
    number: u64,
    /// When it was given, in uses.
    used: u64,
}

/// Topics that are remembered.
const CAPACITY: usize = 65_536;

/// Of so many topics one is forgotten when there is no room: looking for the least recent ones takes long.
const FORGOTTEN: usize = 8;

impl Default for TopicSequences {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl TopicSequences {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            topics: HashMap::new(),
            untitled: 0,
            uses: 0,
            capacity,
        }
    }

    /// Gives the number of the next event of this topic to `publish`. If that fails, the number is not used.
    pub(super) fn next<R, E>(
        &mut self,
        topic: &[u8],
        publish: impl FnOnce(u64) -> Result<R, E>,
    ) -> Result<R, E> {
        if topic.is_empty() {
            let number = self.untitled + 1;
            let published = publish(number)?;
            self.untitled = number;
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
            self.forget();
        }
        self.topics
            .insert(topic.into(), LastNumber { number: 1, used });
        Ok(published)
    }

    fn forget(&mut self) {
        let mut uses: Vec<u64> = self.topics.values().map(|last| last.used).collect();
        let count = uses.len() / FORGOTTEN;
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
    fn a_number_that_was_not_used_is_given_again() {
        let mut sequences = TopicSequences::default();
        publish(&mut sequences, "eu.");
        assert_eq!(sequences.next(b"eu.", Err::<(), _>), Err(2));
        assert_eq!(sequences.next(b"us.", Err::<(), _>), Err(1));
        assert_eq!(publish(&mut sequences, "eu."), 2);
        assert_eq!(publish(&mut sequences, "us."), 1);
    }

    #[test]
    fn the_topics_that_were_not_used_for_longest_are_forgotten() {
        let mut sequences = TopicSequences::with_capacity(16);
        for topic in 0..16 {
            publish(&mut sequences, &topic.to_string());
        }
        assert_eq!(publish(&mut sequences, "0"), 2);
        assert_eq!(publish(&mut sequences, "one more"), 1);
        assert_eq!(publish(&mut sequences, "0"), 3);
        assert_eq!(publish(&mut sequences, "15"), 2);
        assert_eq!(publish(&mut sequences, "1"), 1, "forgotten");
        for topic in 0..1000 {
            publish(&mut sequences, &topic.to_string());
            assert!(sequences.topics.len() <= 16);
        }
    }
}
