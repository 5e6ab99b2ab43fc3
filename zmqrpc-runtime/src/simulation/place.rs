//! Where a peer is, and how it is with it.

use super::dice::Dice;
use super::peer::Peer;
use super::weather::Weather;
use crate::clock::Instant;
use crate::socket::Frame;

/// Where a peer is.
pub(super) struct Place<P> {
    pub(super) peer: P,
    pub(super) is_frozen: bool,
    /// What has arrived meanwhile.
    pub(super) held: Vec<(u64, Frame)>,
    /// The connection over which something has arrived last.
    pub(super) heard: Option<u64>,
    /// The peer's notice of its end, and over which connection it was told.
    pub(super) notice: Option<(u64, u64)>,
    /// When its end was requested.
    pub(super) drains_since: Option<Instant>,
    /// The connection over which that was acknowledged: nothing more follows there.
    pub(super) left: Option<u64>,
}

impl<P: Peer> Place<P> {
    pub(super) fn new(dice: &mut Dice, weather: Weather, now: Instant) -> Self {
        let is_quick = weather == Weather::Orderly;
        Self {
            peer: P::new(Dice(dice.next()), is_quick, now),
            is_frozen: false,
            held: Vec::new(),
            heard: None,
            notice: None,
            drains_since: None,
            left: None,
        }
    }
}
