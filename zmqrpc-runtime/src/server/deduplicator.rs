//! Requests out of queues: one that comes again is answered, and not executed again.
//!
//! A proxy with a queue delivers a request until it gets an answer. So it comes again when the answer was lost, when the
//! method takes longer than the proxy waits for one try, and over a new connection when the old one broke.
//!
//! The name that a delivery carries is what its sender says. So a repeat has to come from the same side and to ask for
//! the same: who forges a name can keep nobody's request from being executed.

mod shares;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shares::Shares;

use crate::codec::Codec;
use crate::command::{Call, CallFailure, reply_frame};
use crate::socket::{self, Message, Route};
use crate::wire::{DELIVERY_KEY, DeliveryId, Executed, Metadata, ReplyBody, Status};

/// How a delivery has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DeliveryResult {
    /// The service returned a value.
    Done,
    /// The service returned an error of its own, or panicked.
    Failed,
}

/// What is known of a delivery that was here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duplicate {
    /// It is being executed.
    UnderWay,
    Ended(DeliveryResult),
}

/// A delivery as a server knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeliveryKey {
    /// Of the name, of who sent it and of what it asks for.
    mark: u64,
    /// Who sent it.
    source: u64,
    /// As its sender says.
    queue: u64,
    codec: Codec,
}

/// Who waits for the end of a delivery that was under way when it came again.
#[derive(Clone, Debug)]
pub(super) struct DuplicateWaiter {
    pub(super) route: Route,
    pub(super) id: u64,
}

pub(super) struct Deduplicator {
    /// How many that have ended are remembered.
    limit: usize,
    /// With a key that nobody else knows, so that nobody can make two deliveries look the same.
    hasher: RandomState,
    known: Mutex<KnownDelivery>,
    /// There are answers for those who have joined.
    answered: AtomicBool,
}

#[derive(Default)]
struct KnownDelivery {
    states: HashMap<u64, DeliveryState>,
    ended: Shares,
    answers: Vec<socket::RoutedMessage>,
}

enum DeliveryState {
    UnderWay(Option<Box<DuplicateWaiter>>),
    Ended(DeliveryResult),
}

impl Deduplicator {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            hasher: RandomState::new(),
            known: Mutex::default(),
            answered: AtomicBool::new(false),
        })
    }

    /// The name of a delivery; none of other requests, and where none are remembered.
    pub(super) fn name(&self, metadata: Metadata<'_>) -> Option<Box<DeliveryId>> {
        if metadata.is_empty() || self.limit == 0 {
            return None;
        }
        let name = metadata.get(DELIVERY_KEY)?;
        name.parse().ok().map(Box::new)
    }

    /// Whom a delivery comes from, and what it asks for.
    ///
    /// The sender is the user; without a login the address, without its port, since a proxy that has lost its connection
    /// comes back over another one. Those who have no address share one memory.
    pub(super) fn identify(&self, name: DeliveryId, call: &Call) -> DeliveryKey {
        let context = call.context();
        let (user, address) = match context.user_id() {
            Some(user) => (Some(user), None),
            None => (None, context.peer()),
        };
        let source = self.hasher.hash_one((user, address));
        let mut hasher = self.hasher.build_hasher();
        (source, name, call.entry(), call.codec().id()).hash(&mut hasher);
        hasher.write(call.body());
        DeliveryKey {
            mark: hasher.finish(),
            source,
            queue: name.queue,
            codec: call.codec(),
        }
    }

    /// Takes a delivery on: returns what to tell of its end with.
    ///
    /// # Errors
    ///
    /// What is known of it, if it was here before.
    pub(super) fn admit(
        self: &Arc<Self>,
        identity: DeliveryKey,
    ) -> Result<Box<DedupGuard>, Duplicate> {
        let mut known = self.known();
        match known.states.get(&identity.mark) {
            Some(DeliveryState::UnderWay(_)) => return Err(Duplicate::UnderWay),
            Some(DeliveryState::Ended(fate)) => return Err(Duplicate::Ended(*fate)),
            None => {}
        }
        known
            .states
            .insert(identity.mark, DeliveryState::UnderWay(None));
        Ok(Box::new(DedupGuard {
            deduplicator: Arc::clone(self),
            identity,
            fate: None,
        }))
    }

    /// Lets a repeat wait for the end of the delivery that is under way. Returns what to answer at once: to the repeat if
    /// there has been an end meanwhile, or else to the one that waited before.
    pub(super) fn join(
        &self,
        identity: DeliveryKey,
        joined: DuplicateWaiter,
    ) -> Option<socket::RoutedMessage> {
        let mut known = self.known();
        match known.states.get_mut(&identity.mark) {
            Some(DeliveryState::UnderWay(waiting)) => {
                let before = waiting.replace(Box::new(joined));
                before.map(|before| before.answer(identity, None))
            }
            Some(DeliveryState::Ended(fate)) => Some(joined.answer(identity, Some(*fate))),
            None => Some(joined.answer(identity, None)),
        }
    }

    /// The answers for those who have joined deliveries that have ended since.
    pub(super) fn take_answers(&self) -> Vec<socket::RoutedMessage> {
        if !self.answered.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut known = self.known();
        self.answered.store(false, Ordering::Release);
        std::mem::take(&mut known.answers)
    }

    fn end(&self, identity: DeliveryKey, fate: Option<DeliveryResult>) {
        let mut known = self.known();
        let before = match fate {
            None => known.states.remove(&identity.mark),
            Some(fate) => {
                let before = known
                    .states
                    .insert(identity.mark, DeliveryState::Ended(fate));
                let DeliveryKey { source, queue, .. } = identity;
                known.ended.push(source, queue, identity.mark);
                if known.ended.len() > self.limit
                    && let Some(mark) = known.ended.pop()
                {
                    known.states.remove(&mark);
                }
                before
            }
        };
        if let Some(DeliveryState::UnderWay(Some(joined))) = before {
            known.answers.push(joined.answer(identity, fate));
            self.answered.store(true, Ordering::Release);
        }
    }

    fn known(&self) -> MutexGuard<'_, KnownDelivery> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DuplicateWaiter {
    fn answer(self, identity: DeliveryKey, fate: Option<DeliveryResult>) -> socket::RoutedMessage {
        let Self { route, id } = self;
        let message = match fate {
            Some(fate) => answer_repeat(id, identity.codec, fate),
            None => under_way().encode(id),
        };
        socket::RoutedMessage { route, message }
    }
}

/// What a repeat is answered whose delivery has ended.
pub(super) fn answer_repeat(id: u64, codec: Codec, fate: DeliveryResult) -> Message {
    match fate {
        DeliveryResult::Done => {
            let (metadata, body) = (Metadata::EMPTY, &[][..]);
            let done = ReplyBody::Ok {
                codec: codec.id(),
                metadata,
                body,
            };
            reply_frame(id, done)
        }
        DeliveryResult::Failed => {
            let detail = "the delivery was executed before and ended in an error";
            CallFailure::new(Status::Panicked, detail).encode(id)
        }
    }
}

/// Not an answer yet: what is under way may still come to nothing.
pub(super) fn under_way() -> CallFailure {
    CallFailure::new(
        Status::Overloaded,
        "the delivery was under way, and is not known to have ended well",
    )
    .with_executed(Executed::Maybe)
}

/// A delivery that is under way. Dropped without an end it is forgotten: it was not executed, or not to its end, and is
/// to come again.
pub(super) struct DedupGuard {
    deduplicator: Arc<Deduplicator>,
    identity: DeliveryKey,
    fate: Option<DeliveryResult>,
}

impl DedupGuard {
    pub(super) fn end(mut self, fate: DeliveryResult) {
        self.fate = Some(fate);
    }
}

impl Drop for DedupGuard {
    fn drop(&mut self) {
        self.deduplicator.end(self.identity, self.fate);
    }
}

#[cfg(test)]
mod tests;
