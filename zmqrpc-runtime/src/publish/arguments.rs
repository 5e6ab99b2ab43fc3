//! Encodes commands as the frames of events and jobs.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::DIALECT;
use crate::codec::{Codec, Error as CodecError};
use crate::command::{
    ArgumentCheck, CheckedArguments, Command, EarlierReceivers, EncodeArguments, Method,
    RawArguments, RawMethod,
};
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

/// What a message carries: a method and its arguments.
#[derive(Clone, Copy)]
pub(super) struct SentCommand<'a> {
    pub(super) method: SentMethod<'a>,
    codec: Codec,
    arguments: &'a dyn EncodeArguments,
}

/// Returns the method and endpoint that a message's errors name.
pub(super) fn call_target(method: SentMethod<'_>, endpoint: Option<&Arc<str>>) -> CallTarget {
    CallTarget::new(method.full_name(), endpoint.cloned())
}

const CODEC: Codec = Codec::Postcard;

impl<'a> SentCommand<'a> {
    /// Returns a command to send.
    pub(super) fn typed<C: Command>(command: &'a C) -> Self {
        Self {
            method: SentMethod::Typed(const { &C::METHOD }),
            codec: CODEC,
            arguments: command,
        }
    }

    /// Returns a command to send whose arguments are encoded already.
    pub(super) fn raw(
        method: RawMethod<'a>,
        codec: Codec,
        arguments: &'a RawArguments<'a>,
    ) -> Self {
        Self {
            method: SentMethod::Raw(method),
            codec,
            arguments,
        }
    }

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
        let arguments = |out: &mut Vec<u8>| self.encode(check, out, limits);
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
        let arguments = |out: &mut Vec<u8>| self.encode(check, out, limits);
        let encoded = DIALECT.encode_request(&request, limits, arguments);
        encoded.map_err(|failure| error(self.method, failure))
    }

    /// Appends the arguments, unless receivers refuse them.
    fn encode(
        self,
        check: Option<ArgumentCheck>,
        out: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<(), CodecError> {
        let Self {
            codec, arguments, ..
        } = self;
        match check {
            None => arguments.encode(codec, out, limits.message),
            Some(check) => CheckedArguments(arguments, check).encode(codec, out, limits.message),
        }
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
