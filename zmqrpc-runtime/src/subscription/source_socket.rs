//! What the sockets of events and of jobs have in common: connections that want to be kept.

use std::sync::Arc;
use std::time::Instant;

use super::SilenceCallback;
use crate::socket::{Poller, SocketError};

/// A socket that events or jobs come over.
pub(crate) trait SourceSocket {
    /// Returns the endpoint, with its wildcards resolved.
    fn endpoint(&self) -> &str;
    fn poller(&self) -> Arc<Poller>;
    /// Returns when to call [`maintain`](Self::maintain) next.
    fn due(&self) -> Option<Instant>;
    /// Renews the connection if it needs it. To be called when it is [due](Self::due), after all messages were received.
    /// Returns the callback to run if the publisher is silent.
    fn maintain(&mut self, now: Instant) -> Option<SilenceCallback>;
    /// Restarts the time until silence: something was heard, or could not be until now since the socket was not read.
    fn reset_silence(&mut self, now: Instant);
    /// Processes what happened to connections, and leaves messages unread.
    fn settle(&mut self) -> Result<(), SocketError>;
    /// Closes the socket and frees its endpoint, which may take a moment.
    fn close_and_release(self)
    where
        Self: Sized;
}
