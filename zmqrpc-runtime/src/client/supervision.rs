//! Checks whether a connection's server still lives, and replaces the connection if it does not.

use super::DIALECT;
use super::in_flight::NoReply;
use super::state::ConnectionState;
use crate::clock::Instant;
use crate::connection::LivenessAction;
use crate::dialect::NO_ID;
use crate::log;
use crate::socket::{POLL_INTERVAL, Poller, RETRY_INTERVAL};

impl ConnectionState {
    /// Fails the calls whose requests were sent, and makes another connection for the rest.
    pub(super) fn give_up(&mut self, reason: &NoReply, poller: &Poller) {
        self.link.handle_down();
        self.notifications.lose_connection();
        self.renewals += 1;
        self.fail(|call| call.written || call.options.ping, reason, poller);
        if let Err(error) = self.dealer.reconnect() {
            self.fail(|_| true, &NoReply::Broken(error), poller);
        }
        self.link.hear(Instant::now());
        self.call_driver();
    }

    /// Checks whether the server still lives while calls wait for it. Returns when to check again.
    pub(super) fn check_liveness(&mut self, now: Instant, poller: &Poller) -> Option<Instant> {
        let next = self.check_silence(now, poller);
        let retry = self.lacks_room().then(|| now + RETRY_INTERVAL);
        // No event reports that a draining `inproc` server has gone, and it is not pinged any more.
        let leaves = self.link.is_draining() && self.dealer.is_inproc() && self.calls.len() > 0;
        let comes = self.dealer.needs_polling() && !self.queue.is_empty() && !self.takes_calls();
        let look = (leaves || comes).then(|| now + POLL_INTERVAL);
        [next, retry, look].into_iter().flatten().min()
    }

    /// Pings a silent server, or replaces its connection. Returns when to do so next; `None` if its silence does not
    /// matter.
    fn check_silence(&mut self, now: Instant, poller: &Poller) -> Option<Instant> {
        while self.is_waited_for()
            && let Some(action) = self.link.handle_timeout(now, true)
        {
            match action {
                LivenessAction::Wait(until) => return Some(until),
                LivenessAction::Ask => {
                    // If there is no room, the server does not read: the next check counts on.
                    let _ = self.dealer.send(DIALECT.ping(NO_ID));
                    self.service(poller);
                }
                LivenessAction::Dead(silence) => {
                    log::line!(warn, ; "a server shows no sign of life, its connection is renewed");
                    self.give_up(&NoReply::Silent(silence), poller);
                    self.service(poller);
                }
            }
        }
        None
    }

    /// Returns whether calls wait for replies, or, while the server drains, for the connection to end.
    fn is_waited_for(&self) -> bool {
        let elsewhere = if self.link.is_draining() {
            0
        } else {
            self.queue.len()
        };
        self.link.is_up() && self.calls.len() > elsewhere
    }
}
