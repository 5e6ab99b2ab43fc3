//! Which deliveries to forget: the memory for them is shared, and the sender that uses most of it gives back first.
//!
//! So a sender that delivers much, or invents ids, cannot push out what others have delivered. The same holds among the
//! queues that one sender names.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// The hashes of deliveries that have ended, in the order in which they ended, by sender and queue.
#[derive(Default)]
pub(super) struct Shares {
    sources: SizedMap<SenderUsage>,
}

/// What one sender uses.
#[derive(Default)]
struct SenderUsage {
    queues: SizedMap<VecDeque<u64>>,
}

/// A map of collections that knows the largest one.
struct SizedMap<C> {
    all: HashMap<u64, SizedEntry<C>>,
    /// By size; among equals, the one that has grown last comes first.
    order: BTreeSet<(usize, Reverse<u64>, u64)>,
    total: usize,
    /// Counts insertions.
    clock: u64,
}

#[derive(Default)]
struct SizedEntry<C> {
    size: usize,
    grown: u64,
    collection: C,
}

impl<C> Default for SizedMap<C> {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            order: BTreeSet::new(),
            total: 0,
            clock: 0,
        }
    }
}

impl<C: Default> SizedMap<C> {
    fn grow(&mut self, key: u64, put: impl FnOnce(&mut C)) {
        self.clock += 1;
        self.total += 1;
        let entry = self.all.entry(key).or_default();
        self.order.remove(&(entry.size, Reverse(entry.grown), key));
        put(&mut entry.collection);
        (entry.size, entry.grown) = (entry.size + 1, self.clock);
        self.order.insert((entry.size, Reverse(entry.grown), key));
    }

    /// Removes one item from the largest collection.
    fn shrink(&mut self, take: impl FnOnce(&mut C) -> Option<u64>) -> Option<u64> {
        let (size, grown, key) = self.order.pop_last()?;
        let entry = self.all.get_mut(&key)?;
        let taken = take(&mut entry.collection);
        entry.size = size - 1;
        self.total -= 1;
        if entry.size == 0 {
            self.all.remove(&key);
        } else {
            self.order.insert((entry.size, grown, key));
        }
        taken
    }
}

impl Shares {
    pub(super) fn len(&self) -> usize {
        self.sources.total
    }

    pub(super) fn push(&mut self, source: u64, queue: u64, hash: u64) {
        self.sources.grow(source, |source| {
            source.queues.grow(queue, |queue| queue.push_back(hash));
        });
    }

    /// Removes the oldest item from the largest queue of the sender that uses most.
    pub(super) fn pop(&mut self) -> Option<u64> {
        self.sources
            .shrink(|source| source.queues.shrink(VecDeque::pop_front))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_most_gives_back_the_oldest() {
        let mut shares = Shares::default();
        for hash in 0..3 {
            shares.push(1, 1, hash);
        }
        for hash in 10..20 {
            shares.push(2, 2, hash);
        }
        shares.push(2, 3, 20);
        assert_eq!(shares.len(), 14);
        let first: Vec<_> = std::iter::from_fn(|| shares.pop()).take(7).collect();
        assert_eq!(first, [10, 11, 12, 13, 14, 15, 16]);
        let mut rest: Vec<_> = std::iter::from_fn(|| shares.pop()).collect();
        rest.sort_unstable();
        assert_eq!(rest, [0, 1, 2, 17, 18, 19, 20]);
        assert!(shares.len() == 0 && shares.sources.all.is_empty());
        assert!(shares.sources.order.is_empty());
    }

    #[test]
    fn any_number_of_senders_is_bounded_together() {
        let mut shares = Shares::default();
        for hash in 0..10_000 {
            shares.push(hash, hash, hash);
            if shares.len() > 10 {
                shares.pop();
            }
        }
        assert_eq!((shares.len(), shares.sources.all.len()), (10, 10));
        let last: Vec<_> = std::iter::from_fn(|| shares.pop()).collect();
        assert!(last.into_iter().eq(9990..10_000));
    }
}
