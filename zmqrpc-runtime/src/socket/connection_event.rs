//! What a socket that sends requests reports.

use super::{AuthFailure, Frame};

/// What a drain reports, in the order in which the owner must handle it.
pub(crate) enum ConnectionEvent {
    /// A message, which may be the reply to an earlier request.
    Received(Frame),
    /// A server is connected: sends succeed.
    Up,
    /// The connection is lost, and libzmq reconnects. libzmq has dropped, without a report, what it had not written
    /// yet.
    Down,
    /// The connection is lost, and libzmq does not reconnect: [`reconnect`](super::DealerSocket::reconnect) does.
    Abandoned,
    /// The peer at the endpoint does not speak ZMTP.
    NotZmtp,
    /// The server refuses the login, or is not the expected one.
    LoginRefused(AuthFailure),
}
