//! Why a frame could not be read, or not be written.

use super::{
    head::{MARK, VERSION},
    status::Status,
};

/// What is wrong with a frame.
///
/// The texts travel to the peer that sent the frame, as the detail of a refusal: they are written
/// for the people there and repeat no contents of the frame but single bytes and lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// There is no byte that would tell the dialect.
    #[error("the message frame is empty")]
    Empty,
    /// The frame starts like another dialect, or like none.
    #[error("the message starts with {got:#04x}, a native one starts with {MARK:#04x}")]
    Dialect {
        /// The first byte.
        got: u8,
    },
    /// A version that this side does not speak.
    #[error("protocol version {got} is not supported, only version {VERSION} is")]
    Version {
        /// The second byte.
        got: u8,
    },
    /// A kind that this direction does not have.
    #[error("message kind {got:#04x} is unknown here")]
    Kind {
        /// The third byte.
        got: u8,
    },
    /// The frame is over before the field is.
    #[error("the message ends within {field}")]
    Truncated {
        /// The field that is not complete.
        field: &'static str,
    },
    /// A variable-length number does not fit into 64 bits.
    #[error("{field} is not a valid number, it exceeds 64 bits")]
    Varint {
        /// The field with the number.
        field: &'static str,
    },
    /// Neither a key nor a name.
    #[error("method tag {got} is unknown, use 0 (key) or 1 (name)")]
    MethodTag {
        /// The tag.
        got: u8,
    },
    /// An event that carries neither a command nor nothing.
    #[error("event content {got} is unknown, use 0 (heartbeat) or 1 (command)")]
    Content {
        /// The byte that says what the event carries.
        got: u8,
    },
    /// Text that is none.
    #[error("{field} is not valid utf-8")]
    Utf8 {
        /// The field with the text.
        field: &'static str,
    },
    /// More than [`Limits`](super::Limits) allows.
    #[error("{field} is {got}, the limit is {limit}: send less, or raise the limit on both sides")]
    Limit {
        /// What was counted.
        field: &'static str,
        /// How much there is, or is announced.
        got: u64,
        /// How much is allowed.
        limit: usize,
    },
    /// Bytes behind the end of a message that has no body.
    #[error("the message has no body, yet more bytes follow: {count}")]
    Trailing {
        /// How many.
        count: usize,
    },
}

impl WireError {
    /// The status to refuse the frame with. As nothing of the frame was executed, the refusal says
    /// [`Executed::No`](super::Executed::No).
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
