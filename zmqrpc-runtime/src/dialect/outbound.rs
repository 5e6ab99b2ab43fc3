//! What a server sends its callers.

use crate::wire::{Executed, Metadata, Status};

/// A message from a server to a caller. The id of the call travels beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outbound<'a> {
    /// Ends the call.
    Reply(Reply<'a>),
    /// The reply to a ping.
    Pong,
    /// The handler is still running; the call's reply follows later.
    Working,
    /// The server is shutting down. The id is the server's own; the client acknowledges with a ping
    /// of this id.
    Draining,
}

/// What ends a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The service returned a value.
    Value {
        /// The codec of the body.
        codec: u8,
        /// Metadata beside the value.
        metadata: Metadata<'a>,
        /// The encoded value.
        body: &'a [u8],
    },
    /// The service returned its own error.
    ServiceError {
        /// The codec of the body.
        codec: u8,
        /// Metadata beside the error.
        metadata: Metadata<'a>,
        /// The encoded error.
        body: &'a [u8],
    },
    /// The server has no value or error of the service to send.
    Failure {
        /// Why the call failed.
        status: Status,
        /// Whether the handler ran.
        executed: Executed,
        /// Metadata beside the failure.
        metadata: Metadata<'a>,
        /// A text whose meaning depends on the status. At most 1 KiB is sent and read, up to the
        /// first byte that is not UTF-8.
        detail: &'a str,
    },
}

impl<'a> From<Reply<'a>> for Outbound<'a> {
    fn from(reply: Reply<'a>) -> Self {
        Self::Reply(reply)
    }
}

/// What a server says of itself that connects to its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerOffer<'a> {
    /// Its name, which is empty if it has none.
    pub name: &'a str,
    /// The names of its services, each with its version.
    pub services: &'a [(&'a str, u32)],
}

/// The same as it arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerOfferBuf {
    /// Its name, which is empty if it has none.
    pub name: String,
    /// The names of its services, each with its version.
    pub services: Vec<(String, u32)>,
}

/// What a frame means to the caller's side, as far as that can be told without decoding a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// It ends the call with this id, successfully or not. If it then cannot be decoded, the call
    /// must fail.
    Reply(u64),
    /// The reply to the ping with this id.
    Pong(u64),
    /// It belongs to the call with this id, which it does not end: the reply follows later.
    Interim(u64),
    /// The server is shutting down and waits for a ping with this id.
    Draining(u64),
    /// The server has connected to its caller, and says what it offers.
    Worker,
    /// Only clients send it: the peer echoes what it receives, or forwards the requests of others.
    /// The id is that of the request, if it has one.
    FromClient(u64),
    /// Anything else, such as what a newer server sends. It ends no call.
    Unknown {
        /// Whether it is of a kind that servers send: the peer is alive, whatever it says.
        from_server: bool,
    },
}
