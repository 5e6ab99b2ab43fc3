//! Why the dispatcher rejects a request before it becomes a call.

use super::method_index::LookupError;
use crate::codec::Codec;
use crate::dialect::{CallFailure, Request};
use crate::wire::Status;

/// Why a request is rejected.
pub(super) enum Rejection {
    Codec,
    /// A call by name in postcard. Neither carries types: an i64 would read the 2 of a u64 as a 4.
    Untyped,
    Method(LookupError),
}

impl Rejection {
    pub(super) fn into_failure(self, request: &Request<'_>) -> CallFailure {
        let (status, detail) = match self {
            Self::Codec => {
                let (codec, known) = (request.codec, Codec::KNOWN);
                let detail = format!("codec {codec} is unknown here, use {known}");
                (Status::UnsupportedCodec, detail)
            }
            Self::Untyped => {
                let detail = if cfg!(feature = "msgpack") {
                    "a call by name needs a codec that carries types: use 2 (MessagePack)"
                } else {
                    "a call by name needs a codec that carries types, and there is none here"
                };
                (Status::UnsupportedCodec, detail.into())
            }
            Self::Method(LookupError::Unknown) => {
                (Status::UnknownMethod, request.method.to_string())
            }
            Self::Method(LookupError::Mismatch(method)) => {
                (Status::SignatureMismatch, method.versioned_signature())
            }
        };
        CallFailure::new(status, detail)
    }
}
