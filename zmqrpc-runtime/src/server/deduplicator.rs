//! Requests out of proxies' queues: one that is delivered twice is executed once, and gets a reply each time.
//!
//! A proxy with a queue delivers a request until it gets a reply. So a delivery comes again if its reply was lost, if
//! the method takes longer than the proxy waits for one attempt, and over a new connection if the old one broke.
//!
//! The id of a delivery is what its sender says. So a duplicate has to come from the same sender and to ask for the
//! same: a forged id keeps no other sender's request from being executed.

mod shares;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shares::Shares;

use crate::codec::Codec;
use crate::command::{ANY_METHOD, Call};
use crate::dialect::{CallFailure, OutboundFrame, Reply, ReplyTo};
use crate::socket::{Frame, Route};
use crate::sync::{Mutex, MutexGuard};
use crate::wire::{DELIVERY_KEY, DeliveryId, Executed, Metadata, Status};

/// How a delivery has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeliveryResult {
    /// The handler returned a value.
    Done,
    /// The handler returned an error of its own, or panicked.
    Failed,
}

/// What is known of a delivery that was here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duplicate {
    /// It is being executed.
    InFlight,
    Ended(DeliveryResult),
}

/// What identifies a delivery to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeliveryKey {
    /// A hash of the id, the sender and the request.
    hash: u64,
    /// A hash of the sender.
    source: u64,
    /// The queue that the sender names.
    queue: u64,
    codec: Codec,
}

/// A duplicate that waits for the result of the delivery in flight.
#[derive(Clone, Debug)]
pub(super) struct DuplicateWaiter {
    pub(super) route: Route,
    pub(super) to: ReplyTo,
}

pub(super) struct Deduplicator {
    /// How many deliveries that have ended are remembered.
    capacity: usize,
    /// Keyed at random, so that nobody can construct two deliveries of the same hash.
    hasher: RandomState,
    state: Mutex<DedupState>,
    /// Whether `replies` holds anything, to be read without the lock.
    has_replies: AtomicBool,
}

#[derive(Default)]
struct DedupState {
    deliveries: HashMap<u64, DeliveryState>,
    completed: Shares,
    replies: Vec<OutboundFrame>,
}

enum DeliveryState {
    InFlight(Option<Box<DuplicateWaiter>>),
    Ended(DeliveryResult),
}

impl Deduplicator {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            hasher: RandomState::new(),
            state: Mutex::default(),
            has_replies: AtomicBool::new(false),
        })
    }

    /// Returns a delivery's id. `None` for other requests, and if the server remembers no deliveries.
    pub(super) fn delivery_id(&self, metadata: Metadata<'_>) -> Option<Box<DeliveryId>> {
        if metadata.is_empty() || self.capacity == 0 {
            return None;
        }
        let id = metadata.get(DELIVERY_KEY)?;
        id.parse().ok().map(Box::new)
    }

    /// Returns the key of a delivery.
    ///
    /// The sender is the user or, without a login, the address without its port, since a proxy that has lost its
    /// connection comes back over another one. Senders without an address count as one.
    pub(super) fn key(&self, id: DeliveryId, call: &Call) -> DeliveryKey {
        let context = call.context();
        let (user, address) = match context.user_id() {
            Some(user) => (Some(user), None),
            None => (None, context.peer()),
        };
        let source = self.hasher.hash_one((user, address));
        let mut hasher = self.hasher.build_hasher();
        (source, id, call.entry(), call.codec().id()).hash(&mut hasher);
        hasher.write(call.body());
        if std::ptr::eq(call.context().method(), &raw const ANY_METHOD) {
            call.context().called().hash(&mut hasher);
        }
        DeliveryKey {
            hash: hasher.finish(),
            source,
            queue: id.queue,
            codec: call.codec(),
        }
    }

    /// Admits a delivery and returns the guard that records its result.
    ///
    /// # Errors
    ///
    /// What is known of the delivery, if it was here before.
    pub(super) fn admit(self: &Arc<Self>, key: DeliveryKey) -> Result<Box<DedupGuard>, Duplicate> {
        let mut state = self.lock();
        match state.deliveries.get(&key.hash) {
            Some(DeliveryState::InFlight(_)) => return Err(Duplicate::InFlight),
            Some(DeliveryState::Ended(result)) => return Err(Duplicate::Ended(*result)),
            None => {}
        }
        state
            .deliveries
            .insert(key.hash, DeliveryState::InFlight(None));
        Ok(Box::new(DedupGuard {
            deduplicator: Arc::clone(self),
            key,
            result: None,
        }))
    }

    /// Makes a duplicate wait for the result of the delivery in flight. Returns a reply to send at once: to this
    /// duplicate if the delivery has ended meanwhile, or else to the one that waited before.
    pub(super) fn join(&self, key: DeliveryKey, waiter: DuplicateWaiter) -> Option<OutboundFrame> {
        let mut state = self.lock();
        match state.deliveries.get_mut(&key.hash) {
            Some(DeliveryState::InFlight(waiting)) => {
                let before = waiting.replace(Box::new(waiter));
                before.map(|before| before.reply(key, None))
            }
            Some(DeliveryState::Ended(result)) => Some(waiter.reply(key, Some(*result))),
            None => Some(waiter.reply(key, None)),
        }
    }

    /// Returns the replies for the waiting duplicates of deliveries that have ended since the last call.
    pub(super) fn take_replies(&self) -> Vec<OutboundFrame> {
        if !self.has_replies.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut state = self.lock();
        self.has_replies.store(false, Ordering::Release);
        std::mem::take(&mut state.replies)
    }

    fn complete(&self, key: DeliveryKey, result: Option<DeliveryResult>) {
        let mut state = self.lock();
        let before = match result {
            None => state.deliveries.remove(&key.hash),
            Some(result) => {
                let before = state
                    .deliveries
                    .insert(key.hash, DeliveryState::Ended(result));
                let DeliveryKey { source, queue, .. } = key;
                state.completed.push(source, queue, key.hash);
                if state.completed.len() > self.capacity
                    && let Some(hash) = state.completed.pop()
                {
                    state.deliveries.remove(&hash);
                }
                before
            }
        };
        if let Some(DeliveryState::InFlight(Some(waiter))) = before {
            state.replies.push(waiter.reply(key, result));
            self.has_replies.store(true, Ordering::Release);
        }
    }

    fn lock(&self) -> MutexGuard<'_, DedupState> {
        self.state.lock()
    }
}

impl DuplicateWaiter {
    fn reply(self, key: DeliveryKey, result: Option<DeliveryResult>) -> OutboundFrame {
        let Self { route, to } = self;
        let frame = match result {
            Some(result) => duplicate_reply(&to, key.codec, result),
            None => to.fail(&in_flight_failure()),
        };
        OutboundFrame::reply(route, to, frame)
    }
}

/// Returns the reply for a duplicate of a delivery that has ended.
pub(super) fn duplicate_reply(to: &ReplyTo, codec: Codec, result: DeliveryResult) -> Frame {
    match result {
        DeliveryResult::Done => {
            let (metadata, body) = (Metadata::EMPTY, &[][..]);
            to.encode(Reply::Value {
                codec: codec.id(),
                metadata,
                body,
            })
        }
        DeliveryResult::Failed => {
            let detail = "the delivery was executed before and ended in an error";
            to.fail(&CallFailure::new(Status::Panicked, detail))
        }
    }
}

/// The failure for a duplicate whose delivery has no result: what is in flight may still fail to run.
pub(super) fn in_flight_failure() -> CallFailure {
    CallFailure::new(
        Status::Overloaded,
        "the delivery was in flight, and is not known to have succeeded",
    )
    .with_executed(Executed::Maybe)
}

/// A delivery in flight. If it is dropped without a result the delivery is forgotten: it was not executed, or not to
/// its end, and the proxy is to deliver it again.
pub(super) struct DedupGuard {
    deduplicator: Arc<Deduplicator>,
    key: DeliveryKey,
    result: Option<DeliveryResult>,
}

impl DedupGuard {
    pub(super) fn complete(mut self, result: DeliveryResult) {
        self.result = Some(result);
    }
}

impl Drop for DedupGuard {
    fn drop(&mut self) {
        self.deduplicator.complete(self.key, self.result);
    }
}

#[cfg(test)]
mod tests;
