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
    /// The value leaves out a field, and postcard has no names that would tell which.
    #[error(
        "`{name}` leaves out its field `{field}` (`skip_serializing_if`), which shifts all that \
         follows, since there are no names by key: remove the attribute, or call by name"
    )]
    SkippedField {
        /// The struct, or the enum.
        name: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A type's own `Serialize` wrote another number of fields, elements or entries than it had
    /// announced: a receiver would take one thing for another.
    #[error("`Serialize` announced {announced} parts of {name} and wrote {written}")]
    Miscounted {
        /// The type, or that it is a list, a map or a tuple.
        name: &'static str,
        /// How many parts were announced.
        announced: usize,
        /// How many there were.
        written: usize,
    },
    /// `Some(None)` or `Some(())`: `MessagePack` has one nil, and the receiver would read `None`.
    #[error(
        "`Some(None)` and `Some(())` cannot be told from `None` by name: call by key, or use an \
         enum"
    )]
    SomeOfNothing,
    /// A list or map does not know how many parts it has before they are written, and postcard
    /// writes the number first.
    #[error(
        "`{name}` does not know how many parts it has (is a field flattened?), which has to come \
         first by key: call by name, or write out the fields"
    )]
    UnknownLength {
        /// The type.
        name: &'static str,
    },
    /// The type asks the body what comes next, and postcard's does not tell.
    #[error(
        "`{name}` asks the body what comes next (`untagged`, `tag`, `flatten`, a JSON value?), and \
         there are no types in it by key: call by name, or use a plain enum or struct"
    )]
    SelfDescribing {
        /// The type.
        name: &'static str,
    },
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
    /// The body holds more elements that take no memory, such as `()`, than are allowed.
    #[error("the body holds more than {limit} elements that take no memory")]
    TooManyEmpty {
        /// The number of such elements allowed in all sequences and maps of a body together.
        limit: usize,
    },
    /// The value would take more memory than a body of this length may become.
    #[error(
        "the value would take more than {limit} bytes of memory, too many for the body's length"
    )]
    TooMuchMemory {
        /// The bytes that this body may become.
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
