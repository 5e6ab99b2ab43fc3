//! Encodes commands as the frames of events and jobs.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::DIALECT;
use crate::codec::{Codec, Error as CodecError};
use crate::command::{ArgumentCheck, Command, EarlierReceivers, Method, RawMethod};
use crate::dialect::{CallId, EncodeFailure, Event, EventContent, MethodRef, Request, RequestKind};
use crate::error::{CallTarget, Error};
use crate::socket::Frame;
use crate::wire::{Executed, Limits, Metadata};

/// The method of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum SentMethod<'a> {
    /// A command's.
    Typed(&'static Method),
    /// A method whose types are not known here.
    Raw(RawMethod<'a>),
}

impl<'a> SentMethod<'a> {
    pub(super) fn full_name(self) -> Cow<'static, str> {
        match self {
            Self::Typed(method) => method.full_name(),
            Self::Raw(method) => method.to_string().into(),
        }
    }

    pub(super) fn default_timeout(self) -> Option<Duration> {
        match self {
            Self::Typed(method) => method.default_timeout(),
            Self::Raw(_) => None,
        }
    }

    /// Returns how a message names the method to receivers that may be of these versions, and what they refuse.
    fn told(
        self,
        earlier: &EarlierReceivers,
    ) -> Result<(MethodRef<'a>, Option<ArgumentCheck>), Error> {
        match self {
            Self::Typed(method) => {
                let told = earlier.told(method)?;
                Ok((MethodRef::Key(told.key), told.check))
            }
            Self::Raw(method) => Ok((method.into(), None)),
        }
    }
}

/// What a message carries: a method, and what appends its arguments to a buffer that may grow to a limit.
pub(super) struct SentCommand<'a, A> {
    pub(super) method: SentMethod<'a>,
    codec: Codec,
    arguments: A,
}

/// Returns a command to send.
#[inline]
pub(super) fn typed<C: Command>(
    command: &C,
) -> SentCommand<'static, impl FnOnce(&mut Vec<u8>, usize) -> Result<(), CodecError>> {
    SentCommand {
        method: SentMethod::Typed(const { &C::METHOD }),
        codec: CODEC,
        arguments: |out: &mut Vec<u8>, limit| CODEC.encode(command, out, limit),
    }
}

/// Returns a command to send whose arguments are encoded already.
pub(super) fn raw<'a>(
    method: RawMethod<'a>,
    codec: Codec,
    arguments: &'a [u8],
) -> SentCommand<'a, impl FnOnce(&mut Vec<u8>, usize) -> Result<(), CodecError>> {
    SentCommand {
        method: SentMethod::Raw(method),
        codec,
        arguments: move |out: &mut Vec<u8>, limit: usize| {
            if arguments.len() > limit.saturating_sub(out.len()) {
                return Err(CodecError::TooLarge { limit });
            }
            out.extend_from_slice(arguments);
            Ok(())
        },
    }
}

/// Returns the method and endpoint that a message's errors name.
pub(super) fn call_target(method: SentMethod<'_>, endpoint: Option<&Arc<str>>) -> CallTarget {
    CallTarget::new(method.full_name(), endpoint.cloned())
}

const CODEC: Codec = Codec::Postcard;

impl<A> SentCommand<'_, A>
where
    A: FnOnce(&mut Vec<u8>, usize) -> Result<(), CodecError>,
{
    /// Encodes an event whose sequence number is still to be written.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::Encode`] and [`Error::SignatureMismatch`]; nothing has been sent.
    pub(super) fn event(
        self,
        publisher: u64,
        metadata: Metadata<'_>,
        limits: &Limits,
        earlier: &EarlierReceivers,
    ) -> Result<Frame, Error> {
        let (method, check) = self.method.told(earlier)?;
        let event = Event {
            sequence: 0,
            publisher,
            content: EventContent::Command(request(method, self.codec, metadata)),
        };
        let arguments = |out: &mut Vec<u8>| {
            let start = out.len();
            (self.arguments)(out, limits.message)?;
            check.map_or(Ok(()), |check| check.check(&out[start..]))
        };
        let encoded = DIALECT.encode_event(&event, limits, arguments);
        encoded.map_err(|failure| error(self.method, failure))
    }

    /// Encodes a job as a notification.
    ///
    /// # Errors
    ///
    /// As [`event`](Self::event).
    pub(super) fn job(
        self,
        metadata: Metadata<'_>,
        limits: &Limits,
        earlier: &EarlierReceivers,
    ) -> Result<Frame, Error> {
        let (method, check) = self.method.told(earlier)?;
        let request = request(method, self.codec, metadata);
        let arguments = |out: &mut Vec<u8>| {
            let start = out.len();
            (self.arguments)(out, limits.message)?;
            check.map_or(Ok(()), |check| check.check(&out[start..]))
        };
        let encoded = DIALECT.encode_request(&request, limits, arguments);
        encoded.map_err(|failure| error(self.method, failure))
    }
}

fn request<'a>(method: MethodRef<'a>, codec: Codec, metadata: Metadata<'a>) -> Request<'a> {
    Request {
        kind: RequestKind::Notify,
        id: CallId::NONE,
        codec: codec.id(),
        method,
        // No time limit: as no caller waits, it is worth executing whenever it arrives.
        remaining: None,
        metadata,
        body: &[],
    }
}

fn error(method: SentMethod<'_>, failure: EncodeFailure) -> Error {
    let executed = Executed::No;
    let at = call_target(method, None);
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
