//! Turns a reply frame into what the caller gets.

use super::DIALECT;
use super::call_info::{CallInfo, Callee};
use crate::codec::{Codec, Error as CodecError};
use crate::command::{Failure, Method, Value, ValueRole};
use crate::dialect::Reply;
use crate::error::{AuthCause, CallTarget, Error, OverloadCause, UnavailableCause};
use crate::socket::Frame;
use crate::wire::{ACCEPTED_KEY, Executed, Limits, Status};

/// Returns the reply of a oneway method, which is not sent: the value that no bytes decode to.
pub(super) fn nothing<R: Value>(method: &Method) -> Result<R, Error> {
    R::decode(Codec::Postcard, &[]).map_err(|source| Error::Decode {
        at: CallTarget::new(method.full_name(), None),
        what: "the reply of a oneway method, which must be `()`,",
        source,
        executed: Executed::Maybe,
    })
}

/// Returns whether the call was executed, by its reply.
pub(super) fn executed(frame: &Frame) -> Executed {
    match DIALECT.decode_reply(frame, &Limits::NONE) {
        Ok(Reply::Failure { executed, .. }) => executed,
        Ok(Reply::Value { .. } | Reply::ServiceError { .. }) => Executed::Yes,
        Err(_) => Executed::Maybe,
    }
}

/// Returns the error of an attempt that was refused for its key, or since the server ends; `None` if it was not.
#[cold]
pub(super) fn refusal(frame: &[u8], info: &CallInfo<'_>) -> Option<Error> {
    let attempt = CallInfo {
        tried: false,
        ..*info
    };
    let error = read(frame, &attempt).err()?;
    let is_repeatable = matches!(
        error,
        Error::SignatureMismatch { .. } | Error::ShuttingDown { .. }
    );
    is_repeatable.then_some(error)
}

/// Adds to a mismatch how the types differ.
pub(super) fn with_difference(mismatch: Error, known: Option<&str>) -> Error {
    match mismatch {
        Error::SignatureMismatch {
            at, ours, theirs, ..
        } => Error::SignatureMismatch {
            at,
            ours,
            theirs,
            difference: known.map(Into::into),
        },
        other => other,
    }
}

/// Decodes the reply to a command.
#[inline]
pub(super) fn decode<R: Value, F: Failure>(frame: &[u8], info: &CallInfo<'_>) -> Result<R, F> {
    match read(frame, info)? {
        EncodedAnswer::Value(codec, body) => match R::decode(codec, body) {
            Ok(value) => Ok(value),
            Err(source) => Err(misread(source, codec, ValueRole::Reply, body, info).into()),
        },
        EncodedAnswer::Accepted(codec) => Ok(accepted(codec, info)?),
        EncodedAnswer::Error(codec, body) => Err(match F::Service::decode(codec, body) {
            Ok(error) => F::service(error),
            Err(source) => misread(source, codec, ValueRole::Error, body, info).into(),
        }),
    }
}

/// Returns the reply of a request that was only accepted: the value that no bytes decode to.
pub(super) fn accepted<R: Value>(codec: Codec, info: &CallInfo<'_>) -> Result<R, Error> {
    R::decode(codec, &[]).map_err(|_| Error::Accepted { at: info.target() })
}

/// What a service has answered, still encoded.
pub(super) enum EncodedAnswer<'a> {
    Value(Codec, &'a [u8]),
    /// Nothing yet: a proxy has accepted the request.
    Accepted(Codec),
    Error(Codec, &'a [u8]),
}

pub(super) fn read<'a>(frame: &'a [u8], info: &CallInfo<'_>) -> Result<EncodedAnswer<'a>, Error> {
    sort(frame, info).map_err(|error| info.in_all(error))
}

fn sort<'a>(frame: &'a [u8], info: &CallInfo<'_>) -> Result<EncodedAnswer<'a>, Error> {
    let limit = info.limits.message;
    if frame.len() > limit {
        let executed = Executed::Yes;
        return Err(Error::TooLarge {
            at: info.target(),
            what: "the reply",
            limit,
            executed,
        });
    }
    let malformed = |reason: String, executed| Error::Decode {
        at: info.target(),
        what: "the reply",
        source: CodecError::Decode(reason),
        executed,
    };
    let known = |codec| {
        Codec::from_id(codec)
            .ok_or_else(|| malformed(format!("codec {codec} is unknown here"), Executed::Yes))
    };
    let reply = DIALECT
        .decode_reply(frame, info.limits)
        .map_err(|error| malformed(error.to_string(), Executed::Maybe))?;
    match reply {
        Reply::Value {
            codec,
            metadata,
            body: [],
        } if metadata.get(ACCEPTED_KEY).is_some() => Ok(EncodedAnswer::Accepted(known(codec)?)),
        Reply::Value { codec, body, .. } => Ok(EncodedAnswer::Value(known(codec)?, body)),
        Reply::ServiceError { codec, body, .. } => Ok(EncodedAnswer::Error(known(codec)?, body)),
        Reply::Failure {
            status,
            executed,
            detail,
            ..
        } => {
            let error = failure(status, executed, detail, info);
            // What the reply says counts, whatever the status usually means.
            Err(if executed > error.executed() {
                error.with_executed(executed)
            } else {
                error
            })
        }
    }
}

fn failure(status: Status, executed: Executed, detail: &str, info: &CallInfo<'_>) -> Error {
    let at = info.target();
    let undecodable = |what| {
        let source = CodecError::Decode(detail.to_owned());
        Error::Decode {
            at: info.target(),
            what,
            source,
            executed,
        }
    };
    match status {
        Status::UnknownMethod => Error::UnknownMethod { at },
        Status::SignatureMismatch => Error::SignatureMismatch {
            at,
            ours: info.signature().into(),
            theirs: detail.into(),
            difference: None,
        },
        Status::Decode => undecodable("the arguments"),
        Status::Malformed
        | Status::UnsupportedVersion
        | Status::UnsupportedCodec
        | Status::UnsupportedKind => undecodable("the request"),
        Status::Encode => {
            let source = CodecError::Encode(detail.to_owned());
            Error::Encode {
                at,
                what: "the reply",
                source,
                executed,
            }
        }
        Status::TooLarge => Error::TooLarge {
            at,
            what: if executed == Executed::Yes {
                "the reply"
            } else {
                "the request"
            },
            limit: detail.parse().unwrap_or(info.limits.message),
            executed,
        },
        // `Error::Overloaded` says that the call was not executed.
        Status::Overloaded if executed != Executed::No => {
            info.unavailable(UnavailableCause::Remote(detail.into()), executed)
        }
        Status::Overloaded => Error::Overloaded {
            at,
            cause: OverloadCause::Remote(detail.into()),
        },
        Status::Cancelled => Error::Cancelled { at, executed },
        Status::ShuttingDown => Error::ShuttingDown { at },
        Status::Panicked => Error::Panicked { at },
        Status::Expired => info.timed_out(executed),
        Status::Unauthenticated => Error::Unauthenticated {
            at,
            cause: AuthCause::NotAuthorized(detail.into()),
        },
        Status::Unavailable => info.unavailable(UnavailableCause::Remote(detail.into()), executed),
        Status::Other(code) => Error::Remote {
            at,
            code,
            message: detail.into(),
            executed,
        },
    }
}

/// Returns the error of a value that could not be decoded, with its place where the codec does not tell it.
#[cold]
fn misread(
    source: CodecError,
    codec: Codec,
    role: ValueRole,
    body: &[u8],
    info: &CallInfo<'_>,
) -> Error {
    let source = match (codec, info.callee) {
        (Codec::Postcard, Callee::Method(method, _)) => method.locate(source, role, body),
        _ => source,
    };
    undecodable(source, info)
}

pub(super) fn undecodable(source: CodecError, info: &CallInfo<'_>) -> Error {
    Error::Decode {
        at: info.target(),
        what: "the reply",
        source,
        executed: Executed::Yes,
    }
}
