//! What a socket knows of the peer that a frame came from.

use super::Frame;

/// The peer that a frame came from. Each answer is looked up when it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct PeerInfo<'f> {
    frame: &'f Frame,
}

impl Frame {
    /// Returns what is known of the peer that the frame came from.
    pub(crate) fn peer(&self) -> PeerInfo<'_> {
        PeerInfo { frame: self }
    }
}

impl<'f> PeerInfo<'f> {
    /// Returns the peer's IP address; something else over `ipc`, and `None` over `inproc`.
    pub(crate) fn address(self) -> Option<&'f str> {
        self.frame.peer_address()
    }

    /// Returns a number that identifies the connection among all open ones. It is 0 for connections within the process.
    pub(crate) fn connection(self) -> u32 {
        self.frame.connection_number()
    }

    /// Returns the name under which the peer logged in, where the socket requires a login.
    pub(crate) fn user(self) -> Option<&'f str> {
        self.frame.login().map(|(_, user)| user)
    }

    /// Returns how the peer logged in, where the socket requires a login.
    pub(crate) fn mechanism(self) -> Option<&'f str> {
        self.frame.login().map(|(mechanism, _)| mechanism)
    }
}
