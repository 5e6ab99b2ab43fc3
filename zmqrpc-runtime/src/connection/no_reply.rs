//! How a call ends.

use std::time::Duration;

use crate::socket::{AuthFailure, Frame, SocketError};
use crate::wire::Executed;

/// The result of a call: its reply, or `None` for a notification that has been sent and a ping that has been answered.
pub(crate) type CallResult = Result<Option<Frame>, NoReply>;

/// Why a call ended without a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoReply {
    /// The connection broke after the request had been sent.
    Disconnected,
    /// The endpoint does not speak the protocol.
    Foreign,
    /// The peer is no server, since it sends requests; `returned` if it has sent this one back.
    NoServer { returned: bool },
    /// The peer has rejected the login.
    Denied(AuthFailure),
    /// The peer has been silent for this long, and has answered no ping.
    Silent(Duration),
    /// The socket failed.
    Broken(SocketError),
    /// The time limit has passed; `written` if the request had been sent.
    TimedOut { written: bool },
    /// There was no connection in time.
    NotConnected,
    /// The peer began to drain before the request had been sent.
    Drained,
}

impl NoReply {
    /// Returns whether the call was executed, as far as its caller can know.
    pub(crate) fn executed(&self) -> Executed {
        match self {
            Self::Foreign
            | Self::NoServer { returned: true }
            | Self::Denied(_)
            | Self::TimedOut { written: false }
            | Self::NotConnected
            | Self::Drained => Executed::No,
            Self::Disconnected
            | Self::NoServer { returned: false }
            | Self::Silent(_)
            | Self::Broken(_)
            | Self::TimedOut { written: true } => Executed::Maybe,
        }
    }
}
