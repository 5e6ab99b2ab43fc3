//! A queue in memory, which ends with its process.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;

use super::{
    Batch, Capacity, DeadLetter, Entry, MAX_LETTERS, Queue, Store, Stored, StoredDeadLetter,
    WriteFailure,
};
use crate::sync::{Mutex, MutexGuard};
use crate::wire::DeliveryId;

/// A queue in memory, for targets that are away for a while. Its contents are lost with the process.
///
/// Its bytes are those of requests and dead letters together. Dead letters take up a quarter of them at most, and less
/// where requests need the room: the oldest are then dropped and counted, see
/// [`ProxyStats::dead_letters_dropped`](crate::proxy::ProxyStats::dead_letters_dropped).
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::proxy::{BufferedProxy, MemoryQueue, Rep, Req};
///
/// let store = BufferedProxy::new(
///     Rep::new().bind("tcp://127.0.0.1:*"),
///     Req::new().connect("tcp://127.0.0.1:30000"),
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
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    requests: BTreeMap<u64, Stored>,
    letters: BTreeMap<u64, StoredDeadLetter>,
    letter_bytes: usize,
    next: u64,
}

impl MemoryQueue {
    /// Creates an empty queue for at most `max_requests` requests, and `max_bytes` bytes of them and of dead letters.
    #[must_use]
    pub fn new(max_requests: usize, max_bytes: usize) -> Self {
        Self {
            id: RandomState::new().hash_one(std::process::id()),
            capacity: Capacity {
                requests: max_requests,
                bytes: max_bytes,
            },
            max_letters: MAX_LETTERS,
            contents: Mutex::default(),
        }
    }

    /// Creates a queue that keeps no dead letters.
    pub(in crate::proxy) fn without_letters(max_requests: usize, max_bytes: usize) -> Self {
        Self {
            max_letters: 0,
            ..Self::new(max_requests, max_bytes)
        }
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock()
    }
}

impl Queue for MemoryQueue {}

impl Store for MemoryQueue {
    fn capacity(&self) -> Capacity {
        self.capacity
    }

    fn is_persistent(&self) -> bool {
        false
    }

    fn id(&self) -> u64 {
        self.id
    }

    fn next_number(&self) -> u64 {
        self.contents().next
    }

    fn contents(&self) -> Result<Vec<Entry>, String> {
        let contents = self.contents();
        let contents = contents.requests.iter();
        Ok(contents
            .map(|(number, stored)| Entry::of(*number, stored))
            .collect())
    }

    fn commit(&self, batch: &Batch) -> Result<usize, WriteFailure> {
        let mut contents = self.contents();
        for (number, stored) in &batch.new {
            contents.requests.insert(*number, stored.clone());
            contents.next = contents.next.max(number + 1);
        }
        for number in &batch.done {
            contents.requests.remove(number);
        }
        let room = self.capacity.letter_bytes(batch.held_bytes);
        let mut dropped = 0;
        for (number, give_up) in &batch.dead {
            let Some(stored) = contents.requests.remove(number) else {
                continue;
            };
            let letter = StoredDeadLetter::of(stored, give_up);
            if self.max_letters == 0 {
                continue;
            }
            if letter.bytes() > room {
                dropped += 1;
                continue;
            }
            contents.letter_bytes += letter.bytes();
            contents.letters.insert(*number, letter);
        }
        while (contents.letters.len() > self.max_letters || contents.letter_bytes > room)
            && let Some((_, letter)) = contents.letters.pop_first()
        {
            contents.letter_bytes -= letter.bytes();
            dropped += 1;
        }
        Ok(dropped)
    }

    fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, String> {
        let contents = self.contents();
        Ok(contents
            .requests
            .get(&number)
            .map(|stored| stored.frame.clone()))
    }

    fn letter_after(&self, number: Option<u64>) -> Result<Option<DeadLetter>, String> {
        let behind = number.map_or(Bound::Unbounded, Bound::Excluded);
        let contents = self.contents();
        let first = contents.letters.range((behind, Bound::Unbounded)).next();
        let queue = self.id;
        Ok(first.map(|(number, letter)| {
            let number = *number;
            DeadLetter::new(DeliveryId { queue, number }, letter.clone())
        }))
    }

    fn discard_letter(&self, number: u64) -> Result<bool, String> {
        let mut contents = self.contents();
        let letter = contents.letters.remove(&number);
        contents.letter_bytes -= letter.as_ref().map_or(0, StoredDeadLetter::bytes);
        Ok(letter.is_some())
    }
}
