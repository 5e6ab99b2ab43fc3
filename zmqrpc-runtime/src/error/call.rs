//! The error of methods that return a `Result`.

use std::fmt;

use super::Error;

/// The error of a call whose method returns a `Result`: the service's own, or one of the call.
///
/// # Examples
///
/// ```
/// # use zmqrpc_runtime::{CallError, Error};
/// fn describe(error: &CallError<String>) -> String {
///     match error {
///         CallError::Service(own) => format!("the service said: {own}"),
///         CallError::Rpc(error) => format!("the call failed: {error}"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum CallError<E> {
    /// What the service returned, as it returned it.
    Service(E),
    /// The call failed.
    Rpc(Error),
}

impl<E> CallError<E> {
    /// The service's own error, if it is one.
    pub fn service(&self) -> Option<&E> {
        match self {
            Self::Service(error) => Some(error),
            Self::Rpc(_) => None,
        }
    }

    /// The failure of the call, if it is one.
    pub fn rpc(&self) -> Option<&Error> {
        match self {
            Self::Service(_) => None,
            Self::Rpc(error) => Some(error),
        }
    }

    /// Turns the service's own error into another one.
    pub fn map_service<F>(self, map: impl FnOnce(E) -> F) -> CallError<F> {
        match self {
            Self::Service(error) => CallError::Service(map(error)),
            Self::Rpc(error) => CallError::Rpc(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => error.fmt(f),
            Self::Rpc(error) => error.fmt(f),
        }
    }
}

// Both variants print as what they hold, so a chain of sources must go on behind it, not repeat it.
impl<E: fmt::Debug + fmt::Display> std::error::Error for CallError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Service(_) => None,
            Self::Rpc(error) => std::error::Error::source(error),
        }
    }
}

impl<E> From<Error> for CallError<E> {
    fn from(error: Error) -> Self {
        Self::Rpc(error)
    }
}
