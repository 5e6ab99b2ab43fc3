//! Turns a command into the frame that carries it.

use std::time::Duration;

use serde::Serialize;

use super::DIALECT;
use super::call_info::CallInfo;
use crate::codec::{Codec, Error as CodecError};
use crate::command::ArgumentCheck;
use crate::dialect::{CallId, EncodeFailure, Request, RequestKind};
use crate::error::Error;
use crate::socket::Frame;
use crate::wire::{Executed, Metadata};

/// What a request carries.
pub(super) trait EncodeArguments {
    /// Appends the arguments to `out`, which may grow to `limit` bytes in all.
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError>;
}

impl<T: Serialize + ?Sized> EncodeArguments for T {
    #[inline]
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
        codec.encode(self, out, limit)
    }
}

/// Arguments that have been encoded by somebody else.
pub(super) struct RawArguments<'a>(pub(super) &'a [u8]);

impl EncodeArguments for RawArguments<'_> {
    fn encode(&self, _: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
        if self.0.len() > limit.saturating_sub(out.len()) {
            return Err(CodecError::TooLarge { limit });
        }
        out.extend_from_slice(self.0);
        Ok(())
    }
}

/// Arguments of which receivers refuse some.
pub(super) struct CheckedArguments<'a, A: ?Sized>(pub(super) &'a A, pub(super) ArgumentCheck);

impl<A: EncodeArguments + ?Sized> EncodeArguments for CheckedArguments<'_, A> {
    fn encode(&self, codec: Codec, out: &mut Vec<u8>, limit: usize) -> Result<(), CodecError> {
        let Self(arguments, check) = self;
        let start = out.len();
        arguments.encode(codec, out, limit)?;
        check.check(&out[start..])
    }
}

/// Encodes header and arguments in one frame, which has no id yet.
///
/// # Errors
///
/// [`Error::TooLarge`] and [`Error::Encode`]; nothing has been sent.
pub(super) fn encode<A: EncodeArguments + ?Sized>(
    info: &CallInfo<'_>,
    kind: RequestKind,
    remaining: Duration,
    metadata: Metadata<'_>,
    arguments: &A,
) -> Result<Frame, Error> {
    let request = Request {
        kind,
        id: CallId::NONE,
        codec: info.codec().id(),
        method: info.method(),
        remaining: Some(remaining),
        metadata,
        body: &[],
    };
    let executed = Executed::No;
    let encode = |out: &mut Vec<u8>| arguments.encode(info.codec(), out, info.limits.message);
    DIALECT
        .encode_request(&request, info.limits, encode)
        .map_err(|failure| match failure {
            EncodeFailure::Header(error) => Error::Encode {
                at: info.target(),
                what: "the header",
                source: CodecError::Encode(error.to_string()),
                executed,
            },
            EncodeFailure::Arguments(CodecError::TooLarge { limit }) => Error::TooLarge {
                at: info.target(),
                what: "the request",
                limit,
                executed,
            },
            EncodeFailure::Arguments(source) => Error::Encode {
                at: info.target(),
                what: "the arguments",
                source,
                executed,
            },
        })
}
