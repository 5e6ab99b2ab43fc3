//! What callers, publishers and pushers send a server.

use std::{fmt, time::Duration};

use super::call_id::CallId;
use crate::wire::{Metadata, MethodKey};

/// Whether the caller waits for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// The caller waits for a reply, unless it cancels the call.
    Call,
    /// The caller waits for nothing; the server sends no reply, not even an error.
    Notify,
}

/// How a request names its method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodRef<'a> {
    /// By its key: both sides were compiled with the signature.
    Key(MethodKey),
    /// By its full name, `Service.method`: the caller does not know the signature, and uses a
    /// self-describing codec.
    Name(&'a str),
}

impl fmt::Display for MethodRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "key {key}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A command to execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Whether the caller waits for a reply.
    pub kind: RequestKind,
    /// The id that the reply repeats. A notification's means nothing.
    pub id: CallId,
    /// The codec of the body, and of the reply's.
    pub codec: u8,
    /// The called method.
    pub method: MethodRef<'a>,
    /// How much longer the caller waits; `None` if for ever.
    ///
    /// A peer may announce centuries: use `checked_add` to add it to an `Instant`.
    pub remaining: Option<Duration>,
    /// Metadata beside the arguments.
    pub metadata: Metadata<'a>,
    /// The encoded arguments.
    pub body: &'a [u8],
}

/// A message to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    /// A command to execute.
    Request(Request<'a>),
    /// About the call with this id, which is under way.
    Control(CallId, CallControl),
    /// A request for a pong with this id, which the server sends however busy the handlers are.
    Ping(CallId),
}

/// What a caller says about a call that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallControl {
    /// It no longer waits for the call.
    Cancel,
}

/// A message from a publisher to its subscribers. Its topic travels in a frame of its own, before
/// the event's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The event's number among the publisher's events of the same topic, from 1. A subscriber
    /// notices missed events by it.
    pub sequence: u64,
    /// The publisher that first sent the event: a number that each publisher draws at random.
    pub publisher: u64,
    /// What the event carries.
    pub content: EventContent<'a>,
}

/// What an event carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventContent<'a> {
    /// Nothing. The event only says that the publisher is alive.
    Heartbeat,
    /// A command to execute. Decoding makes it a notification whose id is the sequence number; encoding ignores its
    /// kind and id.
    Command(Request<'a>),
}
