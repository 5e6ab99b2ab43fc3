//! Who has how much waiting.
//!
//! Made when room is short, and kept up to date until there is plenty: to keep it always would cost each request as much
//! as the rest of the queue, and to look at all peers for each that finds no room would cost more still.

use std::collections::{BTreeSet, HashMap};

/// What each lane holds, as a share of what all may.
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

    /// The fullest lane, and its share.
    pub(super) fn fullest(&self) -> Option<(usize, u128)> {
        self.order.last().map(|(share, lane)| (*lane, *share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_is_known_whatever_grows_and_shrinks() {
        let mut ranks = LaneLoads::default();
        assert_eq!(ranks.fullest(), None);
        for (lane, share, fullest) in [
            (1, 5, (1, 5)),
            (2, 7, (2, 7)),
            (3, 6, (2, 7)),
            (2, 0, (3, 6)),
            (3, 6, (3, 6)),
            (3, 4, (1, 5)),
            (1, 1, (3, 4)),
        ] {
            ranks.set(lane, share);
            assert_eq!(ranks.fullest(), Some(fullest));
        }
        ranks.set(3, 0);
        ranks.set(1, 0);
        assert_eq!(ranks.fullest(), None);
        assert!(ranks.order.is_empty() && ranks.shares.is_empty());
    }
}
