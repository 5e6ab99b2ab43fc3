//! What can go wrong between a value and its bytes.

use std::fmt::Display;

use super::text::clip;
use crate::log::Printable;

/// Why a value was not encoded or a body was not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The encoded value does not fit; nothing of it was kept.
    #[error("the encoded value exceeds the limit of {limit} bytes")]
    TooLarge {
        /// The most bytes that the output may hold.
        limit: usize,
    },
    /// The value cannot be represented in this codec, or its own `Serialize` refused.
    #[error("cannot encode the value: {}", Printable(.0))]
    Encode(String),
    /// The body is not a valid encoding of the expected type.
    #[error("cannot decode the body: {}", Printable(.0))]
    Decode(String),
    /// The body goes on after the value: most likely the two sides disagree about the type.
    #[error(
        "{count} bytes are left over after the decoded value; do both sides use the same type?"
    )]
    Trailing {
        /// How many bytes were not used.
        count: usize,
    },
    /// The body nests options, sequences, maps and enums more deeply than is allowed.
    #[error("the body nests values deeper than {limit} levels")]
    TooDeep {
        /// The number of levels allowed.
        limit: usize,
    },
    /// The body announces more elements than it can hold.
    #[error("the body announces more than {limit} elements, too many for its length")]
    TooManyElements {
        /// The number of elements allowed in all sequences and maps of this body together.
        limit: usize,
    },
}

impl Error {
    /// What is wrong, for messages that say themselves what was encoded or decoded.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Encode(reason) | Self::Decode(reason) => reason.clone(),
            other => other.to_string(),
        }
    }

    /// The reason is clipped: serde quotes the peer's own text in it.
    #[cold]
    pub(super) fn encode(reason: impl Display) -> Self {
        Self::Encode(clip(reason))
    }

    /// The reason is clipped: serde quotes the peer's own text in it.
    #[cold]
    pub(super) fn decode(reason: impl Display) -> Self {
        Self::Decode(clip(reason))
    }
}
