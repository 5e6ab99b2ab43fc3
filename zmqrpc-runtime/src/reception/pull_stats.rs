//! Counters of endpoints that jobs are pulled from.

/// Counters of an endpoint that jobs are pulled from, since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullStats {
    /// The endpoint, with wildcards resolved.
    pub endpoint: String,
    /// Jobs, including those that were rejected.
    pub received: u64,
    /// Messages that are not notifications: random bytes, other dialects, calls that want a reply, several frames.
    pub malformed: u64,
    /// How often the connection was renewed after libzmq cut it for something that the pusher had sent, such as a
    /// message which is far too large.
    pub renewals: u64,
    /// How often the peer that is connected to rejected this server: for a wrong login, for a missing one, or for one
    /// that it does not ask for.
    pub login_failures: u64,
}
