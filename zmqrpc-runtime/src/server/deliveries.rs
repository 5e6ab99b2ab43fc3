//! Requests out of queues that have been executed: a repeat is answered, and not executed again.
//!
//! A proxy with a queue delivers a request until it gets an answer, so one whose answer was lost comes again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::wire::{DELIVERY_KEY, Delivery, Metadata};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits, or is being executed.
    UnderWay,
    /// The service returned a value.
    Done,
    /// The service returned an error of its own, or panicked.
    Failed,
}

pub(super) struct Deliveries {
    /// How many that have ended are remembered.
    limit: usize,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    fates: HashMap<Delivery, Fate>,
    /// Those that have ended, the oldest first.
    ended: VecDeque<Delivery>,
}

impl Deliveries {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        let known = Mutex::default();
        Arc::new(Self { limit, known })
    }

    /// Takes a delivery on: answers what to tell of its end with; nothing if the request is no delivery.
    ///
    /// # Errors
    ///
    /// What became of it, if it was here before.
    pub(super) fn admit(
        self: &Arc<Self>,
        metadata: Metadata<'_>,
    ) -> Result<Option<Box<Ticket>>, Fate> {
        if metadata.is_empty() || self.limit == 0 {
            return Ok(None);
        }
        let name = metadata
            .get(DELIVERY_KEY)
            .and_then(|name| name.parse().ok());
        let Some(delivery) = name else {
            return Ok(None);
        };
        let mut known = self.known();
        if let Some(fate) = known.fates.get(&delivery) {
            return Err(*fate);
        }
        known.fates.insert(delivery, Fate::UnderWay);
        Ok(Some(Box::new(Ticket {
            deliveries: Arc::clone(self),
            delivery,
            fate: None,
        })))
    }

    fn end(&self, delivery: Delivery, fate: Option<Fate>) {
        let mut known = self.known();
        let Some(fate) = fate else {
            known.fates.remove(&delivery);
            return;
        };
        known.fates.insert(delivery, fate);
        known.ended.push_back(delivery);
        while known.ended.len() > self.limit
            && let Some(oldest) = known.ended.pop_front()
        {
            known.fates.remove(&oldest);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A delivery that is under way. Dropped without an end it is forgotten: it was not executed, or not to its end, and is
/// to come again.
pub(super) struct Ticket {
    deliveries: Arc<Deliveries>,
    delivery: Delivery,
    fate: Option<Fate>,
}

impl Ticket {
    pub(super) fn ended(&mut self, fate: Fate) {
        self.fate = Some(fate);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.deliveries.end(self.delivery, self.fate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::MetadataBuf;

    fn named(number: u64) -> MetadataBuf {
        let mut metadata = MetadataBuf::new();
        let name = Delivery { queue: 1, number };
        metadata.set(DELIVERY_KEY, &name.to_string());
        metadata
    }

    fn admit(deliveries: &Arc<Deliveries>, number: u64) -> Result<Option<Box<Ticket>>, Fate> {
        deliveries.admit(named(number).as_metadata())
    }

    #[test]
    fn a_repeat_is_told_what_became_of_the_first() {
        let deliveries = Deliveries::new(10);
        for fate in [Fate::Done, Fate::Failed] {
            let number = fate as u64;
            let mut ticket = admit(&deliveries, number).ok().flatten().unwrap();
            assert_eq!(admit(&deliveries, number).err(), Some(Fate::UnderWay));
            ticket.ended(fate);
            drop(ticket);
            assert_eq!(admit(&deliveries, number).err(), Some(fate));
        }
    }

    #[test]
    fn what_was_not_executed_may_come_again() {
        let deliveries = Deliveries::new(10);
        drop(admit(&deliveries, 1).ok().flatten().unwrap());
        assert!(admit(&deliveries, 1).is_ok());
        assert!(deliveries.known().fates.is_empty());
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let deliveries = Deliveries::new(2);
        for number in 0..100 {
            let mut ticket = admit(&deliveries, number).ok().flatten().unwrap();
            ticket.ended(Fate::Done);
        }
        assert_eq!(deliveries.known().fates.len(), 2);
        assert!(admit(&deliveries, 97).is_ok());
        assert!(admit(&deliveries, 98).is_err() && admit(&deliveries, 99).is_err());
    }

    #[test]
    fn other_requests_are_no_deliveries() {
        let deliveries = Deliveries::new(2);
        let mut other = MetadataBuf::new();
        assert!(matches!(deliveries.admit(other.as_metadata()), Ok(None)));
        other.set(DELIVERY_KEY, "nonsense");
        assert!(matches!(deliveries.admit(other.as_metadata()), Ok(None)));
        let off = Deliveries::new(0);
        assert!(matches!(admit(&off, 1), Ok(None)));
    }
}
