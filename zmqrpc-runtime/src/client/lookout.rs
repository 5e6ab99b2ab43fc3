//! Looks whether a link's server still lives, and makes another connection where it does not.

use std::time::{Duration, Instant};

use super::core::Core;
use super::pulse::Beat;
use super::standing::Standing;
use super::table::Loss;
use crate::log;
use crate::socket::{Message, Waiter};
use crate::wire::{NO_ID, encode_ping};

/// How often a request that the socket has no room for is tried again, whatever the socket signals: the last receive
/// before the wait may have taken the signal.
const RETRY: Duration = Duration::from_millis(10);

/// How often a server is looked for whose coming nothing tells.
const LOOK: Duration = Duration::from_millis(20);

impl Core {
    /// Fails what was handed over, and makes another connection for the rest.
    pub(super) fn give_up(&mut self, loss: &Loss, waiter: &Waiter) {
        (self.up, self.standing) = (false, Standing::default());
        self.oneway.lose_connection();
        self.renewals += 1;
        self.fail(|call| call.written || call.manner.ping, loss, waiter);
        if let Err(error) = self.dealer.renew() {
            self.fail(|_| true, &Loss::Broken(error), waiter);
        }
        self.pulse.hear(Instant::now());
        self.call_driver();
    }

    /// Looks whether the server still lives, while calls are under way. Answers when to look again.
    pub(super) fn check_pulse(&mut self, now: Instant, waiter: &Waiter) -> Option<Instant> {
        while self.takes_calls() && self.table.len() > self.queue.len() {
            match self.pulse.check(now) {
                Beat::Wait(until) if self.lacks_room() => return Some(until.min(now + RETRY)),
                Beat::Wait(until) => return Some(until),
                Beat::Ask => {
                    // Full is silent enough: the next look finds out.
                    let _ = self.dealer.send(Message::copy_of(&encode_ping(NO_ID)));
                    self.service(waiter);
                }
                Beat::Dead => {
                    log::line!(warn, ; "a server shows no sign of life, its connection is renewed");
                    self.give_up(&Loss::Silent(self.pulse.limit()), waiter);
                    self.service(waiter);
                }
            }
        }
        if self.lacks_room() {
            return Some(now + RETRY);
        }
        // Nor does anything tell that an `inproc` server goes, which is not pinged any more.
        let leaves = !self.standing.is_open() && self.dealer.is_inproc() && self.table.len() > 0;
        (leaves || self.dealer.must_look() && !self.queue.is_empty()).then(|| now + LOOK)
    }
}
