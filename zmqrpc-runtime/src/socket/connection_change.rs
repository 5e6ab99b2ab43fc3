//! What happens to the connections of a socket.

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionChange {
    /// A peer has connected to a bound endpoint, and its handshake begins.
    Accepted,
    Established,
    Lost,
    /// A connection goes to itself, and nothing was sent over it yet. Disconnecting ends it and frees its port.
    SelfConnected,
    /// The peer does not speak ZMTP.
    NotZmtp,
    /// The peer uses another mechanism, or expects another server key.
    Mismatched,
    /// The peer refused the login.
    LoginRefused,
    /// The connection will be attempted again.
    Retried,
    /// The peer disconnected during the handshake.
    BrokenOff,
    /// A bound endpoint is free again.
    ListenerClosed,
}
