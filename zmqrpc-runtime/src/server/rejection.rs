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
    /// Returns what the caller is told, with shapes if it `tells_shapes`.
    pub(super) fn into_failure(self, request: &Request<'_>, tells_shapes: bool) -> CallFailure {
        let (status, detail) = match self {
            Self::Codec => {
                let detail = format!(
                    "codec {} is unknown here, use {}",
                    request.codec,
                    list(Codec::ALL.iter())
                );
                (Status::UnsupportedCodec, detail)
            }
            Self::Untyped => {
                let named = Codec::ALL.iter().filter(|codec| codec.is_self_describing());
                let named = list(named);
                let detail = if named.is_empty() {
                    "a call by name needs a codec that carries types, and there is none here".into()
                } else {
                    format!("a call by name needs a codec that carries types: use {named}")
                };
                (Status::UnsupportedCodec, detail)
            }
            Self::Method(LookupError::Unknown) => {
                (Status::UnknownMethod, request.method.to_string())
            }
            Self::Method(LookupError::Mismatch(methods)) => {
                let detail = methods.first().map(|method| method.versioned_signature());
                let detail = detail.unwrap_or_default();
                let failure = CallFailure::new(Status::SignatureMismatch, detail);
                return methods.into_iter().fold(failure, |failure, method| {
                    let canonical = method.canonical().filter(|_| tells_shapes);
                    let shape = canonical.map(|text| (method.version(), text));
                    failure.with_key(method.key(), shape)
                });
            }
        };
        CallFailure::new(status, detail)
    }
}

/// Returns the codecs in words: "1 (JSON) or 2 (`MessagePack`)".
fn list<'a>(codecs: impl Iterator<Item = &'a Codec>) -> String {
    let codecs: Vec<_> = codecs
        .map(|codec| format!("{} ({})", codec.id(), codec.name()))
        .collect();
    match codecs.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => codecs.concat(),
    }
}
