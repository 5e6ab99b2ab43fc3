//! Encodes commands as the frames of events and jobs.

use std::sync::Arc;

use super::DIALECT;
use crate::codec::{Codec, Error as CodecError};
use crate::command::{Command, Method};
use crate::dialect::{CallId, EncodeFailure, Event, EventContent, MethodRef, Request, RequestKind};
use crate::error::{CallTarget, Error};
use crate::socket::Frame;
use crate::wire::{Executed, Limits, Metadata};

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
    let event = Event {
        sequence: 0,
        publisher,
        content: EventContent::Command(request::<C>(metadata)),
    };
    let arguments = |out: &mut Vec<u8>| CODEC.encode(command, out, limits.message);
    DIALECT
        .encode_event(&event, limits, arguments)
        .map_err(error::<C>)
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
    let arguments = |out: &mut Vec<u8>| CODEC.encode(command, out, limits.message);
    DIALECT
        .encode_request(&request::<C>(metadata), limits, arguments)
        .map_err(error::<C>)
}

const CODEC: Codec = Codec::Postcard;

fn request<C: Command>(metadata: Metadata<'_>) -> Request<'_> {
    Request {
        kind: RequestKind::Notify,
        id: CallId::NONE,
        codec: CODEC.id(),
        method: MethodRef::Key(const { &C::METHOD }.key()),
        // No time limit: as no caller waits, it is worth executing whenever it arrives.
        remaining: None,
        metadata,
        body: &[],
    }
}

fn error<C: Command>(failure: EncodeFailure) -> Error {
    let executed = Executed::No;
    let at = call_target(const { &C::METHOD }, None);
    match failure {
        EncodeFailure::Header(error) => Error::Encode {
            at,
            what: "the header",
            source: CodecError::Encode(error.to_string()),
            executed,
        },
        EncodeFailure::Arguments(CodecError::TooLarge { limit }) => Error::TooLarge {
            at,
            what: "the message",
            limit,
            executed,
        },
        EncodeFailure::Arguments(source) => Error::Encode {
            at,
            what: "the arguments",
            source,
            executed,
        },
    }
}
