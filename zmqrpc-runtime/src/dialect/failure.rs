//! Why a call got neither a value nor an error from its service.

use std::fmt;

use super::Reply;
use crate::codec::Error as CodecError;
use crate::wire::{Executed, METHOD_KEY, METHOD_SHAPE, MetadataBuf, MethodKey, Status};

/// The most bytes of a canonical text that a failure tells: callers take 8 KiB of metadata.
const MAX_SHAPE: usize = 2 * 1024;

/// Why a call got neither a value nor an error from its service.
#[derive(Clone, Debug)]
pub struct CallFailure {
    pub(crate) status: Status,
    pub(crate) executed: Executed,
    pub(crate) detail: String,
    metadata: MetadataBuf,
}

impl CallFailure {
    pub(crate) fn new(status: Status, detail: impl Into<String>) -> Self {
        Self {
            status,
            executed: status.executed(),
            detail: detail.into(),
            metadata: MetadataBuf::new(),
        }
    }

    /// Returns the same failure with the keys that a method has, for a caller whose key is another one; and with its
    /// version and canonical text, if it is told.
    pub(crate) fn with_key(mut self, key: MethodKey, shape: Option<(u32, &str)>) -> Self {
        self.metadata.push(METHOD_KEY, &key.to_string());
        if let Some((version, canonical)) = shape.filter(|(_, text)| text.len() <= MAX_SHAPE) {
            let text = format!("{version} {canonical}");
            self.metadata.push(METHOD_SHAPE, &text);
        }
        self
    }

    /// Returns the same failure with `executed` in place of what the status implies.
    pub(crate) fn with_executed(mut self, executed: Executed) -> Self {
        self.executed = executed;
        self
    }

    /// Returns the failure of a call whose arguments cannot be decoded.
    pub(crate) fn arguments(error: &CodecError) -> Self {
        Self::new(Status::Decode, error.reason())
    }

    /// Returns the failure of a call whose reply cannot be encoded.
    pub(crate) fn reply(error: &CodecError) -> Self {
        let (status, detail) = match error {
            CodecError::TooLarge { limit } => (Status::TooLarge, limit.to_string()),
            other => (Status::Encode, other.reason()),
        };
        Self::new(status, detail).with_executed(Executed::Yes)
    }

    pub(super) fn as_reply(&self) -> Reply<'_> {
        Reply::Failure {
            status: self.status,
            executed: self.executed,
            metadata: self.metadata.as_metadata(),
            detail: &self.detail,
        }
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.status, self.detail)
    }
}
