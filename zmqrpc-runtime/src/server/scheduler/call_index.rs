//! Where a call is, by its way and its id.

use std::collections::HashMap;
use std::hash::RandomState;

use crate::socket::Route;

/// Places of calls. Peers choose ids: the hash is keyed, so that none can choose those that meet.
///
/// Two calls that meet nevertheless, or have one id, share an entry. Whoever finds a call looks whether it is the one.
#[derive(Default)]
pub(super) struct CallIndex {
    keys: RandomState,
    places: HashMap<u64, u64>,
}

impl CallIndex {
    pub(super) fn insert(&mut self, route: &Route, id: u64, place: u64) {
        self.places.insert(self.key(route, id), place);
    }

    pub(super) fn get(&self, route: &Route, id: u64) -> Option<u64> {
        self.places.get(&self.key(route, id)).copied()
    }

    /// Forgets that a call is at this place.
    pub(super) fn remove(&mut self, route: &Route, id: u64, place: u64) {
        let key = self.key(route, id);
        if self.places.get(&key) == Some(&place) {
            self.places.remove(&key);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = u64> {
        self.places.values().copied()
    }

    fn key(&self, route: &Route, id: u64) -> u64 {
        use std::hash::BuildHasher;
        self.keys.hash_one((route, id))
    }
}
