//! A queue that ends with its process.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{
    Batch, Capacity, DeadLetter, Entry, MAX_LETTERS, Queue, Store, Stored, StoredDeadLetter,
    WriteFailure,
};
use crate::wire::DeliveryId;

/// A queue in memory. What it holds is lost with its process; what it is for is a target that is away for a while.
///
/// Its bytes are those of requests and dead letters together. Dead letters take up a quarter of them at most, and less
/// where requests need the room: then the oldest are dropped and counted, see
/// [`ProxyStats::dead_letters_dropped`](crate::proxy::ProxyStats::dead_letters_dropped).
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::proxy::{BufferedProxy, MemoryQueue, Rep, Req};
///
/// let store = BufferedProxy::new(
///     Rep::bind("tcp://127.0.0.1:*"),
///     Req::connect("tcp://127.0.0.1:30000"),
///     // At most 10,000 requests and 64 MiB of them.
///     MemoryQueue::new(10_000, 64 << 20),
/// )
/// .start()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Debug)]
pub struct MemoryQueue {
    id: u64,
    capacity: Capacity,
    max_letters: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    requests: BTreeMap<u64, Stored>,
    letters: BTreeMap<u64, StoredDeadLetter>,
    letter_bytes: usize,
    next: u64,
}

impl MemoryQueue {
    /// An empty queue that holds at most so many requests, and bytes of them.
    #[must_use]
    pub fn new(max_requests: usize, max_bytes: usize) -> Self {
        Self {
            id: RandomState::new().hash_one(std::process::id()),
            capacity: Capacity {
                requests: max_requests,
                bytes: max_bytes,
            },
            max_letters: MAX_LETTERS,
            held: Mutex::default(),
        }
    }

    /// One whose dead letters nobody reads.
    pub(in crate::proxy) fn without_letters(max_requests: usize, max_bytes: usize) -> Self {
        Self {
            max_letters: 0,
            ..Self::new(max_requests, max_bytes)
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for MemoryQueue {}

impl Store for MemoryQueue {
    fn capacity(&self) -> Capacity {
        self.capacity
    }

    fn outlives(&self) -> bool {
        false
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn next_number(&self) -> u64 {
        self.held().next
    }

    fn contents(&self) -> Result<Vec<Entry>, String> {
        let held = self.held();
        let contents = held.requests.iter();
        Ok(contents
            .map(|(number, kept)| Entry::of(*number, kept))
            .collect())
    }

    fn commit(&self, batch: &Batch) -> Result<usize, WriteFailure> {
        let mut held = self.held();
        for (number, kept) in &batch.new {
            held.requests.insert(*number, kept.clone());
            held.next = held.next.max(number + 1);
        }
        for number in &batch.done {
            held.requests.remove(number);
        }
        let room = self.capacity.for_letters(batch.held);
        let mut dropped = 0;
        for (number, death) in &batch.dead {
            let Some(kept) = held.requests.remove(number) else {
                continue;
            };
            let letter = StoredDeadLetter::of(kept, death);
            if self.max_letters == 0 {
                continue;
            }
            if letter.bytes() > room {
                dropped += 1;
                continue;
            }
            held.letter_bytes += letter.bytes();
            held.letters.insert(*number, letter);
        }
        while (held.letters.len() > self.max_letters || held.letter_bytes > room)
            && let Some((_, letter)) = held.letters.pop_first()
        {
            held.letter_bytes -= letter.bytes();
            dropped += 1;
        }
        Ok(dropped)
    }

    fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, String> {
        let held = self.held();
        Ok(held.requests.get(&number).map(|kept| kept.frame.clone()))
    }

    fn letter_after(&self, number: Option<u64>) -> Result<Option<DeadLetter>, String> {
        let behind = number.map_or(Bound::Unbounded, Bound::Excluded);
        let held = self.held();
        let first = held.letters.range((behind, Bound::Unbounded)).next();
        let queue = self.id;
        Ok(first.map(|(number, letter)| {
            let number = *number;
            DeadLetter::new(DeliveryId { queue, number }, letter.clone())
        }))
    }

    fn discard_letter(&self, number: u64) -> Result<bool, String> {
        let mut held = self.held();
        let found = held.letters.remove(&number);
        held.letter_bytes -= found.as_ref().map_or(0, StoredDeadLetter::bytes);
        Ok(found.is_some())
    }
}
