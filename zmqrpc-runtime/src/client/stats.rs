//! A client's counters.

use super::handle::Client;

/// What a client has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStats {
    /// Calls that have begun and not ended, those that nobody waits for included, at the endpoints that the client has.
    pub in_flight: usize,
    /// Messages that ended no call: replies that came after their calls were given up, and what is no reply. They are
    /// dropped.
    pub late_replies: u64,
    /// Connections that were given up because the server showed no sign of life, and made anew.
    pub renewals: u64,
}

impl Client {
    /// Counters since the client was built.
    #[must_use]
    pub fn stats(&self) -> ClientStats {
        if self.check_process().is_err() {
            return ClientStats::default();
        }
        self.channel_stats()
    }
}
