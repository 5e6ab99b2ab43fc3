//! What callers ask of an error: whether the call was executed, whether it may succeed later, which one it was.

use super::{CallTarget, Error, Executed};

impl Error {
    /// Whether the call was executed. For failures outside of a call: `No`.
    #[must_use]
    pub fn executed(&self) -> Executed {
        match self {
            Self::Timeout { executed, .. }
            | Self::Unavailable { executed, .. }
            | Self::Cancelled { executed, .. }
            | Self::TooLarge { executed, .. }
            | Self::Encode { executed, .. }
            | Self::Decode { executed, .. }
            | Self::Remote { executed, .. } => *executed,
            Self::Accepted { .. } => Executed::Maybe,
            Self::SchemaMismatch { .. } | Self::Service { .. } | Self::Panicked { .. } => {
                Executed::Yes
            }
            Self::Unauthenticated { .. }
            | Self::UnknownMethod { .. }
            | Self::SignatureMismatch { .. }
            | Self::Overloaded { .. }
            | Self::ShuttingDown { .. }
            | Self::Endpoint { .. }
            | Self::Config { .. }
            | Self::Queue { .. }
            | Self::StillRunning { .. }
            | Self::Forked
            | Self::Deadlock { .. }
            | Self::Transport { .. } => Executed::No,
        }
    }

    /// Returns whether the same call or setting may succeed later although nothing is changed here: the server comes back,
    /// a queue empties, another process gives an endpoint up.
    ///
    /// Whether it does harm to make the call again is another question, which [`executed`](Self::executed) answers.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { cause, .. } => cause.is_transient(),
            Self::Timeout { .. } | Self::Overloaded { .. } | Self::ShuttingDown { .. } => true,
            Self::Endpoint { cause, .. } => cause.is_transient(),
            _ => false,
        }
    }

    /// The method and the endpoint of the call; `None` for failures outside of a call.
    #[must_use]
    pub fn target(&self) -> Option<&CallTarget> {
        match self {
            Self::Timeout { at, .. }
            | Self::Unavailable { at, .. }
            | Self::Unauthenticated { at, .. }
            | Self::UnknownMethod { at }
            | Self::SignatureMismatch { at, .. }
            | Self::SchemaMismatch { at, .. }
            | Self::Service { at, .. }
            | Self::Overloaded { at, .. }
            | Self::Cancelled { at, .. }
            | Self::ShuttingDown { at }
            | Self::TooLarge { at, .. }
            | Self::Encode { at, .. }
            | Self::Decode { at, .. }
            | Self::Accepted { at }
            | Self::Panicked { at }
            | Self::Remote { at, .. } => Some(at),
            Self::Endpoint { .. }
            | Self::Config { .. }
            | Self::Queue { .. }
            | Self::StillRunning { .. }
            | Self::Forked
            | Self::Deadlock { .. }
            | Self::Transport { .. } => None,
        }
    }

    /// The method that was called, with its service: `Calculator.add`.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.target().map(CallTarget::method)
    }

    /// The endpoint that the call went to, or that is wrong.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Endpoint { endpoint, .. } => Some(endpoint),
            _ => self.target().and_then(CallTarget::endpoint),
        }
    }
}
