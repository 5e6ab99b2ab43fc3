//! A map of bounded size.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Forgets what has not been used for long: in two generations, so that nothing has to be put in order at each use.
pub(super) struct BoundedCache<K, V> {
    /// Entries of one generation at most.
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq, V: Default> BoundedCache<K, V> {
    /// Keeps `bound` entries at most, and at least half as many once they have been used.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            half: (bound / 2).max(1),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    /// Does something with an entry, a new one if there is none.
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
        if self.young.len() >= self.half {
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
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let mut recent = BoundedCache::<u64, u64>::new(8);
        for round in 0..100 {
            recent.with(&0, |uses| *uses += 1);
            recent.with(&(1 + round), |uses| *uses += 1);
            assert!(recent.iter().count() <= 8);
        }
        assert_eq!(recent.with(&0, |uses| *uses), 100);
        assert_eq!(recent.with(&100, |uses| *uses), 1, "the last before");
        assert_eq!(recent.with(&1, |uses| *uses), 0, "the first was forgotten");
    }

    #[test]
    fn what_is_not_kept_is_gone_from_both_generations() {
        let mut recent = BoundedCache::<u64, u64>::new(4);
        for key in 0..4 {
            recent.with(&key, |value| *value = key);
        }
        recent.retain(|key| key % 2 == 0);
        let mut left: Vec<u64> = recent.iter().map(|(key, _)| *key).collect();
        left.sort_unstable();
        assert_eq!(left, [0, 2]);
    }
}
