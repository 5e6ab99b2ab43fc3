//! Queues: the storage of requests that a proxy has accepted and not delivered.
//!
//! A queue stores requests under numbers and knows nothing of the order of their delivery, which
//! [`delivery_schedule`](super::delivery_schedule) decides.

#[cfg(feature = "disk-queue")]
mod disk;
mod letter;
mod memory;

#[cfg(feature = "disk-queue")]
pub use disk::{DiskQueue, reread_letter, reread_request};
pub(super) use letter::StoredDeadLetter;
pub use letter::{DeadLetter, DeadLetters};
pub use memory::MemoryQueue;

use super::delivery_schedule::Origin;

/// A request as a queue stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// `None` for a request that has no order to keep.
    pub(super) origin: Option<Origin>,
    /// When it was accepted, in milliseconds since 1970: a queue outlives its proxy and the monotonic clock.
    pub(super) accepted: u64,
    /// The request frame as it arrived.
    pub(super) frame: Vec<u8>,
}

/// A stored request without its frame.
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) origin: Option<Origin>,
    pub(super) accepted: u64,
    /// Bytes of the frame.
    pub(super) bytes: usize,
}

impl Entry {
    fn of(number: u64, stored: &Stored) -> Self {
        Self {
            number,
            origin: stored.origin.clone(),
            accepted: stored.accepted,
            bytes: stored.frame.len(),
        }
    }
}

/// Changes that are made atomically.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) new: Vec<(u64, Stored)>,
    /// Requests to remove: delivered, or not accepted after all.
    pub(super) done: Vec<u64>,
    /// Requests that were given up and become dead letters.
    pub(super) dead: Vec<(u64, GiveUp)>,
    /// Bytes of all requests that the queue holds once the batch has been committed.
    pub(super) held_bytes: usize,
}

/// Why, and when, a request was given up.
#[derive(Clone, Debug)]
pub(super) struct GiveUp {
    pub(super) reason: String,
    /// Milliseconds since 1970.
    pub(super) given_up: u64,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.new.is_empty() && self.done.is_empty() && self.dead.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.new.len() + self.done.len() + self.dead.len()
    }
}

/// Why a batch was not committed.
#[derive(Clone, Debug)]
pub(super) struct WriteFailure {
    pub(super) reason: String,
    /// Whether certainly nothing of the batch is in the queue; otherwise it may be found there after a crash.
    pub(super) nothing_written: bool,
}

/// How much a queue may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) requests: usize,
    /// Bytes of requests and dead letters together. Dead letters are dropped to make room for requests.
    pub(super) bytes: usize,
}

impl Capacity {
    /// Returns the bytes that dead letters may take up beside `held` bytes of requests: a quarter of all at most.
    fn letter_bytes(&self, held: usize) -> usize {
        (self.bytes / 4).min(self.bytes.saturating_sub(held))
    }
}

/// The operations of a queue. The proxy's threads call them, and so do handles that read dead letters.
pub(super) trait Store: Send + Sync + 'static {
    fn capacity(&self) -> Capacity;
    /// Returns whether its contents survive the end of the process, so that the next proxy delivers them.
    fn is_persistent(&self) -> bool;
    /// Returns the number that identifies the queue, see [`DeliveryId`](crate::wire::DeliveryId).
    fn id(&self) -> u64;
    /// Returns the number of the next request. No number is used twice.
    fn next_number(&self) -> u64;
    /// Returns its requests in the order of their numbers.
    fn contents(&self) -> Result<Vec<Entry>, String>;
    /// Makes the changes of a batch; a persistent queue returns only when they would survive a crash. Returns how many dead
    /// letters were dropped for lack of room.
    fn commit(&self, batch: &Batch) -> Result<usize, WriteFailure>;
    /// Returns a request's frame; `None` if there is no such request.
    fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, String>;
    /// Returns the first dead letter with a number above `number`; the first of all for `None`.
    fn letter_after(&self, number: Option<u64>) -> Result<Option<DeadLetter>, String>;
    /// Removes a dead letter. Returns `false` if there is none of this number.
    fn discard_letter(&self, number: u64) -> Result<bool, String>;
}

/// How many dead letters a queue keeps, however small; beyond that the oldest are dropped.
pub(super) const MAX_LETTERS: usize = 10_000;

/// Where a [`BufferedProxy`](crate::proxy::BufferedProxy) keeps what it has accepted: [`MemoryQueue`] or [`DiskQueue`].
#[expect(private_bounds, reason = "sealed: no other crate can implement it")]
pub trait Queue: Store {}
