//! The caller's side of a dialect: requests, events and jobs out, replies in.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use super::{
    CallControl, Dialect, Event, EventContent, FrameKind, Reply, Request, WorkerOfferBuf, native,
};
use crate::codec::Error as CodecError;
use crate::socket::Frame;
use crate::wire::{Executed, Limits, MethodKey, Status, WireError};

/// Why a request or an event cannot be encoded.
pub(crate) enum EncodeFailure {
    /// The method's name or the metadata exceed a limit.
    Header(WireError),
    /// The arguments cannot be encoded.
    Arguments(CodecError),
}

impl fmt::Display for EncodeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => error.fmt(f),
            Self::Arguments(error) => error.fmt(f),
        }
    }
}

impl Dialect {
    /// Returns the frame of a request without an id, which [`set_id`](Self::set_id) writes. `arguments` appends the body.
    ///
    /// # Errors
    ///
    /// What cannot be encoded.
    #[inline]
    pub(crate) fn encode_request(
        self,
        request: &Request<'_>,
        limits: &Limits,
        arguments: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<Frame, EncodeFailure> {
        Frame::build(|out| match self {
            Self::Native => {
                native::encode_request(request, out, limits).map_err(EncodeFailure::Header)?;
                arguments(out).map_err(EncodeFailure::Arguments)
            }
        })
    }

    /// Returns the frame of an event without a sequence number, which [`set_id`](Self::set_id) writes. `arguments` appends
    /// the body.
    ///
    /// # Errors
    ///
    /// What cannot be encoded.
    #[inline]
    pub(crate) fn encode_event(
        self,
        event: &Event<'_>,
        limits: &Limits,
        arguments: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>,
    ) -> Result<Frame, EncodeFailure> {
        Frame::build(|out| match self {
            Self::Native => {
                native::encode_event(event, out, limits).map_err(EncodeFailure::Header)?;
                arguments(out).map_err(EncodeFailure::Arguments)
            }
        })
    }

    /// Returns the frame of the event that only says that its publisher is alive.
    pub(crate) fn heartbeat(self, sequence: u64, publisher: u64) -> Frame {
        let event = Event {
            sequence,
            publisher,
            content: EventContent::Heartbeat,
        };
        let built = Frame::build(|out| {
            match self {
                // Cannot fail: a heartbeat has neither a name nor metadata that could be too long.
                Self::Native => drop(native::encode_event(&event, out, &Limits::NONE)),
            }
            Ok::<_, Infallible>(())
        });
        match built {
            Ok(frame) => frame,
            Err(never) => match never {},
        }
    }

    /// Overwrites the id of a request, or the sequence number of an event.
    ///
    /// With this, a caller encodes a request outside of the lock that assigns ids, and numbers it inside.
    #[inline]
    pub(crate) fn set_id(self, frame: &mut [u8], id: u64) {
        match self {
            Self::Native => native::patch_id(frame, id),
        }
    }

    /// Gives an encoded request by key another key.
    pub(crate) fn patch_key(self, frame: &mut [u8], key: MethodKey) {
        match self {
            Self::Native => native::patch_key(frame, key),
        }
    }

    /// Lowers the remaining time of an encoded request to `remaining`. A request without a limit keeps none.
    pub(crate) fn shorten_remaining(self, frame: &mut [u8], remaining: Duration) {
        match self {
            Self::Native => native::shorten_remaining(frame, remaining),
        }
    }

    /// Returns the frame that tells a server something about the call with this id.
    pub(crate) fn control(self, id: u64, control: CallControl) -> Frame {
        match self {
            Self::Native => Frame::copy_of(&native::encode_control(id, control)),
        }
    }

    /// Returns the frame that asks a server for a pong with this id.
    pub(crate) fn ping(self, id: u64) -> Frame {
        match self {
            Self::Native => Frame::copy_of(&native::encode_ping(id)),
        }
    }

    /// Returns what a frame from a server means, without decoding the body of a reply.
    #[inline]
    pub(crate) fn classify(self, frame: &[u8]) -> FrameKind {
        match self {
            Self::Native => native::classify(frame),
        }
    }

    /// Decodes what a worker says of itself.
    ///
    /// # Errors
    ///
    /// Why it cannot be decoded.
    pub(crate) fn decode_worker(
        self,
        frame: &[u8],
        limits: &Limits,
    ) -> Result<WorkerOfferBuf, WireError> {
        match self {
            Self::Native => native::decode_worker(frame, limits),
        }
    }

    /// Decodes a reply.
    ///
    /// # Errors
    ///
    /// Why it cannot be decoded: the call must fail.
    #[inline]
    pub(crate) fn decode_reply<'a>(
        self,
        frame: &'a [u8],
        limits: &Limits,
    ) -> Result<Reply<'a>, WireError> {
        match self {
            Self::Native => native::decode_reply(frame, limits),
        }
    }

    /// Returns the status of a rejection that another server need not share; `None` for any other reply, and if the call
    /// may have been executed.
    #[inline]
    pub(crate) fn rejection(self, reply: &[u8]) -> Option<Status> {
        if self.is_failure(reply) {
            self.decode_rejection(reply)
        } else {
            None
        }
    }

    /// Returns whether a reply says that the call has failed otherwise than with an error of the method's own.
    #[inline]
    pub(crate) fn is_failure(self, reply: &[u8]) -> bool {
        match self {
            Self::Native => native::is_failure(reply),
        }
    }

    #[cold]
    fn decode_rejection(self, reply: &[u8]) -> Option<Status> {
        match self.decode_reply(reply, &Limits::NONE).ok()? {
            Reply::Failure {
                status: status @ (Status::ShuttingDown | Status::Overloaded | Status::Unavailable),
                executed: Executed::No,
                ..
            } => Some(status),
            _ => None,
        }
    }
}

impl FrameKind {
    /// Returns whether the peer has shown that it is a server, and alive.
    pub(crate) const fn is_from_server(self) -> bool {
        !matches!(
            self,
            Self::FromClient(_) | Self::Unknown { from_server: false }
        )
    }
}
