//! The role of a socket that sends requests to one peer and receives its replies.

use super::{ConnectionEvent, Frame, SocketError};
use crate::clock::Instant;

/// What the caller's side of the protocol needs of a socket. Tests have one without a network, in simulated time.
pub(crate) trait Requester {
    /// Sends a frame, which is empty then. Returns `false`, and leaves the frame, if there is no room.
    #[must_use]
    fn send(&mut self, frame: &mut Frame) -> bool;
    /// Reports what has arrived to `on`, a bounded number of messages at a time, so that a server that never stops sending
    /// does not hold its client up. Returns whether nothing is left: only then may a thread wait on the socket.
    fn drain(&mut self, on: impl FnMut(ConnectionEvent)) -> Result<bool, SocketError>;
    /// Closes the connection and opens another one. What the socket has not written yet is lost.
    fn reconnect(&mut self) -> Result<(), SocketError>;
    /// Returns whether something may have arrived since the last call, whatever it is.
    #[cfg(feature = "proxy")]
    fn take_ready(&mut self) -> bool;
    /// Makes the next drain look for connections that came and went, although nothing has signalled.
    fn expect_events(&mut self);
    /// Returns whether the next drain looks for them.
    fn expects_events(&self) -> bool;
    /// Shortens the back-off of a refused login, because a call waits for the connection.
    fn retry_login_soon(&mut self);
    /// Returns why the endpoint's name cannot be resolved, if that is why there is no connection.
    fn resolve_failure(&self) -> Option<String>;
    /// Returns when a drain is due even if nothing signals: a reconnection, or a step towards one.
    fn due(&self) -> Option<Instant>;
    /// Returns whether the owner has to poll the socket, since no event announces all that may happen to it.
    fn needs_polling(&self) -> bool;
    /// Returns whether the peer is within the process: no event announces that it has gone.
    fn is_inproc(&self) -> bool;
}
