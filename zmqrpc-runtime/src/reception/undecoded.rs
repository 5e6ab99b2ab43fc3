//! Messages that are neither events nor jobs.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::command::peer_of;
use crate::socket::Frame;

/// A message that is neither an event nor a job, as it came: of another protocol, or of a later version of this one.
///
/// Its frames are whatever the peer has sent. Those beyond the 32nd, and those beyond twice the limit for a message
/// together, are not kept.
pub struct UndecodedMessage {
    frames: Vec<Frame>,
    left_out: usize,
    reason: Box<str>,
    received_at: Instant,
    endpoint: Arc<str>,
}

impl UndecodedMessage {
    pub(super) fn new(
        frames: Vec<Frame>,
        left_out: usize,
        reason: impl Into<Box<str>>,
        received_at: Instant,
        endpoint: &Arc<str>,
    ) -> Self {
        Self {
            frames,
            left_out,
            reason: reason.into(),
            received_at,
            endpoint: Arc::clone(endpoint),
        }
    }

    /// Returns the bytes of the frames. Of what is published, the first is the topic.
    #[must_use]
    pub fn frames(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.frames.iter().map(|frame| &**frame)
    }

    /// Returns how many further frames there were, which are not kept.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns what is wrong with the message, for people. A peer may have had a part in it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the endpoint that it came over, with wildcards resolved.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the sender's IP address; `None` over `ipc` and `inproc`.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        self.frames.last().and_then(peer_of)
    }

    /// Returns the name under which the sender logged in; `None` if it was not asked to.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.frames.last().and_then(|frame| frame.peer().user())
    }

    /// Returns when it was taken in.
    #[must_use]
    pub fn received_at(&self) -> Instant {
        self.received_at
    }
}

impl fmt::Debug for UndecodedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the content: it may hold a secret, and debug output may go to a log.
        f.debug_struct("UndecodedMessage")
            .field("frames", &self.frames)
            .field("left_out", &self.left_out)
            .field("reason", &self.reason)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
