//! Encodes commands as the frames of events and jobs.

use std::sync::Arc;

use crate::codec::{Codec, Error as CodecError};
use crate::command::{Command, Method};
use crate::error::{CallTarget, Error};
use crate::socket::Frame;
use crate::wire::{
    Event, EventContent, Executed, Limits, Metadata, MethodRef, NO_ID, Request, RequestKind,
    WireError,
};

/// Returns the method and endpoint that a message's errors name.
pub(super) fn call_target(method: &Method, endpoint: Option<&Arc<str>>) -> CallTarget {
    CallTarget::new(method.full_name(), endpoint.cloned())
}

/// Encodes an event whose sequence number is still to be written.
///
/// # Errors
///
/// [`Error::TooLarge`] and [`Error::Encode`]; nothing has been sent.
pub(super) fn event<C: Command>(
    command: &C,
    publisher: u64,
    metadata: Metadata<'_>,
    limits: &Limits,
) -> Result<Frame, Error> {
    frame(command, metadata, limits, |request, out| {
        let event = Event {
            sequence: 0,
            publisher,
            content: EventContent::Command(request),
        };
        event.encode(out, limits)
    })
}

/// Encodes a job as a notification.
///
/// # Errors
///
/// As [`event`].
pub(super) fn job<C: Command>(
    command: &C,
    metadata: Metadata<'_>,
    limits: &Limits,
) -> Result<Frame, Error> {
    frame(command, metadata, limits, |request, out| {
        request.encode(out, limits)
    })
}

fn frame<C: Command>(
    command: &C,
    metadata: Metadata<'_>,
    limits: &Limits,
    encode: impl FnOnce(Request<'_>, &mut Vec<u8>) -> Result<(), WireError>,
) -> Result<Frame, Error> {
    let method = const { &C::METHOD };
    let (codec, executed) = (Codec::Postcard, Executed::No);
    let request = Request {
        kind: RequestKind::Notify,
        id: NO_ID,
        codec: codec.id(),
        method: MethodRef::Key(method.key()),
        // No time limit: as no caller waits, it is worth executing whenever it arrives.
        remaining: None,
        metadata,
        body: &[],
    };
    Frame::build(|out| {
        encode(request, out).map_err(|error| Error::Encode {
            at: call_target(method, None),
            what: "the header",
            source: CodecError::Encode(error.to_string()),
            executed,
        })?;
        let encoded = codec.encode(command, out, limits.message);
        encoded.map_err(|error| match error {
            CodecError::TooLarge { limit } => Error::TooLarge {
                at: call_target(method, None),
                what: "the message",
                limit,
                executed,
            },
            source => Error::Encode {
                at: call_target(method, None),
                what: "the arguments",
                source,
                executed,
            },
        })
    })
}
