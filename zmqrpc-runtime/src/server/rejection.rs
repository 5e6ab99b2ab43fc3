//! Why a request is not run.

use super::method_index::LookupError;
use crate::command::CallFailure;
use crate::wire::{Request, Status};

/// Why a request is not run.
pub(super) enum Rejection {
    Codec,
    /// Postcard carries no types and a name no signature: a 2 for a u64 would be read as a 4 by an i64.
    Untyped,
    Method(LookupError),
}

impl Rejection {
    pub(super) fn refusal(self, request: &Request<'_>) -> CallFailure {
        let (status, detail) = match self {
            Self::Codec => {
                let codec = request.codec;
                let detail =
                    format!("codec {codec} is unknown here, use 0 (postcard) or 2 (MessagePack)");
                (Status::UnsupportedCodec, detail)
            }
            Self::Untyped => {
                let detail = "a call by name needs a codec that carries types: use 2 (MessagePack)";
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
