//! Looks whether a connection's server still lives, and makes another connection where it does not.

use super::DIALECT;
use super::in_flight::NoReply;
use super::state::ConnectionState;
use crate::clock::Instant;
use crate::connection::LivenessAction;
use crate::dialect::NO_ID;
use crate::log;
use crate::socket::{POLL_INTERVAL, Poller, RETRY_INTERVAL};

impl ConnectionState {
    /// Fails what was handed over, and makes another connection for the rest.
    pub(super) fn give_up(&mut self, reason: &NoReply, poller: &Poller) {
        self.link.handle_down();
        self.oneway.lose_connection();
        self.renewals += 1;
        self.fail(|call| call.written || call.options.ping, reason, poller);
        if let Err(error) = self.dealer.reconnect() {
            self.fail(|_| true, &NoReply::Broken(error), poller);
        }
        self.link.hear(Instant::now());
        self.call_driver();
    }

    /// Looks whether the server still lives, while somebody waits for it. Answers when to look again.
    pub(super) fn check_pulse(&mut self, now: Instant, poller: &Poller) -> Option<Instant> {
        let next = self.judge(now, poller);
        let retry = self.lacks_room().then(|| now + RETRY_INTERVAL);
        // Nor does anything tell that an `inproc` server goes, which is not pinged any more.
        let leaves = self.link.is_draining() && self.dealer.is_inproc() && self.calls.len() > 0;
        let comes = self.dealer.needs_polling() && !self.queue.is_empty() && !self.takes_calls();
        let look = (leaves || comes).then(|| now + POLL_INTERVAL);
        [next, retry, look].into_iter().flatten().min()
    }

    /// Answers when the server is to be asked for a sign of life, or taken for dead.
    fn judge(&mut self, now: Instant, poller: &Poller) -> Option<Instant> {
        while self.is_waited_for()
            && let Some(action) = self.link.handle_timeout(now, true)
        {
            match action {
                LivenessAction::Wait(until) => return Some(until),
                LivenessAction::Ask => {
                    // Full is silent enough: the next look finds out.
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

    /// Whether calls are under way there; or wait for the connection to end, where the server has said that it ends.
    fn is_waited_for(&self) -> bool {
        let elsewhere = if self.link.is_draining() {
            0
        } else {
            self.queue.len()
        };
        self.link.is_up() && self.calls.len() > elsewhere
    }
}
