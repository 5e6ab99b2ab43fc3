//! What a socket receives.

/// A received message: one with the expected frames, or a malformed one.
///
/// Malformed messages are returned one by one, too: a peer that sends nothing else must not keep the receiver in a
/// loop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<T> {
    Message(T),
    /// Too many, too few or too long frames.
    Malformed,
}
