//! What a dynamic service fails with.

use crate::dialect::CallFailure;
use crate::error::Error;
use crate::wire::{Executed, Status};

/// Why a [raw call](super::RawCall) has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawFailure {
    /// The method has failed with an error of its own, which is encoded in the codec of the call.
    Service(Vec<u8>),
    /// There is no such method.
    UnknownMethod,
    /// The arguments cannot be read, for this reason. Nothing was executed.
    Arguments(String),
    /// It could not be done, for this reason; `executed` says whether it was begun.
    Unavailable {
        /// For people.
        reason: String,
        /// Whether the call may be made again.
        executed: Executed,
    },
}

impl RawFailure {
    /// Returns the error of the method's own; else what its caller is told.
    pub(super) fn into_result(
        self,
        called: impl FnOnce() -> String,
    ) -> Result<Vec<u8>, CallFailure> {
        match self {
            Self::Service(error) => Ok(error),
            Self::UnknownMethod => Err(CallFailure::new(Status::UnknownMethod, called())),
            Self::Arguments(reason) => Err(CallFailure::new(Status::Decode, reason)),
            Self::Unavailable { reason, executed } => {
                Err(CallFailure::new(Status::Unavailable, reason).with_executed(executed))
            }
        }
    }
}

/// For bridges: a call that could not be passed on.
impl From<Error> for RawFailure {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownMethod { .. } => Self::UnknownMethod,
            Error::SignatureMismatch { .. }
            | Error::Decode {
                executed: Executed::No,
                ..
            } => Self::Arguments(error.to_string()),
            error => Self::Unavailable {
                reason: error.to_string(),
                executed: error.executed(),
            },
        }
    }
}
