//! Why a call was not answered.

use std::fmt;
use std::time::Duration;

use crate::log::Printable;
use crate::socket::SocketError;

/// Why a peer is not available: the cause of an [`Error::Unavailable`](super::Error::Unavailable).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnavailableCause {
    /// No connection was made in time.
    NotConnected {
        /// How long the call waited.
        waited: Duration,
        /// Why the endpoint's host name has no address, if it has none.
        lookup: Option<Box<str>>,
    },
    /// No worker has connected in time to the endpoint that the client has bound.
    NoWorker {
        /// How long the call waited.
        waited: Duration,
    },
    /// The client has no endpoint: all have been removed.
    NoEndpoint,
    /// There is a connection, and the peer takes nothing in.
    NoRoom {
        /// How long the call waited.
        waited: Duration,
    },
    /// The server is about to end, and there was no other one in time.
    Draining {
        /// How long the call waited.
        waited: Duration,
    },
    /// The server is about to end.
    ShuttingDown,
    /// The connection broke after the request had been handed over.
    Disconnected,
    /// The service within the process gave no reply.
    NoReply,
    /// The peer was silent for so long.
    Silent {
        /// The silence.
        silence: Duration,
    },
    /// What listens there speaks another protocol.
    ForeignProtocol,
    /// What listens there sends requests: it is no server.
    NotAServer,
    /// An earlier attempt of the call was lost with its connection, and another one failed.
    Retry(Box<UnavailableCause>),
    /// The connection broke after notifications had been handed over that were to be flushed.
    Unflushed,
    /// Nobody has pulled jobs.
    NoPuller {
        /// How long pushing waited.
        waited: Duration,
        /// Why the endpoint's host name has no address, if it has none.
        lookup: Option<Box<str>>,
    },
    /// Fewer subscribers are there than are waited for.
    TooFewSubscribers {
        /// How many are there.
        present: usize,
        /// How many are waited for.
        wanted: usize,
        /// How long it was waited.
        waited: Duration,
        /// Why the endpoint's host name has no address, if it has none.
        lookup: Option<Box<str>>,
    },
    /// libzmq or the system failed.
    Socket(SocketError),
    /// What the other side says about it.
    Remote(Box<str>),
}

impl UnavailableCause {
    /// Returns whether the peer may be available later although nothing is changed here.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NoEndpoint | Self::ForeignProtocol | Self::NotAServer => false,
            Self::Retry(cause) => cause.is_transient(),
            _ => true,
        }
    }
}

impl fmt::Display for UnavailableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected { waited, lookup } => match lookup {
                Some(why) => write!(f, "no connection within {waited:?}: {}", Printable(why)),
                None => write!(
                    f,
                    "no connection within {waited:?}, is the server running there?"
                ),
            },
            Self::NoWorker { waited } => write!(
                f,
                "no worker was connected within {waited:?}, do servers work for this endpoint?"
            ),
            Self::NoEndpoint => f.write_str("the client has no endpoint, all have been removed"),
            Self::NoRoom { waited } => write!(
                f,
                "no room for the request within {waited:?}, the server takes nothing in"
            ),
            Self::Draining { waited } => write!(
                f,
                "the server is shutting down, and no other one came within {waited:?}"
            ),
            Self::ShuttingDown => f.write_str("the server is shutting down"),
            Self::Disconnected => f.write_str("the connection broke before the reply came"),
            Self::Silent { silence } => {
                write!(f, "the server has shown no sign of life for {silence:?}")
            }
            Self::ForeignProtocol => f.write_str("what listens there speaks another protocol"),
            Self::NotAServer => f.write_str("what listens there is no server: it sends requests"),
            Self::Retry(cause) => write!(
                f,
                "a first try was lost with its connection, another one failed: {cause}"
            ),
            Self::Unflushed => {
                f.write_str("the connection broke after notifications had been handed over")
            }
            Self::NoPuller { waited, lookup } => {
                write!(f, "no puller has been connected for {waited:?}")?;
                because(f, lookup.as_deref())
            }
            Self::TooFewSubscribers {
                present,
                wanted,
                waited,
                lookup,
            } => {
                write!(
                    f,
                    "{present} of {wanted} subscribers are connected after {waited:?}"
                )?;
                because(f, lookup.as_deref())
            }
            Self::Socket(error) => write!(f, "the socket failed: {error}"),
            Self::NoReply => f.write_str("there is no reply"),
            Self::Remote(text) => Printable(text).fmt(f),
        }
    }
}

fn because(f: &mut fmt::Formatter<'_>, reason: Option<&str>) -> fmt::Result {
    match reason {
        Some(reason) => write!(f, ": {}", Printable(reason)),
        None => Ok(()),
    }
}

impl std::error::Error for UnavailableCause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Socket(error) => Some(error),
            Self::Retry(cause) => cause.source(),
            _ => None,
        }
    }
}
