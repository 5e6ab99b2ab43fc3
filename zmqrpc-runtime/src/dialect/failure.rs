//! Why a call got neither a value nor an error from its service.

use std::fmt;

use super::Reply;
use crate::codec::Error as CodecError;
use crate::wire::{Executed, Limits, METHOD_KEY, METHOD_SHAPE, MetadataBuf, MethodKey, Status};

/// The most bytes of a canonical text that a failure tells.
const MAX_SHAPE: usize = 2 * 1024;

/// The most bytes of metadata with all texts: callers take 8 KiB, and keys of further versions may follow.
const MAX_SHAPES: usize = 6 * 1024;

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
        let told = self.metadata.as_metadata();
        // Callers would take no more entries: they would get no answer at all from a service of very many versions.
        if told.len() + 2 > Limits::DEFAULT.metadata_entries {
            return self;
        }
        let len = told.as_bytes().len();
        self.metadata.push(METHOD_KEY, &key.to_string());
        let has_room = |text: &str| text.len() <= MAX_SHAPE && len + text.len() <= MAX_SHAPES;
        if let Some((version, canonical)) = shape.filter(|(_, text)| has_room(text)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_take_what_is_told_of_very_many_versions() {
        let text = "u8,".repeat(600);
        let failure = CallFailure::new(Status::SignatureMismatch, "");
        let failure = (1..1_000_u32).fold(failure, |failure, version| {
            let key = MethodKey::from_bits(version.into());
            failure.with_key(key, Some((version, &text)))
        });
        let metadata = failure.metadata.as_metadata();
        metadata.check(&Limits::DEFAULT).unwrap();
        let shapes = metadata
            .iter()
            .filter(|(name, _)| *name == METHOD_SHAPE)
            .count();
        assert_eq!(shapes, 3);
        assert!(metadata.len() > 60);
    }
}
