//! Until when a call waits.

use crate::clock::{CompactDuration, Instant};
use crate::connection::NoReply;

/// Until when a call waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// For its result.
    pub(super) deadline: Instant,
    /// For its request to be sent.
    pub(super) connected_by: Instant,
    /// The time from the start to `connected_by`, for error messages.
    pub(super) connect_timeout: CompactDuration,
}

impl Deadlines {
    /// Returns until when to wait, seen at `now`, or why not any longer.
    pub(super) fn check(&self, written: bool, now: Instant) -> Result<Instant, NoReply> {
        if now >= self.deadline {
            Err(NoReply::TimedOut { written })
        } else if written {
            Ok(self.deadline)
        } else if now >= self.connected_by {
            Err(NoReply::NotConnected)
        } else {
            Ok(self.deadline.min(self.connected_by))
        }
    }
}
