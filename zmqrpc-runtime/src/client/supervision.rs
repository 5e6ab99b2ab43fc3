//! Checks whether a connection's server still lives, and replaces the connection if it does not.

use super::peers::Peers;
use super::state::ConnectionState;
use crate::clock::Instant;
use crate::connection::{LivenessAction, NoReply};
use crate::log;
use crate::socket::{POLL_INTERVAL, RETRY_INTERVAL};

impl<P: Peers> ConnectionState<P> {
    /// Checks whether the server still lives while calls wait for it. Returns when to check again.
    pub(super) fn check_liveness(&mut self, now: Instant) -> Option<Instant> {
        let links = 0..self.calls.links();
        let next = links.filter_map(|link| self.check_silence(link, now)).min();
        let retry = self.calls.lacks_room().then(|| now + RETRY_INTERVAL);
        // No event reports that a draining `inproc` server has gone, and it is not pinged any more.
        let is_draining = self.calls.is_draining();
        let leaves = is_draining && self.peers.is_inproc() && self.calls.len() > 0;
        let comes = self.peers.needs_polling()
            && (self.peers.come_by_themselves()
                || self.calls.has_waiting() && !self.calls.takes_calls());
        let look = (leaves || comes).then(|| now + POLL_INTERVAL);
        let due = self.peers.due().filter(|_| self.peers.come_by_themselves());
        [next, retry, look, due].into_iter().flatten().min()
    }

    /// Pings a silent server, or replaces its connection. Returns when to do so next; `None` if its silence does not
    /// matter.
    fn check_silence(&mut self, link: usize, now: Instant) -> Option<Instant> {
        loop {
            match self.calls.check_link(link, now, &mut self.peers)? {
                LivenessAction::Wait(until) => return Some(until),
                LivenessAction::Ask => self.service(now),
                LivenessAction::Dead(silence) => {
                    if self.peers.come_by_themselves() {
                        log::line!(warn, ; "a worker shows no sign of life, it gets no calls until it does");
                    } else {
                        log::line!(warn, ; "a server shows no sign of life, its connection is renewed");
                    }
                    self.replace(link, &NoReply::Silent(silence), now);
                    self.service(now);
                }
            }
        }
    }
}
