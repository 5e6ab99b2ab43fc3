//! The proxy's side of a dialect: frames that pass through, of which only the header is read and replaced.

use super::{Dialect, NO_ID, RequestKind, native};
use crate::wire::{Limits, WireError, hops};

impl Dialect {
    /// Returns how many proxies have forwarded a message.
    #[inline]
    pub(crate) fn hops(self, frame: &[u8]) -> u8 {
        match self {
            Self::Native => native::peek_id(frame).map_or(0, hops),
        }
    }

    /// Counts one more proxy in a message, which keeps its number. Returns `false`, and changes nothing, if it has passed
    /// as many as allowed.
    pub(crate) fn count_hop(self, frame: &mut [u8]) -> bool {
        match self {
            Self::Native => native::count_hop(frame),
        }
    }

    /// Returns whether a frame is a ping without an id.
    pub(crate) fn is_ping_without_id(self, frame: &[u8]) -> bool {
        match self {
            Self::Native => *frame == native::encode_ping(NO_ID),
        }
    }

    /// Converts a request into an event.
    ///
    /// # Errors
    ///
    /// Why it cannot be: the event, which is longer, exceeds the limit, or the frame is no request.
    pub(crate) fn request_to_event(
        self,
        frame: &[u8],
        sequence: u64,
        publisher: u64,
        limits: &Limits,
    ) -> Result<Vec<u8>, WireError> {
        match self {
            Self::Native => native::request_to_event(frame, sequence, publisher, limits),
        }
    }

    /// Converts an event's command into a call. `None` for a heartbeat, which carries no command.
    ///
    /// # Errors
    ///
    /// Why the frame is no event.
    pub(crate) fn event_to_call(
        self,
        frame: &[u8],
        id: u64,
        limits: &Limits,
    ) -> Result<Option<Vec<u8>>, WireError> {
        match self {
            Self::Native => native::event_to_request(frame, RequestKind::Call, id, limits),
        }
    }
}
