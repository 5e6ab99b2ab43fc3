//! What a link knows of the notifications that it has handed over.

use super::flush::Arrived;

#[derive(Default)]
pub(super) struct Oneway {
    /// Some have been handed over since it was last asked whether they have arrived.
    unproven: bool,
    /// The connection was lost behind some of them.
    lost: bool,
}

impl Oneway {
    pub(super) fn hand_over(&mut self) {
        self.unproven = true;
    }

    /// All that were handed over have arrived, if that is `shown`.
    pub(super) fn arrive(&mut self, shown: bool) {
        self.unproven &= !shown;
    }

    pub(super) fn lose_connection(&mut self) {
        self.lost |= std::mem::take(&mut self.unproven);
    }

    pub(super) fn take_doubts(&mut self) -> Arrived {
        let unproven = std::mem::take(&mut self.unproven);
        if std::mem::take(&mut self.lost) {
            Arrived::Doubtful
        } else if unproven {
            Arrived::Unknown
        } else {
            Arrived::All
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_handed_over_is_in_doubt_until_it_was_asked_for() {
        let mut oneway = Oneway::default();
        assert!(matches!(oneway.take_doubts(), Arrived::All));
        oneway.hand_over();
        oneway.arrive(false);
        assert!(matches!(oneway.take_doubts(), Arrived::Unknown));
        oneway.hand_over();
        oneway.arrive(true);
        assert!(matches!(oneway.take_doubts(), Arrived::All));
    }

    #[test]
    fn a_connection_that_breaks_leaves_doubts_only_behind_a_notification() {
        let mut oneway = Oneway::default();
        oneway.lose_connection();
        assert!(matches!(oneway.take_doubts(), Arrived::All));
        oneway.hand_over();
        oneway.lose_connection();
        oneway.hand_over();
        assert!(matches!(oneway.take_doubts(), Arrived::Doubtful));
        assert!(matches!(oneway.take_doubts(), Arrived::All));
    }
}
