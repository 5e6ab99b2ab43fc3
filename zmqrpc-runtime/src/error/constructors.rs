//! How other modules, and transports of users, make errors.

use std::time::Duration;

use super::{CallTarget, EndpointCause, Error, Executed, OverloadCause, UnavailableCause};
use crate::socket::Process;

/// For transports of your own: mocks that fail as a network does, layers that refuse calls.
///
/// # Examples
///
/// A transport behind which nobody ever answers:
///
/// ```
/// use std::time::Duration;
/// use zmqrpc_runtime::error::CallTarget;
/// use zmqrpc_runtime::service::Transport;
/// use zmqrpc_runtime::{Command, Error, Executed};
///
/// struct Silent;
///
/// impl Transport for Silent {
///     type Call<R, F> = Result<R, F>;
///
///     fn call<C: Command>(&self, _: &C) -> Result<C::Reply, C::Failure> {
///         let at = CallTarget::new(C::METHOD.full_name(), None);
///         Err(Error::timed_out(at, Duration::from_secs(1), Executed::Maybe).into())
///     }
/// }
/// ```
impl Error {
    /// Creates an [`Error::Timeout`].
    #[must_use]
    pub fn timed_out(at: CallTarget, timeout: Duration, executed: Executed) -> Self {
        Self::Timeout {
            at,
            timeout,
            executed,
        }
    }

    /// Creates an [`Error::Unavailable`].
    #[must_use]
    pub fn unavailable(at: CallTarget, cause: UnavailableCause, executed: Executed) -> Self {
        Self::Unavailable {
            at,
            cause,
            executed,
        }
    }

    /// Creates an [`Error::Overloaded`].
    #[must_use]
    pub fn overloaded(at: CallTarget, cause: OverloadCause) -> Self {
        Self::Overloaded { at, cause }
    }

    /// Creates an [`Error::ShuttingDown`].
    #[must_use]
    pub fn shutting_down(at: CallTarget) -> Self {
        Self::ShuttingDown { at }
    }
}

impl Error {
    /// Checks that a handle was made in this process, and not in a parent of it.
    pub(crate) fn check_process(process: Process) -> Result<(), Self> {
        if process.is_current() {
            Ok(())
        } else {
            Err(Self::Forked)
        }
    }

    pub(crate) fn endpoint_error(endpoint: &str, cause: impl Into<EndpointCause>) -> Self {
        Self::Endpoint {
            endpoint: endpoint.into(),
            cause: cause.into(),
        }
    }

    #[cfg(feature = "proxy")]
    pub(crate) fn bad_queue(
        path: impl AsRef<std::path::Path>,
        reason: impl Into<Box<str>>,
    ) -> Self {
        Self::Queue {
            path: path.as_ref().to_string_lossy().into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn bad_setting(setting: &'static str, reason: impl Into<Box<str>>) -> Self {
        Self::Config {
            setting,
            reason: reason.into(),
        }
    }
}
