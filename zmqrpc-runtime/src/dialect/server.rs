//! The server's side of a dialect: requests in, replies out.

use std::convert::Infallible;

use super::{
    CallFailure, CallId, Dialect, Event, Inbound, MethodRef, Outbound, Reply, WorkerOffer, native,
};
use crate::codec::Codec;
use crate::socket::{Frame, Route};
use crate::wire::{Executed, Limits, Metadata, Status, WireError};

impl Dialect {
    /// Returns the dialect that a request is in. What looks like none is decoded, and rejected, as native.
    #[inline]
    pub(crate) const fn of_request(_frame: &[u8]) -> Self {
        Self::Native
    }

    /// Decodes a message to a server.
    ///
    /// # Errors
    ///
    /// Why it cannot be decoded. [`rejection_of`](Self::rejection_of) returns what to reply.
    #[expect(
        clippy::inline_always,
        reason = "returning the large value by copy takes longer than decoding it"
    )]
    #[inline(always)]
    pub(crate) fn decode_inbound<'a>(
        self,
        frame: &'a [u8],
        limits: &Limits,
    ) -> Result<Inbound<'a>, WireError> {
        match self {
            Self::Native => native::decode_inbound(frame, limits),
        }
    }

    /// Returns the failure with which to reject a frame that could not be decoded; `None` if there must be no reply.
    ///
    /// A reply is never rejected, or two servers connected to each other would reject each other's rejections for ever.
    pub(crate) fn rejection_of(
        self,
        frame: &[u8],
        error: &WireError,
        limits: &Limits,
    ) -> Option<(ReplyTo, CallFailure)> {
        let failure = if frame.len() > limits.message {
            CallFailure::new(Status::TooLarge, limits.message.to_string())
        } else {
            CallFailure::new(error.status(), error.to_string())
        };
        let id = match self {
            Self::Native => native::rejection_id(frame)?,
        };
        let to = ReplyTo::new(self, CallId::from(id));
        Some((to, failure.with_executed(Executed::No)))
    }

    /// Returns the frame in which a server that connects to its callers says what it offers.
    pub(crate) fn worker(self, worker: &WorkerOffer<'_>) -> Frame {
        match self {
            Self::Native => Frame::from(native::encode_worker(worker)),
        }
    }

    /// Decodes an event.
    ///
    /// # Errors
    ///
    /// Why it cannot be decoded. Nobody replies to events, so a subscriber counts the error and goes on.
    #[expect(
        clippy::inline_always,
        reason = "returning the large value by copy takes longer than decoding it"
    )]
    #[inline(always)]
    pub(crate) fn decode_event<'a>(
        self,
        frame: &'a [u8],
        limits: &Limits,
    ) -> Result<Event<'a>, WireError> {
        match self {
            Self::Native => native::decode_event(frame, limits),
        }
    }

    /// Returns the metadata of a request or of an event's command, which has been decoded before.
    pub(crate) fn metadata(self, frame: &[u8]) -> Metadata<'_> {
        match self {
            Self::Native => native::metadata_of(frame, &Limits::NONE),
        }
    }

    /// Returns the method of a request or of an event's command, which has been decoded before.
    pub(crate) fn method(self, frame: &[u8]) -> Option<MethodRef<'_>> {
        match self {
            Self::Native => native::method_of(frame, &Limits::NONE),
        }
    }
}

/// Which call a reply is to, in the dialect of its caller. The route to the caller travels beside it: calls within the
/// process have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplyTo {
    dialect: Dialect,
    id: CallId,
}

impl ReplyTo {
    #[inline]
    pub(crate) const fn new(dialect: Dialect, id: CallId) -> Self {
        Self { dialect, id }
    }

    /// Returns the address of a native frame that replies to no call: keep-alive frames and notices.
    pub(crate) const fn nobody() -> Self {
        Self::new(Dialect::Native, CallId::NONE)
    }

    #[inline]
    pub(crate) const fn id(&self) -> &CallId {
        &self.id
    }

    /// Returns the frame of a message whose body is encoded already, or empty.
    pub(crate) fn encode<'a>(&self, message: impl Into<Outbound<'a>>) -> Frame {
        let message = message.into();
        let built = Frame::build(|out| {
            match self.dialect {
                Dialect::Native => native::encode_outbound(&self.id, &message, out),
            }
            Ok::<_, Infallible>(())
        });
        match built {
            Ok(frame) => frame,
            Err(never) => match never {},
        }
    }

    /// Makes a frame of another server a reply to this call, for a proxy that forwards it.
    #[cfg(feature = "proxy")]
    pub(crate) fn readdress(&self, frame: &mut [u8]) {
        match self.dialect {
            Dialect::Native => native::patch_id(frame, self.id.number()),
        }
    }

    /// Returns the frame that reports a failure.
    pub(crate) fn fail(&self, failure: &CallFailure) -> Frame {
        self.encode(failure.as_reply())
    }

    /// Returns the frame of a reply to which `write` appends the encoded value, or the service's error if `is_error`.
    ///
    /// # Errors
    ///
    /// That of `write`.
    #[inline]
    pub(crate) fn encode_with<E>(
        &self,
        is_error: bool,
        codec: Codec,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Frame, E> {
        let (codec, metadata, body) = (codec.id(), Metadata::EMPTY, &[][..]);
        let head = if is_error {
            Reply::ServiceError {
                codec,
                metadata,
                body,
            }
        } else {
            Reply::Value {
                codec,
                metadata,
                body,
            }
        };
        Frame::build(|out| match self.dialect {
            Dialect::Native => {
                native::encode_outbound(&self.id, &head.into(), out);
                write(out)
            }
        })
    }
}

/// A frame for a caller.
#[derive(Debug)]
pub(crate) struct OutboundFrame {
    pub(crate) route: Route,
    pub(crate) frame: Frame,
    /// The call that the frame ends. `None` if it ends none: a pong, a keep-alive frame, a notice.
    pub(crate) ends: Option<ReplyTo>,
}

impl OutboundFrame {
    /// Returns the frame that ends a call.
    pub(crate) const fn reply(route: Route, to: ReplyTo, frame: Frame) -> Self {
        Self {
            route,
            frame,
            ends: Some(to),
        }
    }

    /// Returns a frame that ends no call.
    pub(crate) const fn ending_none(route: Route, frame: Frame) -> Self {
        Self {
            route,
            frame,
            ends: None,
        }
    }
}
