//! Why a frame cannot be decoded or encoded.

use super::status::Status;

/// What is wrong with a frame.
///
/// The texts travel to the peer that sent the frame, as the detail of a rejection: they are written
/// for people, and repeat nothing of the frame but single bytes and lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The frame has no bytes, so its dialect is unknown.
    #[error("the message frame is empty")]
    Empty,
    /// The frame's first byte is not that of the native dialect.
    #[error("the message starts with {got:#04x}, a native one starts with 0xc1")]
    Dialect {
        /// The first byte.
        got: u8,
    },
    /// The protocol's version is not supported.
    #[error("protocol version {got} is not supported, only version 1 is")]
    Version {
        /// The second byte.
        got: u8,
    },
    /// The message's kind is unknown in this direction.
    #[error("message kind {got:#04x} is unknown here")]
    Kind {
        /// The third byte.
        got: u8,
    },
    /// The frame ends within a field.
    #[error("the message ends within {field}")]
    Truncated {
        /// The incomplete field.
        field: &'static str,
    },
    /// A varint exceeds 64 bits.
    #[error("{field} is not a valid number, it exceeds 64 bits")]
    Varint {
        /// The field of the number.
        field: &'static str,
    },
    /// The method is given neither by key nor by name.
    #[error("method tag {got} is unknown, use 0 (key) or 1 (name)")]
    MethodTag {
        /// The method tag.
        got: u8,
    },
    /// The event's content is neither a heartbeat nor a command.
    #[error("event content {got} is unknown, use 0 (heartbeat) or 1 (command)")]
    Content {
        /// The content byte.
        got: u8,
    },
    /// A text is not valid UTF-8.
    #[error("{field} is not valid utf-8")]
    Utf8 {
        /// The field of the text.
        field: &'static str,
    },
    /// A value exceeds the [`Limits`](super::Limits).
    #[error("{field} is {got}, the limit is {limit}: send less, or raise the limit on both sides")]
    Limit {
        /// What exceeds the limit.
        field: &'static str,
        /// Its size or number, as found or as announced.
        got: u64,
        /// The limit.
        limit: usize,
    },
    /// Bytes follow the end of a message that has no body.
    #[error("the message has no body, yet more bytes follow: {count}")]
    Trailing {
        /// The number of bytes.
        count: usize,
    },
}

impl WireError {
    /// Returns the status with which a server rejects the frame. As nothing of the frame was
    /// executed, the rejection says [`Executed::No`](super::Executed::No).
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Version { .. } => Status::UnsupportedVersion,
            Self::Kind { .. } => Status::UnsupportedKind,
            Self::Limit { .. } => Status::TooLarge,
            Self::Empty
            | Self::Dialect { .. }
            | Self::Truncated { .. }
            | Self::Varint { .. }
            | Self::MethodTag { .. }
            | Self::Content { .. }
            | Self::Utf8 { .. }
            | Self::Trailing { .. } => Status::Malformed,
        }
    }
}
