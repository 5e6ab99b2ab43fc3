//! A map of bounded size.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Forgets what has not been used for long. Keeps two generations, so that a use need not reorder anything.
pub(super) struct BoundedCache<K, V> {
    /// The most entries of one generation.
    generation_size: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq, V: Default> BoundedCache<K, V> {
    /// Keeps at most `bound` entries, and of those used last at least half as many.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            generation_size: (bound / 2).max(1),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// Runs an action on an entry, which is created if it does not exist.
    pub(super) fn with<Q, R>(&mut self, key: &Q, action: impl FnOnce(&mut V) -> R) -> R
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned: Into<K>> + ?Sized,
    {
        if let Some(value) = self.young.get_mut(key) {
            return action(value);
        }
        let (key, mut value) = match self.old.remove_entry(key) {
            Some(entry) => entry,
            None => (key.to_owned().into(), V::default()),
        };
        let result = action(&mut value);
        if self.young.len() >= self.generation_size {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
        result
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.young.retain(|key, _| keep(key));
        self.old.retain(|key, _| keep(key));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_in_use_stay_and_others_are_forgotten() {
        let mut cache = BoundedCache::<u64, u64>::new(8);
        for round in 0..100 {
            cache.with(&0, |uses| *uses += 1);
            cache.with(&(1 + round), |uses| *uses += 1);
            assert!(cache.iter().count() <= 8);
        }
        assert_eq!(cache.with(&0, |uses| *uses), 100);
        assert_eq!(cache.with(&100, |uses| *uses), 1, "the last before");
        assert_eq!(cache.with(&1, |uses| *uses), 0, "the first was forgotten");
    }

    #[test]
    fn entries_that_are_not_retained_are_gone_from_both_generations() {
        let mut cache = BoundedCache::<u64, u64>::new(4);
        for key in 0..4 {
            cache.with(&key, |value| *value = key);
        }
        cache.retain(|key| key % 2 == 0);
        let mut left: Vec<u64> = cache.iter().map(|(key, _)| *key).collect();
        left.sort_unstable();
        assert_eq!(left, [0, 2]);
    }
}
