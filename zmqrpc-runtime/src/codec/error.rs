//! Errors of encoding and decoding.

use std::fmt::{self, Display};

use super::text::clip;
use crate::log::Printable;

/// Why a value was not encoded or a body was not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The encoded value exceeds the limit; the output is as it was before.
    #[error("the encoded value exceeds the limit of {limit} bytes")]
    TooLarge {
        /// The most bytes that the output may hold.
        limit: usize,
    },
    /// The value cannot be represented in this codec, or its own `Serialize` failed.
    #[error("cannot encode the value: {}", Printable(.0))]
    Encode(String),
    /// The value leaves out a field, and postcard writes no names that would tell which.
    #[error(
        "`{name}` leaves out its field `{field}` (`skip_serializing_if`), which shifts all that \
         follows, since there are no names by key: remove the attribute, or call by name"
    )]
    SkippedField {
        /// The struct or enum.
        name: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A type's own `Serialize` wrote another number of fields, elements or entries than it had
    /// announced: a receiver would take one part for another.
    #[error("`Serialize` announced {announced} parts of {name} and wrote {written}")]
    Miscounted {
        /// The type's name, or "a list", "a map" or "a tuple".
        name: &'static str,
        /// The announced number of parts.
        announced: usize,
        /// The written number of parts.
        written: usize,
    },
    /// A type's own `Serialize` wrote a map's keys and values in another order than key, value, key,
    /// value: a receiver would take one for another.
    #[error("`Serialize` wrote a key of a map without its value, or a value without its key")]
    HalfEntry,
    /// The value is `Some(None)` or `Some(())`. JSON and `MessagePack` encode both as nil, which the
    /// receiver would read as `None`.
    #[error(
        "{}`Some(None)` and `Some(())` cannot be told from `None` by name: call by key, or use an \
         enum",
        PathPrefix(.path)
    )]
    SomeOfNothing {
        /// Where in the value it is: `order.lines[3].note`; empty if it is the whole value.
        path: String,
    },
    /// A list or map does not know its number of parts before they are written, and postcard writes
    /// that number first.
    #[error(
        "`{name}` does not know how many parts it has (is a field flattened?), which has to come \
         first by key: call by name, or write out the fields"
    )]
    UnknownLength {
        /// The type.
        name: &'static str,
    },
    /// The type asks the body what comes next, and a postcard body does not tell.
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
    /// The body goes on after the value: most likely the two sides declare different types.
    #[error(
        "{count} bytes are left over after the decoded value; do both sides use the same type?"
    )]
    Trailing {
        /// The number of bytes left over.
        count: usize,
    },
    /// The body nests options, sequences, maps and enums, or structs and tuples, more deeply than
    /// allowed.
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
    /// The body holds more elements that take no memory, such as `()`, than allowed.
    #[error("the body holds more than {limit} elements that take no memory")]
    TooManyEmpty {
        /// The number of such elements allowed in all sequences and maps of a body together.
        limit: usize,
    },
    /// The decoded value would take more memory than allowed for a body of this length.
    #[error(
        "the value would take more than {limit} bytes of memory, too many for the body's length"
    )]
    TooMuchMemory {
        /// The bytes of memory allowed for this body.
        limit: usize,
    },
}

/// A place in a value, before what is wrong there.
struct PathPrefix<'a>(&'a str);

impl Display for PathPrefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "{}: ", self.0)
    }
}

impl Error {
    /// Returns what is wrong, for messages that say themselves what was encoded or decoded.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Encode(reason) | Self::Decode(reason) => reason.clone(),
            other => other.to_string(),
        }
    }

    /// Returns [`Error::Encode`] with the reason clipped, as serde quotes the peer's text in it.
    #[cold]
    pub(super) fn encode(reason: impl Display) -> Self {
        Self::Encode(clip(reason))
    }

    /// Returns [`Error::Decode`] with the reason clipped, as serde quotes the peer's text in it.
    #[cold]
    pub(super) fn decode(reason: impl Display) -> Self {
        Self::Decode(clip(reason))
    }
}
