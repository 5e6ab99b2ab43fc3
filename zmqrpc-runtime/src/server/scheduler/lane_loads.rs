//! How full the lanes are, and which is the fullest.
//!
//! Built when room is short, and updated until there is plenty. To maintain it always would cost each call as much as
//! the rest of the queue does; to visit all peers for each call that finds no room would cost even more.

use std::collections::{BTreeSet, HashMap};

/// What each lane holds, as a share of the common limits.
#[derive(Default)]
pub(super) struct LaneLoads {
    order: BTreeSet<(u128, usize)>,
    shares: HashMap<usize, u128>,
}

impl LaneLoads {
    pub(super) fn set(&mut self, lane: usize, share: u128) {
        let before = if share == 0 {
            self.shares.remove(&lane)
        } else {
            self.order.insert((share, lane));
            self.shares.insert(lane, share)
        };
        if let Some(before) = before.filter(|before| *before != share) {
            self.order.remove(&(before, lane));
        }
    }

    /// Returns the fullest lane and its share.
    pub(super) fn fullest(&self) -> Option<(usize, u128)> {
        self.order.last().map(|(share, lane)| (*lane, *share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_is_known_whatever_grows_and_shrinks() {
        let mut loads = LaneLoads::default();
        assert_eq!(loads.fullest(), None);
        for (lane, share, fullest) in [
            (1, 5, (1, 5)),
            (2, 7, (2, 7)),
            (3, 6, (2, 7)),
            (2, 0, (3, 6)),
            (3, 6, (3, 6)),
            (3, 4, (1, 5)),
            (1, 1, (3, 4)),
        ] {
            loads.set(lane, share);
            assert_eq!(loads.fullest(), Some(fullest));
        }
        loads.set(3, 0);
        loads.set(1, 0);
        assert_eq!(loads.fullest(), None);
        assert!(loads.order.is_empty() && loads.shares.is_empty());
    }
}
