//! Why an endpoint cannot be used.

use std::fmt;
use std::io::ErrorKind;

use crate::log::Printable;
use crate::socket::SocketError;

/// Why an endpoint cannot be used: the cause of an [`Error::Endpoint`](super::Error::Endpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointCause {
    /// The text is no endpoint, or none for this direction. Holds what is wrong with it.
    Malformed(Box<str>),
    /// Another socket listens there.
    InUse(SocketError),
    /// The process may not listen there: a port below 1,024, a directory of somebody else.
    PermissionDenied(SocketError),
    /// This machine has no such address, or the directory of the path is missing.
    NotFound(SocketError),
    /// The handle has this endpoint already.
    Duplicate,
    /// The handle has no such endpoint.
    Unknown,
    /// The client calls a service within the process, and has no endpoints.
    Local,
    /// What the handle stands for has ended.
    Ended,
    /// libzmq or the system failed for another reason.
    Socket(SocketError),
}

impl EndpointCause {
    /// Returns whether the same endpoint may work later: something else gives it up, or comes into being.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::InUse(_) | Self::NotFound(_) | Self::Socket(_))
    }

    fn socket(&self) -> Option<&SocketError> {
        match self {
            Self::InUse(error)
            | Self::PermissionDenied(error)
            | Self::NotFound(error)
            | Self::Socket(error) => Some(error),
            Self::Malformed(_) | Self::Duplicate | Self::Unknown | Self::Local | Self::Ended => {
                None
            }
        }
    }
}

impl From<SocketError> for EndpointCause {
    fn from(error: SocketError) -> Self {
        match error.kind() {
            ErrorKind::AddrInUse => Self::InUse(error),
            ErrorKind::InvalidInput => Self::Malformed(error.reason().into()),
            ErrorKind::PermissionDenied => Self::PermissionDenied(error),
            ErrorKind::AddrNotAvailable | ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Self::NotFound(error)
            }
            _ => Self::Socket(error),
        }
    }
}

impl fmt::Display for EndpointCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => Printable(reason).fmt(f),
            Self::Duplicate => f.write_str("it is in use here already"),
            Self::Unknown => f.write_str("there is no such endpoint here"),
            Self::Local => f.write_str("this client calls a service within the process"),
            Self::Ended => f.write_str("the server has ended"),
            Self::InUse(error)
            | Self::PermissionDenied(error)
            | Self::NotFound(error)
            | Self::Socket(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EndpointCause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.socket().map(|error| error as _)
    }
}
