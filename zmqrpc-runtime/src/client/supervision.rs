//! Checks whether a connection's server still lives, and replaces the connection if it does not.

use super::state::{ConnectionState, LINK};
use crate::clock::Instant;
use crate::connection::{LivenessAction, NoReply};
use crate::log;
use crate::socket::{POLL_INTERVAL, RETRY_INTERVAL, Requester};

impl<S: Requester> ConnectionState<S> {
    /// Checks whether the server still lives while calls wait for it. Returns when to check again.
    pub(super) fn check_liveness(&mut self, now: Instant) -> Option<Instant> {
        let next = self.check_silence(now);
        let retry = self.calls.lacks_room().then(|| now + RETRY_INTERVAL);
        // No event reports that a draining `inproc` server has gone, and it is not pinged any more.
        let is_draining = self.calls.link(LINK).is_draining();
        let leaves = is_draining && self.socket.is_inproc() && self.calls.len() > 0;
        let comes =
            self.socket.needs_polling() && self.calls.has_waiting() && !self.calls.takes_calls();
        let look = (leaves || comes).then(|| now + POLL_INTERVAL);
        [next, retry, look].into_iter().flatten().min()
    }

    /// Pings a silent server, or replaces its connection. Returns when to do so next; `None` if its silence does not
    /// matter.
    fn check_silence(&mut self, now: Instant) -> Option<Instant> {
        loop {
            match self.calls.check_link(LINK, now, &mut self.socket)? {
                LivenessAction::Wait(until) => return Some(until),
                LivenessAction::Ask => self.service(now),
                LivenessAction::Dead(silence) => {
                    log::line!(warn, ; "a server shows no sign of life, its connection is renewed");
                    self.replace(&NoReply::Silent(silence), now);
                    self.service(now);
                }
            }
        }
    }
}
