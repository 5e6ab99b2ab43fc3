//! What sockets present and require.

use std::sync::Arc;

use crate::socket::login::ClientLogin;
use crate::socket::mechanism::{CURVE, NULL, PLAIN};
use crate::socket::{Direction, RejectedLogins, ServerAuth, SocketError};

/// What a socket does about logins. libzmq supports one mechanism per socket, and one side of it: a socket either
/// verifies logins (bound) or presents one (connected).
#[derive(Clone, Debug, Default)]
pub(crate) enum Security {
    /// Neither presents nor requires a login.
    #[default]
    Open,
    /// Connects, and presents this login.
    Client(Arc<ClientLogin>),
    /// Is bound, and verifies the login of each peer.
    Server(ServerAuth),
}

impl Security {
    /// Returns the mechanism in the socket's greeting.
    pub(in crate::socket) fn mechanism(&self) -> &'static str {
        match self {
            Self::Open => NULL,
            Self::Client(login) => match **login {
                ClientLogin::Plain { .. } => PLAIN,
                ClientLogin::Curve { .. } => CURVE,
            },
            Self::Server(server) => server.mechanism(),
        }
    }

    /// Checks that a socket may be used in a direction.
    ///
    /// A socket that verifies logins cannot connect: libzmq keeps its pipe to the handler from one connection of an
    /// endpoint to the next, so it would take a late reply for the next peer's, or fail an assertion and end the
    /// process.
    pub(in crate::socket) fn check(&self, direction: Direction) -> Result<(), SocketError> {
        match (self, direction) {
            (Self::Server(_), Direction::Connect) => Err(SocketError::refused(
                "connect",
                "a socket that requires logins can only be bound",
            )),
            (Self::Client(_), Direction::Bind) => Err(SocketError::refused(
                "bind",
                "a socket that presents a login can only connect",
            )),
            _ => Ok(()),
        }
    }

    pub(in crate::socket) fn add_endpoint(&self, endpoint: &str) {
        if let Self::Server(server) = self {
            server.add_endpoint(endpoint);
        }
    }

    /// Records a login that failed before it was verified.
    pub(in crate::socket) fn record_mismatch(&self) {
        if let Self::Server(server) = self {
            server.record_mismatch();
        }
    }

    pub(in crate::socket) fn presents_login(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    pub(crate) fn requires_login(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Returns the counter of logins that this side refused.
    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        match self {
            Self::Server(server) => server.rejected_logins(),
            Self::Open | Self::Client(_) => RejectedLogins::default(),
        }
    }
}
