//! The role of a socket that sends requests to one peer and receives its replies.

use super::{ConnectionEvent, Frame, SocketError, Upkeep};

/// What the caller's side of the protocol needs of a socket. Tests have one without a network, in simulated time.
pub(crate) trait Requester: Upkeep {
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
}
