//! The settings that every socket is created with.

use std::time::Duration;

use super::Security;

/// Settings of a socket, applied before it binds or connects: libzmq ignores most of them afterwards
/// (<https://github.com/zeromq/libzmq/issues/4567>).
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    /// The largest frame that a peer may send, in bytes. A larger one ends the connection.
    pub(crate) max_frame: usize,
    /// How long libzmq may go on to send after the socket is closed.
    pub(crate) linger: Duration,
    /// How many messages libzmq queues for one peer before a send fails.
    pub(crate) send_high_water: u32,
    /// How many messages libzmq queues from one peer before it stops reading from the connection, for socket types that
    /// use it.
    pub(crate) receive_high_water: u32,
    /// Whether to resolve host names to IPv6 addresses too. IPv6 literals work in any case.
    pub(crate) ipv6: bool,
    /// The logins that the socket verifies, or the one that it presents.
    pub(crate) security: Security,
    /// How long a handshake may take. A peer that connects and never completes one holds a descriptor
    /// (<https://github.com/zeromq/libzmq/issues/1081>).
    pub(crate) handshake_timeout: Duration,
    pub(crate) keepalive: Keepalive,
}

/// TCP's keep-alive probes, which end connections whose peers have gone without closing them.
///
/// Whole seconds, rounded up. While calls are in flight, [`Ping`](crate::Ping) finds out sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// How long a connection is silent before TCP probes it. Default: 60 s.
    pub idle: Duration,
    /// The time between two probes. After 4 without an answer the connection counts as broken. Default: 15 s.
    pub interval: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            interval: Duration::from_secs(15),
        }
    }
}
