//! The error of what a socket was to do.

use std::fmt;
use std::io::ErrorKind;

use rustix::io::Errno;

/// A failed socket operation, with libzmq's words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketError {
    operation: &'static str,
    code: i32,
    reason: String,
}

impl SocketError {
    pub(super) fn new(operation: &'static str, code: i32, reason: String) -> Self {
        Self {
            operation,
            code,
            reason,
        }
    }

    /// Replaces the reason with a more precise one.
    pub(super) fn because(self, reason: String) -> Self {
        Self { reason, ..self }
    }

    pub(crate) fn io(operation: &'static str, error: &std::io::Error) -> Self {
        Self {
            operation,
            code: error.raw_os_error().unwrap_or_default(),
            reason: error.to_string().to_lowercase(),
        }
    }

    pub(crate) fn waiting(error: &std::io::Error) -> Self {
        Self::io("waiting", error)
    }

    pub(crate) fn thread(error: &std::io::Error) -> Self {
        Self::io("starting a thread", error)
    }

    /// The error of an operation that was not attempted, because it would do harm or can never work.
    pub(super) fn refused(operation: &'static str, reason: &str) -> Self {
        Self::new(operation, Errno::INVAL.raw_os_error(), reason.into())
    }

    /// The error of a bind where something else is.
    pub(super) fn in_use(reason: &str) -> Self {
        Self::new("bind", Errno::ADDRINUSE.raw_os_error(), reason.into())
    }

    /// The error of using a socket that belongs to a parent of this process.
    #[cold]
    pub(crate) fn inherited() -> Self {
        Self {
            operation: "using a socket",
            code: Errno::NOTSOCK.raw_os_error(),
            reason: "it was made before the process forked: make a new one".into(),
        }
    }

    /// The operation that failed, such as `bind`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The system's or libzmq's error number.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.code
    }

    /// The kind of failure, as the standard library names it; [`ErrorKind::Other`] for
    /// those of libzmq's own.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        std::io::Error::from_raw_os_error(self.code).kind()
    }

    /// The reason, in libzmq's words.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.operation, self.reason)
    }
}

impl std::error::Error for SocketError {}
