//! From a command to the frame that carries it.

use std::time::Duration;

use serde::Serialize;

use super::call_info::CallInfo;
use crate::codec::Error as CodecError;
use crate::error::Error;
use crate::socket::Frame;
use crate::wire::{Executed, Metadata, NO_ID, Request, RequestKind};

/// Header and arguments in one frame, which has no id yet.
///
/// # Errors
///
/// [`Error::TooLarge`] and [`Error::Encode`]; nothing has been sent.
pub(super) fn encode<A: Serialize + ?Sized>(
    info: &CallInfo<'_>,
    kind: RequestKind,
    remaining: Duration,
    metadata: Metadata<'_>,
    arguments: &A,
) -> Result<Frame, Error> {
    let header = Request {
        kind,
        id: NO_ID,
        codec: info.codec().id(),
        method: info.method(),
        remaining: Some(remaining),
        metadata,
        body: &[],
    };
    let executed = Executed::No;
    Frame::build(|out| {
        header
            .encode(out, info.limits)
            .map_err(|error| Error::Encode {
                at: info.target(),
                what: "the header",
                source: CodecError::Encode(error.to_string()),
                executed,
            })?;
        info.codec()
            .encode(arguments, out, info.limits.message)
            .map_err(|error| match error {
                CodecError::TooLarge { limit } => Error::TooLarge {
                    at: info.target(),
                    what: "the request",
                    limit,
                    executed,
                },
                source => Error::Encode {
                    at: info.target(),
                    what: "the arguments",
                    source,
                    executed,
                },
            })
    })
}
