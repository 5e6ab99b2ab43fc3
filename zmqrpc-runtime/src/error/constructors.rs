//! How the other modules make errors.

use std::path::Path;

use super::{EndpointCause, Error};
use crate::socket::Process;

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

    pub(crate) fn bad_queue(path: impl AsRef<Path>, reason: impl Into<Box<str>>) -> Self {
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
