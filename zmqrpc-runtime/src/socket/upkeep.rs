//! What the owner of a socket does for it, besides sending and receiving.

use crate::clock::Instant;

/// The role of a socket whose connections come and go, some of them without a signal.
pub(crate) trait Upkeep {
    /// Makes the next receive that finds nothing look for connections that came and went, although nothing has signalled.
    fn expect_events(&mut self) {}
    /// Returns whether it looks for them.
    fn expects_events(&self) -> bool {
        false
    }
    /// Shortens the back-off of a refused login, because a call waits for the connection.
    fn retry_login_soon(&mut self) {}
    /// Returns why the endpoint's name cannot be resolved, if that is why there is no connection.
    fn resolve_failure(&self) -> Option<String> {
        None
    }
    /// Returns when a receive is due even if nothing signals: a reconnection, or a step towards one.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// Returns whether the owner has to look while it waits for a connection, since no event announces all that may happen.
    fn needs_polling(&self) -> bool {
        false
    }
    /// Returns whether the peer is within the process: no event announces that it has gone.
    fn is_inproc(&self) -> bool {
        false
    }
}
