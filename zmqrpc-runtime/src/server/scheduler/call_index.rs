//! Finds calls by route and id.

use std::collections::HashMap;
use std::hash::RandomState;

use crate::dialect::CallId;
use crate::socket::Route;

/// Maps calls to locations: positions in a lane, or ids of tasks. The hash is keyed, as peers choose ids: none can
/// construct collisions.
///
/// Calls that collide nevertheless, or have the same id, share an entry. So a lookup has to check that it found the
/// right call.
#[derive(Default)]
pub(super) struct CallIndex {
    hasher: RandomState,
    locations: HashMap<u64, u64>,
}

impl CallIndex {
    pub(super) fn insert(&mut self, route: &Route, id: &CallId, location: u64) {
        self.locations.insert(self.key(route, id), location);
    }

    pub(super) fn get(&self, route: &Route, id: &CallId) -> Option<u64> {
        self.locations.get(&self.key(route, id)).copied()
    }

    /// Removes a call if the index has it at this location.
    pub(super) fn remove(&mut self, route: &Route, id: &CallId, location: u64) {
        let key = self.key(route, id);
        if self.locations.get(&key) == Some(&location) {
            self.locations.remove(&key);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.locations.is_empty()
    }

    pub(super) fn locations(&self) -> impl Iterator<Item = u64> {
        self.locations.values().copied()
    }

    fn key(&self, route: &Route, id: &CallId) -> u64 {
        use std::hash::BuildHasher;
        self.hasher.hash_one((route, id))
    }
}
