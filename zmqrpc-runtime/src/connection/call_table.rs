//! The calls of a connection, or of several, by ids of the caller's own.
//!
//! An id consists of an index into the table and the slot's generation: a late reply finds another generation in its slot,
//! and is never taken for the reply to another call. A slot that has had all its generations is not used any more, so that no
//! id is used twice: one of 16 million calls that follow each other uses one up.

use crate::wire::{NUMBER_BITS, with_hops};

#[derive(Debug)]
pub(crate) struct CallTable<C> {
    slots: Vec<Slot<C>>,
    free: Vec<u32>,
    /// How many slots are not used any more.
    retired: usize,
}

#[derive(Debug)]
struct Slot<C> {
    /// The id of the call, or of the last one that was there.
    id: u64,
    is_taken: bool,
    /// Large, and so written in its place rather than moved there.
    call: C,
}

/// Bits of the slot index in an id; the generation has as many.
const INDEX_BITS: u32 = NUMBER_BITS / 2;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;

/// Not 0, so that no id is.
const FIRST_GENERATION: u32 = 1;

// `masked` reads three bytes.
const _: () = assert!(INDEX_BITS == 24);

/// Calls that a table can hold: half as many as there are indices, since retired slots keep theirs.
pub(crate) const MAX_CALLS: usize = INDEX_MASK as usize / 2;

impl<C> Default for CallTable<C> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            retired: 0,
        }
    }
}

impl<C: Default> CallTable<C> {
    /// Returns the number of calls.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len() - self.retired
    }

    /// Returns the id of the next call, with `hops`, the number of proxies that will have forwarded it. Never 0, the id of no
    /// call.
    #[inline]
    pub(crate) fn next_id(&self, hops: u8) -> u64 {
        match self.free.last().copied() {
            Some(index) => {
                let generation = generation(self.slots[index as usize].id);
                call_id(hops, generation + 1, index)
            }
            None => call_id(hops, FIRST_GENERATION, self.next_slot()),
        }
    }

    /// Inserts a call, the default or what `remove_if` has left, under the id that [`next_id`](Self::next_id) has returned. Holds at most [`MAX_CALLS`].
    #[inline]
    pub(crate) fn insert(&mut self, id: u64) -> &mut C {
        let at = index(id);
        if at < self.slots.len() {
            let index = self.free.pop();
            debug_assert_eq!(index, Some(masked(id)), "the id is that of the next call");
        } else {
            self.add_slot();
        }
        let slot = &mut self.slots[at];
        (slot.id, slot.is_taken) = (id, true);
        &mut slot.call
    }

    #[cold]
    fn add_slot(&mut self) {
        self.slots.push(Slot {
            id: 0,
            is_taken: false,
            call: C::default(),
        });
    }

    /// Returns the number of slots, which is that of the most calls that there have been at a time.
    pub(crate) fn places(&self) -> usize {
        self.slots.len()
    }

    fn next_slot(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<&C> {
        let slot = self.slots.get(index(id))?;
        (slot.id == id && slot.is_taken).then_some(&slot.call)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut C> {
        let slot = self.slots.get_mut(index(id))?;
        (slot.id == id && slot.is_taken).then_some(&mut slot.call)
    }

    /// Removes a call. What arrives for it later finds no call.
    pub(crate) fn remove(&mut self, id: u64) -> Option<C> {
        self.remove_if(id, |call| Some(std::mem::take(call)))
    }

    /// Removes a call if `take` finds in it what it takes out. Only that is moved.
    #[inline]
    pub(crate) fn remove_if<T>(
        &mut self,
        id: u64,
        take: impl FnOnce(&mut C) -> Option<T>,
    ) -> Option<T> {
        let slot = self.slots.get_mut(index(id))?;
        if slot.id != id || !slot.is_taken {
            return None;
        }
        let taken = take(&mut slot.call)?;
        slot.is_taken = false;
        self.release(id);
        Some(taken)
    }

    #[inline]
    fn release(&mut self, id: u64) {
        if generation(id) == INDEX_MASK {
            self.retired += 1;
        } else {
            self.free.push(masked(id));
        }
    }

    /// Returns the calls with their ids, in no order that matters.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &C)> {
        let taken = self.slots.iter().filter(|slot| slot.is_taken);
        taken.map(|slot| (slot.id, &slot.call))
    }

    /// Returns the ids of the calls that satisfy `predicate`.
    pub(crate) fn ids_where(&self, predicate: impl Fn(&C) -> bool) -> Vec<u64> {
        self.iter()
            .filter(|(_, call)| predicate(call))
            .map(|(id, _)| id)
            .collect()
    }
}

/// Only a proxy marks its ids, so that others tell how many proxies a call has passed.
#[inline]
fn call_id(hops: u8, generation: u32, index: u32) -> u64 {
    let number = u64::from(generation) << INDEX_BITS | u64::from(index);
    if hops == 0 {
        number
    } else {
        with_hops(hops, number)
    }
}

#[inline]
fn index(id: u64) -> usize {
    masked(id) as usize
}

#[inline]
fn generation(id: u64) -> u32 {
    masked(id >> INDEX_BITS)
}

#[inline]
fn masked(id: u64) -> u32 {
    let [a, b, c, ..] = id.to_le_bytes();
    u32::from_le_bytes([a, b, c, 0])
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn insert<C: Default>(calls: &mut CallTable<C>, hops: u8, call: C) -> u64 {
        let id = calls.next_id(hops);
        *calls.insert(id) = call;
        id
    }

    #[test]
    fn a_late_reply_finds_nothing() {
        let mut calls = CallTable::default();
        let first = insert(&mut calls, 0, 'a');
        assert_eq!(calls.remove(first), Some('a'));
        let second = insert(&mut calls, 0, 'b');
        assert_ne!(first, second);
        assert_eq!(calls.get(first), None);
        assert_eq!(calls.remove(first), None);
        assert_eq!(calls.get(second), Some(&'b'));
    }

    #[test]
    fn no_id_is_zero_and_none_is_used_twice() {
        let mut calls = CallTable::default();
        let mut seen = HashSet::from([0]);
        for _ in 0..1000 {
            let (a, b) = (insert(&mut calls, 0, ()), insert(&mut calls, 3, ()));
            assert!(seen.insert(a) && seen.insert(b));
            calls.remove(a);
            calls.remove(b);
        }
        assert_eq!((calls.len(), calls.slots.len()), (0, 2));
        // One slot is close to its last generation.
        calls.slots[0].id = call_id(0, INDEX_MASK - 3, 0);
        for _ in 0..10 {
            let (a, b) = (insert(&mut calls, 0, ()), insert(&mut calls, 0, ()));
            assert!(seen.insert(a) && seen.insert(b));
            assert!(a < 1 << 48 && b < 1 << 48);
            calls.remove(b);
            calls.remove(a);
        }
        assert_eq!((calls.len(), calls.slots.len(), calls.retired), (0, 3, 1));
    }

    #[test]
    fn ids_that_were_never_given_out_are_harmless() {
        let mut calls = CallTable::default();
        let own = insert(&mut calls, 0, ());
        let aliases = [own | 1 << 48, own | 1 << 63, with_hops(3, own)];
        for id in [0, 1, u64::MAX, 1 << 32, u64::from(u32::MAX)]
            .into_iter()
            .chain(aliases)
        {
            assert!(calls.get(id).is_none() && calls.get_mut(id).is_none());
            assert!(calls.remove(id).is_none());
        }
    }

    proptest! {
        #[test]
        fn a_table_behaves_like_a_map(steps in vec((0..4_u8, any::<prop::sample::Index>()), 0..200)) {
            let (mut calls, mut map) = (CallTable::default(), HashMap::new());
            let mut ids = Vec::new();
            for (number, (hops, which)) in steps.into_iter().enumerate() {
                if hops == 3 && !ids.is_empty() {
                    let id: u64 = *which.get(&ids);
                    prop_assert_eq!(calls.remove(id), map.remove(&id));
                } else {
                    let id = insert(&mut calls, hops, number);
                    prop_assert_eq!(crate::wire::hops(id), hops);
                    prop_assert!(map.insert(id, number).is_none());
                    ids.push(id);
                }
                prop_assert_eq!(calls.len(), map.len());
                for id in &ids {
                    prop_assert_eq!(calls.get(*id), map.get(id));
                }
                let listed: HashMap<_, _> = calls.iter().map(|(id, call)| (id, *call)).collect();
                prop_assert_eq!(&listed, &map);
            }
        }
    }
}
