//! What was given up.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::wire::{Delivery, Incoming, Limits, MethodRef, Request};

/// A request that was given up, as a queue keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::proxy) struct Letter {
    pub(in crate::proxy) reason: String,
    /// Milliseconds since 1970.
    pub(in crate::proxy) accepted: u64,
    pub(in crate::proxy) given_up: u64,
    pub(in crate::proxy) frame: Vec<u8>,
}

/// A request that was accepted and could not be delivered: its time was over, or its target refused it for a reason that
/// does not get better.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    delivery: Delivery,
    letter: Letter,
}

impl DeadLetter {
    pub(in crate::proxy) fn new(delivery: Delivery, letter: Letter) -> Self {
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

fn time(millis: u64) -> SystemTime {
    let since = Duration::from_millis(millis);
    SystemTime::UNIX_EPOCH
        .checked_add(since)
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
