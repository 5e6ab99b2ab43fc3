//! Dead letters: requests that were given up.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{GiveUp, Store, Stored};
use crate::dialect::{Inbound, MethodRef, Request};
use crate::error::Error;
use crate::log;
use crate::proxy::DIALECT;
use crate::wire::{DeliveryId, Limits};

/// A dead letter as a queue stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct StoredDeadLetter {
    pub(in crate::proxy) reason: String,
    /// Milliseconds since 1970.
    pub(in crate::proxy) accepted: u64,
    pub(in crate::proxy) given_up: u64,
    pub(in crate::proxy) frame: Vec<u8>,
}

impl StoredDeadLetter {
    pub(in crate::proxy) fn of(stored: Stored, give_up: &GiveUp) -> Self {
        Self {
            reason: give_up.reason.clone(),
            accepted: stored.accepted,
            given_up: give_up.given_up,
            frame: stored.frame,
        }
    }

    /// Returns the bytes that it takes up in a queue.
    pub(in crate::proxy) fn bytes(&self) -> usize {
        self.frame.len() + self.reason.len()
    }
}

/// A request that was accepted and could not be delivered: its attempts or its time to live were used up, or its target
/// rejected it for a permanent reason.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    delivery: DeliveryId,
    letter: StoredDeadLetter,
}

impl DeadLetter {
    pub(in crate::proxy) fn new(delivery: DeliveryId, letter: StoredDeadLetter) -> Self {
        Self { delivery, letter }
    }

    /// Returns its number in the queue, by which it is discarded. Requests are numbered in the order in which they were
    /// accepted.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.delivery.number
    }

    /// Returns the name under which its target knows it: the metadata `zmqrpc-delivery`.
    #[must_use]
    pub fn delivery(&self) -> String {
        self.delivery.to_string()
    }

    /// Returns why it was given up, for instance with the failure that its target replied.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.letter.reason
    }

    /// Returns when it was accepted, by the clock of the proxy's machine.
    #[must_use]
    pub fn accepted(&self) -> SystemTime {
        time(self.letter.accepted)
    }

    /// Returns when it was given up, by the same clock.
    #[must_use]
    pub fn given_up(&self) -> SystemTime {
        time(self.letter.given_up)
    }

    /// Returns the method's name or, for calls by key, the key in hexadecimal.
    #[must_use]
    pub fn method(&self) -> String {
        match self.request().map(|request| request.method) {
            Some(MethodRef::Name(name)) => name.to_owned(),
            Some(MethodRef::Key(key)) => key.to_string(),
            None => String::new(),
        }
    }

    /// Returns the metadata that the caller sent under `key`; `None` if there is none.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.request()?.metadata.get(key)
    }

    /// Returns the arguments, encoded by [`codec`](Self::codec).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.request().map_or(&[], |request| request.body)
    }

    /// Returns the codec of the arguments: 0 is postcard, 1 is JSON, 2 is `MessagePack`.
    #[must_use]
    pub fn codec(&self) -> u8 {
        self.request().map_or(0, |request| request.codec)
    }

    fn request(&self) -> Option<Request<'_>> {
        match DIALECT.decode_inbound(&self.letter.frame, &Limits::NONE) {
            Ok(Inbound::Request(request)) => Some(request),
            _ => None,
        }
    }
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither metadata nor arguments: they may be secret.
        f.debug_struct("DeadLetter")
            .field("delivery", &format_args!("{}", self.delivery))
            .field("method", &self.method())
            .field("reason", &self.reason())
            .finish_non_exhaustive()
    }
}

/// An iterator over dead letters, oldest first, which reads one at a time and skips those that are dropped or discarded
/// meanwhile.
pub struct DeadLetters<'a> {
    store: &'a dyn Store,
    /// The number of the last letter that was read.
    last: Option<u64>,
    failure: Option<String>,
}

impl<'a> DeadLetters<'a> {
    pub(in crate::proxy) fn of(store: &'a dyn Store) -> Result<Self, String> {
        // An unreadable queue fails here rather than in the iteration.
        store.letter_after(None)?;
        Ok(Self {
            store,
            last: None,
            failure: None,
        })
    }

    /// Returns whether there are no further dead letters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.store.letter_after(self.last), Ok(None))
    }

    /// Returns why the iteration has ended before the last dead letter, because the queue could not be read; `None` if it
    /// has not.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        let reason = self.failure.clone()?;
        Some(Error::bad_queue("the queue", reason))
    }
}

impl Iterator for DeadLetters<'_> {
    type Item = DeadLetter;

    fn next(&mut self) -> Option<DeadLetter> {
        match self.store.letter_after(self.last) {
            Ok(letter) => {
                let letter = letter?;
                self.last = Some(letter.number());
                Some(letter)
            }
            Err(reason) => {
                log::line!(error, reason = log::text(&reason); "dead letters cannot be read");
                self.failure = Some(reason);
                None
            }
        }
    }
}

impl fmt::Debug for DeadLetters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

fn time(millis: u64) -> SystemTime {
    let since = Duration::from_millis(millis);
    SystemTime::UNIX_EPOCH
        .checked_add(since)
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
