//! Sockets that are left unread while there is no room for what they have.

use std::time::{Duration, Instant};

/// How often they are looked after.
const SETTLE: Duration = Duration::from_millis(50);

/// Since when sockets are left unread.
#[derive(Default)]
pub(crate) struct UnreadTimer {
    next: Option<Instant>,
}

impl UnreadTimer {
    /// Whether it is time to look after them, given whether they are left unread.
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

    /// When it is time next.
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
