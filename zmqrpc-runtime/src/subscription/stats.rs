//! Counters of subscriptions.

/// Counters of a subscription since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscriptionStats {
    /// The endpoint, with wildcards resolved. It names the subscription.
    pub endpoint: String,
    /// Events that carried a command, including those that were rejected.
    pub received: u64,
    /// Events that were published and did not arrive, as gaps in the publishers' numbers show. Losses before the first
    /// and after the last received event of a topic are not known.
    pub lost: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Messages that are not events: random bytes, other dialects, too few or too many frames, topics that were not
    /// subscribed to.
    pub malformed: u64,
    /// How often nothing was heard for as long as [`silence_timeout`](super::Subscription::silence_timeout) allows.
    pub silences: u64,
    /// How often the connection was renewed: after silence, and after libzmq cut it for something that the publisher
    /// had sent, such as a message which is far too large.
    pub renewals: u64,
    /// Logins that [`Subscription::authenticate`](super::Subscription::authenticate) rejected.
    pub logins_rejected: u64,
    /// How often the publisher rejected this subscription: for a wrong login, for a missing one, or for one that it
    /// does not ask for.
    pub login_failures: u64,
    /// The publishers that were heard, in no order. If there are more than about a thousand, the last ones.
    pub publishers: Vec<PublisherCounts>,
}

/// How many events came from one publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherCounts {
    /// The publisher's id, which it chose at random when it was made.
    pub publisher: u64,
    /// Events that carried a command.
    pub received: u64,
    /// Events that did not arrive.
    pub lost: u64,
}
