//! What subscriptions and pulls have seen.

/// Counters of one subscription since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionStats {
    /// The endpoint, with wildcards resolved: what names the subscription.
    pub endpoint: String,
    /// Events that carried a command, those included that turned out to be refused.
    pub received: u64,
    /// Events that were published and did not arrive, as the gaps between those that did tell. What is missing before
    /// the first and after the last of a topic is not known.
    pub lost: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Messages that are no event: random bytes, other dialects, too few or too many frames, topics that were not
    /// subscribed to.
    pub malformed: u64,
    /// How often nothing was heard for as long as [`heartbeat`](super::Subscription::heartbeat) allows.
    pub silences: u64,
    /// How often the connection was renewed: for that, and where the publisher had sent something that libzmq cuts
    /// connections for, such as a message which is far too large.
    pub renewals: u64,
    /// Logins that were refused by what [`Subscription::authenticate`](super::Subscription::authenticate) says.
    pub logins_rejected: u64,
    /// How often the publisher did not let this subscription in: for a wrong login, for having none, or since none was asked
    /// for.
    pub login_failures: u64,
    /// The publishers that were heard, in no order; the last thousand or so, if there are more.
    pub publishers: Vec<PublisherCounts>,
}

/// What came from one publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherCounts {
    /// The number that the publisher drew when it was made.
    pub publisher: u64,
    /// Events that carried a command.
    pub received: u64,
    /// Events that did not arrive.
    pub lost: u64,
}

/// Counters of one endpoint that commands are pulled from, since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PullStats {
    /// The endpoint, with wildcards resolved.
    pub endpoint: String,
    /// Commands, those included that turned out to be refused.
    pub received: u64,
    /// Messages that are no notification: random bytes, other dialects, calls that want an answer, several frames.
    pub malformed: u64,
    /// How often the connection was made again, since something had come that libzmq cuts connections for, such as a
    /// message which is far too large.
    pub renewals: u64,
    /// How often who is connected to did not let this server in: for a wrong login, for having none, or since none was
    /// asked for.
    pub login_failures: u64,
}
