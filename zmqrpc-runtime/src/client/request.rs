//! Turns a command into the frame that carries it.

use std::time::Duration;

use super::DIALECT;
use super::call_info::CallInfo;
use crate::codec::Error as CodecError;
use crate::command::EncodeArguments;
use crate::dialect::{CallId, EncodeFailure, Request, RequestKind};
use crate::error::Error;
use crate::socket::Frame;
use crate::wire::{Executed, Metadata};

/// Encodes header and arguments in one frame, which has no id yet.
///
/// # Errors
///
/// [`Error::TooLarge`] and [`Error::Encode`]; nothing has been sent.
pub(super) fn encode(
    info: &CallInfo<'_>,
    kind: RequestKind,
    remaining: Duration,
    metadata: Metadata<'_>,
    arguments: &dyn EncodeArguments,
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
