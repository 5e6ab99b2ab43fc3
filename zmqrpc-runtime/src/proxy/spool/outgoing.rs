//! Builds the frames that go to the target from stored requests.

use std::time::{Duration, Instant};

use super::{RetryPolicy, Spool};
use crate::dialect::{Inbound, Request, RequestKind};
use crate::proxy::DIALECT;
use crate::socket::Frame;
use crate::wire::{DELIVERY_KEY, DeliveryId, Limits, MetadataBuf};

impl Spool {
    /// Returns how long a request may still be attempted, which its target is told as the remaining time.
    fn time_left(&self, number: u64, now: Instant) -> Duration {
        let RetryPolicy {
            attempt_timeout,
            max_attempts,
            ..
        } = self.policy;
        let held = self.requests.get(&number);
        let attempts = held.map_or(0, |held| held.attempts);
        let remaining = attempt_timeout.saturating_mul(max_attempts.saturating_sub(attempts));
        match held.and_then(|held| held.due) {
            Some(due) => remaining
                .min(due.saturating_duration_since(now))
                .max(attempt_timeout),
            None => remaining,
        }
    }

    /// Returns the frame that goes to the target: a call under the delivery's name.
    pub(in crate::proxy) fn request(&self, number: u64, now: Instant) -> Result<Frame, Unready> {
        let frame = match self.store.frame(number) {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                let reason = "the queue no longer contains it".to_owned();
                return Err(Unready::Permanent(reason));
            }
            Err(reason) => return Err(Unready::Transient(reason)),
        };
        let read = DIALECT.decode_inbound(&frame, &Limits::NONE);
        let Inbound::Request(request) =
            read.map_err(|error| Unready::Permanent(error.to_string()))?
        else {
            return Err(Unready::Permanent("it is not a request".into()));
        };
        let queue = self.store.id();
        let mut metadata = MetadataBuf::from(request.metadata);
        if request.metadata.get(DELIVERY_KEY).is_none() {
            // A request out of another queue keeps the name that it was given there.
            metadata.set(DELIVERY_KEY, &DeliveryId { queue, number }.to_string());
        }
        let request = Request {
            // The id stays: it contains the number of proxies that the request has passed.
            kind: RequestKind::Call,
            remaining: Some(self.time_left(number, now)),
            metadata: metadata.as_metadata(),
            ..request
        };
        DIALECT
            .encode_request(&request, &Limits::NONE, |_| Ok(()))
            .map_err(|failure| Unready::Permanent(failure.to_string()))
    }
}

/// Why a stored request cannot be sent.
pub(in crate::proxy) enum Unready {
    /// The frame is not a request, or is not in the queue.
    Permanent(String),
    /// The queue cannot be read at present.
    Transient(String),
}
