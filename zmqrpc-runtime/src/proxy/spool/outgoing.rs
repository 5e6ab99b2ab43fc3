//! Requests as they go to the target.

use std::time::{Duration, Instant};

use super::{RetryPolicy, Spool};
use crate::socket::Message;
use crate::wire::{DELIVERY_KEY, DeliveryId, Incoming, Limits, MetadataBuf, Request, RequestKind};

impl Spool {
    /// How long a request may still be tried: what its target is told that it may take.
    fn time_left(&self, number: u64, now: Instant) -> Duration {
        let RetryPolicy {
            attempt, attempts, ..
        } = self.patience;
        let held = self.held.get(&number);
        let tries = held.map_or(0, |held| held.tries);
        let left = attempt.saturating_mul(attempts.saturating_sub(tries));
        match held.and_then(|held| held.due) {
            Some(due) => left.min(due.saturating_duration_since(now)).max(attempt),
            None => left,
        }
    }

    /// The request as it goes to the target.
    pub(in crate::proxy) fn request(&self, number: u64, now: Instant) -> Result<Message, Unready> {
        let frame = match self.store.frame(number) {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                let reason = "the queue does not have it any more".to_owned();
                return Err(Unready::Never(reason));
            }
            Err(reason) => return Err(Unready::Later(reason)),
        };
        let read = Incoming::decode(&frame, &Limits::NONE);
        let Incoming::Request(request) = read.map_err(|error| Unready::Never(error.to_string()))?
        else {
            return Err(Unready::Never("it is no request".into()));
        };
        let queue = self.store.id();
        let mut metadata = MetadataBuf::from(request.metadata);
        if request.metadata.get(DELIVERY_KEY).is_none() {
            // What came out of another queue keeps the name that it was given there.
            metadata.set(DELIVERY_KEY, &DeliveryId { queue, number }.to_string());
        }
        let request = Request {
            // Its id stays, which tells how many proxies it has passed.
            kind: RequestKind::Call,
            remaining: Some(self.time_left(number, now)),
            metadata: metadata.as_metadata(),
            ..request
        };
        let built = Message::build(|out| request.encode(out, &Limits::NONE));
        built.map_err(|error| Unready::Never(error.to_string()))
    }
}

/// Why a request cannot be delivered that is held.
pub(in crate::proxy) enum Unready {
    /// It is no request, or is not there.
    Never(String),
    /// The queue cannot be read now.
    Later(String),
}
