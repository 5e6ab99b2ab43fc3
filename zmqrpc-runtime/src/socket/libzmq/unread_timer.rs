//! The timer of sockets that are left unread while there is no room for their messages.

use std::time::{Duration, Instant};

/// The time between two maintenance calls.
const INTERVAL: Duration = Duration::from_millis(50);

/// Tells when to maintain sockets that are left unread.
#[derive(Default)]
pub(crate) struct UnreadTimer {
    next: Option<Instant>,
}

impl UnreadTimer {
    /// Returns whether maintenance is due, given whether the sockets are left unread.
    pub(crate) fn is_due(&mut self, is_unread: bool, now: Instant) -> bool {
        if !is_unread {
            self.next = None;
            return false;
        }
        let next = self.next.get_or_insert(now + INTERVAL);
        let due = *next <= now;
        if due {
            *next = now + INTERVAL;
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
    fn unread_sockets_are_maintained_from_time_to_time() {
        let mut unread = UnreadTimer::default();
        let start = Instant::now();
        assert!(!unread.is_due(true, start));
        assert!(!unread.is_due(true, start + INTERVAL / 2));
        assert!(unread.is_due(true, start + INTERVAL));
        assert!(!unread.is_due(true, start + INTERVAL));
        assert_eq!(unread.next(), Some(start + 2 * INTERVAL));
        assert!(!unread.is_due(false, start + 2 * INTERVAL));
        assert!(
            !unread.is_due(true, start + 3 * INTERVAL),
            "the timer restarts"
        );
    }
}
