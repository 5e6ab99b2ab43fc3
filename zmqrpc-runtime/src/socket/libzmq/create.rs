//! The sockets of the process's context.

use super::context::shared;
use super::raw::RawSocket;
#[cfg(feature = "auth")]
use super::zap;
use crate::socket::{SocketError, SocketOptions};

/// Returns a new socket, which keeps the context alive. Starts what verifies logins, if the socket requires them and it
/// does not run.
pub(super) fn create(
    kind: zmq::SocketType,
    options: &SocketOptions,
) -> Result<RawSocket, SocketError> {
    let context = shared()?;
    #[cfg(feature = "auth")]
    if options.security.requires_login() {
        context.start_handler(zap::start)?;
    }
    RawSocket::new(context, kind, options)
}
