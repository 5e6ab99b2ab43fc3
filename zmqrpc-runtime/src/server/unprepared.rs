//! Why a request is not run.

use super::registry::Missing;
use crate::command::Refusal;
use crate::wire::{Request, Status};

/// Why a request is not run.
pub(super) enum Unprepared {
    Codec,
    /// Postcard carries no types and a name no signature: a 2 for a u64 would be read as a 4 by an i64.
    Untyped,
    Method(Missing),
}

impl Unprepared {
    pub(super) fn refusal(self, request: &Request<'_>) -> Refusal {
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
            Self::Method(Missing::Unknown) => (Status::UnknownMethod, request.method.to_string()),
            Self::Method(Missing::Mismatch(method)) => {
                (Status::SignatureMismatch, method.versioned_signature())
            }
        };
        Refusal::new(status, detail)
    }
}
