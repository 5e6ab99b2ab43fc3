//! Where requests wait that a proxy has accepted and not delivered.
//!
//! A queue keeps bytes under numbers and knows nothing of their order; [`lanes`](super::lanes) does.

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

/// A request as a queue keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    /// None for what has no order to keep.
    pub(super) origin: Option<Origin>,
    /// Milliseconds since 1970: a queue outlives its proxy, and the clock that proxies measure with.
    pub(super) accepted: u64,
    /// The request frame, as it came.
    pub(super) frame: Vec<u8>,
}

/// What is known of a request without its frame.
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) origin: Option<Origin>,
    pub(super) accepted: u64,
    /// Of the frame.
    pub(super) bytes: usize,
}

impl Entry {
    fn of(number: u64, kept: &Stored) -> Self {
        Self {
            number,
            origin: kept.origin.clone(),
            accepted: kept.accepted,
            bytes: kept.frame.len(),
        }
    }
}

/// Changes that are made all at once, or not at all.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) new: Vec<(u64, Stored)>,
    /// Delivered, or not accepted after all.
    pub(super) done: Vec<u64>,
    /// Given up.
    pub(super) dead: Vec<(u64, GiveUp)>,
    /// Bytes of all requests that are held when it has been committed.
    pub(super) held: usize,
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
    /// Nothing of it is in the queue; otherwise it may be found there after a crash.
    pub(super) surely: bool,
}

/// What a queue may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) requests: usize,
    /// Of requests and dead letters together. Requests go first: dead letters are dropped for them.
    pub(super) bytes: usize,
}

impl Capacity {
    /// Bytes that dead letters may take up beside so many of requests: a quarter of all at most.
    fn for_letters(&self, held: usize) -> usize {
        (self.bytes / 4).min(self.bytes.saturating_sub(held))
    }
}

/// What a proxy does with a queue. Used by the proxy's threads, and by handles that read dead letters.
pub(super) trait Store: Send + Sync + 'static {
    fn capacity(&self) -> Capacity;
    /// Whether what it holds is there after the end of its process, to be delivered by the next one.
    fn outlives(&self) -> bool;
    /// The number that names it, see [`DeliveryId`](crate::wire::DeliveryId).
    fn id(&self) -> u64;
    /// The number of the next request. No number is used twice.
    fn next_number(&self) -> u64;
    /// What it holds, in order.
    fn contents(&self) -> Result<Vec<Entry>, String>;
    /// Makes changes, and returns when they would survive a crash, if that is what it is for. Returns how many dead letters
    /// were dropped for want of room.
    fn commit(&self, batch: &Batch) -> Result<usize, WriteFailure>;
    /// A request's frame.
    fn frame(&self, number: u64) -> Result<Option<Vec<u8>>, String>;
    /// The first dead letter with a higher number, or the first of all.
    fn letter_after(&self, number: Option<u64>) -> Result<Option<DeadLetter>, String>;
    /// `false` if there is no such letter.
    fn discard_letter(&self, number: u64) -> Result<bool, String>;
}

/// Dead letters that are kept, however small; then the oldest go.
pub(super) const MAX_LETTERS: usize = 10_000;

/// Where a [`BufferedProxy`](crate::proxy::BufferedProxy) keeps what it has accepted: [`MemoryQueue`] or [`DiskQueue`].
#[expect(private_bounds, reason = "sealed: nobody else can make one")]
pub trait Queue: Store {}
