//! What sockets present and require.
//!
//! ```text
//! zap_domain       what a socket that requires logins verifies: one ZAP domain each
//! server_auth      the ZAP domains, by name
//! zap              the ZAP handler that libzmq asks, one per context
//! zap_request      ZAP requests and replies
//! auth_worker      a domain's thread, which makes the decisions that take time
//! ```

mod auth_worker;
mod server_auth;
mod zap;
mod zap_domain;
mod zap_request;

use std::sync::Arc;

use zeroize::Zeroizing;

pub(crate) use self::server_auth::ServerAuth;
pub use self::zap_request::reread_login;
use super::{MechanismProbe, OPEN, SETTING, apply_open};
use crate::socket::context::SharedContext;
use crate::socket::login::{ClientLogin, KEY};
use crate::socket::mechanism::{CURVE, NULL, PLAIN};
use crate::socket::raw::RawSocket;
use crate::socket::{Direction, RejectedLogins, SocketError};

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

/// As in zmq.h; the crate `zmq-sys` lacks it.
const ENFORCE_DOMAIN: u32 = 93;

/// Returns whether libzmq was built with CURVE.
pub(crate) fn has_curve() -> bool {
    zmq::has("curve") == Some(true)
}

/// Returns a new CURVE key pair, the public key first.
pub(crate) fn new_keys() -> Result<([u8; KEY], Zeroizing<[u8; KEY]>), SocketError> {
    let zmq::CurveKeyPair {
        public_key,
        mut secret_key,
    } = zmq::CurveKeyPair::new().map_err(SocketError::of("making keys"))?;
    let secret = Zeroizing::new(secret_key);
    zeroize::Zeroize::zeroize(&mut secret_key);
    Ok((public_key, secret))
}

impl Security {
    /// Returns the mechanism in the socket's greeting.
    fn mechanism(&self) -> &'static str {
        match self {
            Self::Open => NULL,
            Self::Client(login) => match **login {
                ClientLogin::Plain { .. } => PLAIN,
                ClientLogin::Curve { .. } => CURVE,
            },
            Self::Server(server) => server.mechanism(),
        }
    }

    /// Returns a probe for endpoints that break the handshake off.
    pub(in crate::socket) fn probe(&self) -> MechanismProbe {
        MechanismProbe::new(self.mechanism())
    }

    /// Starts what verifies logins, unless it runs. Must be called before a socket that requires them is bound.
    pub(in crate::socket) fn start_handler(
        &self,
        context: &SharedContext,
    ) -> Result<(), SocketError> {
        match self {
            Self::Server(_) => context.start_handler(zap::start),
            Self::Open | Self::Client(_) => Ok(()),
        }
    }

    /// Applies this to a socket. Must be called before the socket binds or connects.
    pub(in crate::socket) fn apply(
        &self,
        raw: &mut RawSocket,
        kind: zmq::SocketType,
    ) -> Result<(), SocketError> {
        let set = SocketError::of(SETTING);
        let socket = raw.options();
        match self {
            Self::Open => apply_open(raw, kind),
            Self::Client(login) => match &**login {
                ClientLogin::Plain { user, password } => socket
                    .set_plain_username(Some(user))
                    .and_then(|()| socket.set_plain_password(Some(password)))
                    .map_err(set),
                ClientLogin::Curve {
                    server,
                    public,
                    secret,
                } => socket
                    .set_curve_serverkey(server)
                    .and_then(|()| socket.set_curve_publickey(public))
                    .and_then(|()| socket.set_curve_secretkey(&**secret))
                    .map_err(set),
            },
            Self::Server(server) => {
                socket.set_zap_domain(server.domain()).map_err(&set)?;
                match server.secret() {
                    None => socket.set_plain_server(true).map_err(&set)?,
                    Some(secret) => socket
                        .set_curve_server(true)
                        .and_then(|()| socket.set_curve_secretkey(secret))
                        .map_err(&set)?,
                }
                // Without a handler, CURVE admits every peer that has any key.
                raw.set(ENFORCE_DOMAIN, 1)
            }
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
