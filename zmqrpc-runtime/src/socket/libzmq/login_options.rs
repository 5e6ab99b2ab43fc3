//! What libzmq's sockets are told of logins.

#[cfg(feature = "auth")]
use super::server_auth::ServerAuth;
#[cfg(feature = "auth")]
use super::settings;
#[cfg(feature = "auth")]
use crate::socket::login::ClientLogin;
use crate::socket::{Security, SocketError};

/// The ZAP domain of sockets that require no login. Any domain but an empty one keeps raw TCP bytes out: without one,
/// libzmq takes them for ZMTP 1.0 and delivers them as messages (<https://github.com/zeromq/libzmq/issues/4932>).
pub(super) const OPEN: &str = "zmqrpc";

/// Why the login of a socket could not be set.
const SETTING: &str = "setting the login";

/// As in zmq.h; the crate `zmq-sys` lacks it.
#[cfg(feature = "auth")]
const ENFORCE_DOMAIN: u32 = 93;

/// Applies this to a socket. Must be called before the socket binds or connects.
pub(super) fn apply(
    security: &Security,
    socket: &mut zmq::Socket,
    kind: zmq::SocketType,
) -> Result<(), SocketError> {
    match security {
        Security::Open => leave_open(socket, kind),
        #[cfg(feature = "auth")]
        Security::Client(login) => present(login, socket),
        #[cfg(feature = "auth")]
        Security::Server(server) => require(server, socket),
    }
}

/// Makes a socket neither present nor require a login.
fn leave_open(socket: &zmq::Socket, kind: zmq::SocketType) -> Result<(), SocketError> {
    // A caller's socket connects only to servers that it trusts.
    if kind == zmq::DEALER {
        return Ok(());
    }
    let set = socket.set_zap_domain(OPEN);
    set.map_err(SocketError::of(SETTING))
}

#[cfg(feature = "auth")]
fn present(login: &ClientLogin, socket: &zmq::Socket) -> Result<(), SocketError> {
    let set = match login {
        ClientLogin::Plain { user, password } => socket
            .set_plain_username(Some(user))
            .and_then(|()| socket.set_plain_password(Some(password))),
        ClientLogin::Curve {
            server,
            public,
            secret,
        } => socket
            .set_curve_serverkey(server)
            .and_then(|()| socket.set_curve_publickey(public))
            .and_then(|()| socket.set_curve_secretkey(&**secret)),
    };
    set.map_err(SocketError::of(SETTING))
}

#[cfg(feature = "auth")]
fn require(server: &ServerAuth, socket: &mut zmq::Socket) -> Result<(), SocketError> {
    let set = SocketError::of(SETTING);
    socket.set_zap_domain(server.domain()).map_err(&set)?;
    match server.secret() {
        None => socket.set_plain_server(true).map_err(&set)?,
        Some(secret) => socket
            .set_curve_server(true)
            .and_then(|()| socket.set_curve_secretkey(secret))
            .map_err(&set)?,
    }
    // Without a handler, CURVE admits every peer that has any key.
    settings::set(socket, ENFORCE_DOMAIN, 1)
}
