//! The timer of sockets that are left unread while there is no room for their messages.

use std::time::{Duration, Instant};

/// The time between two maintenance calls.
const SETTLE: Duration = Duration::from_millis(50);

/// Tells when to maintain sockets that are left unread.
#[derive(Default)]
pub(crate) struct UnreadTimer {
    next: Option<Instant>,
}

impl UnreadTimer {
    /// Returns whether maintenance is due, given whether the sockets are left unread.
    pub(crate) fn is_due(&mut self, held: bool, now: Instant) -> bool {
        if !held {
            self.next = None;
            return false;
        }
        let next = self.next.get_or_insert(now + SETTLE);
        let due = *next <= now;
        if due {
            *next = now + SETTLE;
        }
        due
    }

    /// Returns when maintenance is due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_unread_is_looked_after_from_time_to_time() {
        let mut unread = UnreadTimer::default();
        let start = Instant::now();
        assert!(!unread.is_due(true, start));
        assert!(!unread.is_due(true, start + SETTLE / 2));
        assert!(unread.is_due(true, start + SETTLE));
        assert!(!unread.is_due(true, start + SETTLE));
        assert_eq!(unread.next(), Some(start + 2 * SETTLE));
        assert!(!unread.is_due(false, start + 2 * SETTLE));
        assert!(!unread.is_due(true, start + 3 * SETTLE), "it begins anew");
    }
}
