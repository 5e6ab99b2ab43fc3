//! What was given up.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::{GiveUp, Store, Stored};
use crate::error::Error;
use crate::log;
use crate::wire::{DeliveryId, Incoming, Limits, MethodRef, Request};

/// A request that was given up, as a queue keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct StoredDeadLetter {
    pub(in crate::proxy) reason: String,
    /// Milliseconds since 1970.
    pub(in crate::proxy) accepted: u64,
    pub(in crate::proxy) given_up: u64,
    pub(in crate::proxy) frame: Vec<u8>,
}

impl StoredDeadLetter {
    pub(in crate::proxy) fn of(kept: Stored, death: &GiveUp) -> Self {
        Self {
            reason: death.reason.clone(),
            accepted: kept.accepted,
            given_up: death.given_up,
            frame: kept.frame,
        }
    }

    /// What it counts for.
    pub(in crate::proxy) fn bytes(&self) -> usize {
        self.frame.len() + self.reason.len()
    }
}

/// A request that was accepted and could not be delivered: its time was over, or its target refused it for a reason that
/// does not get better.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    delivery: DeliveryId,
    letter: StoredDeadLetter,
}

impl DeadLetter {
    pub(in crate::proxy) fn new(delivery: DeliveryId, letter: StoredDeadLetter) -> Self {
        Self { delivery, letter }
    }

    /// Its number in the queue, by which it is discarded. Requests are numbered in the order in which they were accepted.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.delivery.number
    }

    /// The name under which its target knows it: the metadata `zmqrpc-delivery`.
    #[must_use]
    pub fn delivery(&self) -> String {
        self.delivery.to_string()
    }

    /// Why it was given up: what its target answered, or that its time was over.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.letter.reason
    }

    /// When it was accepted, by the clock of the proxy's machine.
    #[must_use]
    pub fn accepted(&self) -> SystemTime {
        time(self.letter.accepted)
    }

    /// When it was given up, by the same clock.
    #[must_use]
    pub fn given_up(&self) -> SystemTime {
        time(self.letter.given_up)
    }

    /// The method: its name, or for calls by key the key in hexadecimal.
    #[must_use]
    pub fn method(&self) -> String {
        match self.request().map(|request| request.method) {
            Some(MethodRef::Name(name)) => name.to_owned(),
            Some(MethodRef::Key(key)) => key.to_string(),
            None => String::new(),
        }
    }

    /// What the caller sent along under `key`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.request()?.metadata.get(key)
    }

    /// The arguments, encoded as [`codec`](Self::codec) says.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.request().map_or(&[], |request| request.body)
    }

    /// 0 is postcard, 2 `MessagePack`.
    #[must_use]
    pub fn codec(&self) -> u8 {
        self.request().map_or(0, |request| request.codec)
    }

    fn request(&self) -> Option<Request<'_>> {
        match Incoming::decode(&self.letter.frame, &Limits::NONE) {
            Ok(Incoming::Request(request)) => Some(request),
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

/// Dead letters, oldest first: an iterator that reads one at a time. What is dropped or discarded meanwhile is left out.
pub struct DeadLetters<'a> {
    store: &'a dyn Store,
    /// The number of the last one.
    last: Option<u64>,
    failure: Option<String>,
}

impl<'a> DeadLetters<'a> {
    pub(in crate::proxy) fn of(store: &'a dyn Store) -> Result<Self, String> {
        // What cannot be read at all is told before anybody iterates.
        store.letter_after(None)?;
        Ok(Self {
            store,
            last: None,
            failure: None,
        })
    }

    /// Whether there is no further one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.store.letter_after(self.last), Ok(None))
    }

    /// Why the iteration has ended before the last one: the queue could not be read any more. `None` if it has not.
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
