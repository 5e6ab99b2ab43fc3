//! A call that runs, and the signs of it that its caller gets.

use std::time::{Duration, Instant};

use crate::command::reply_frame;
use crate::socket::{Route, RoutedMessage};
use crate::wire::ReplyBody;

/// After this time, and again after each further one, a caller is told that its call still runs. It is also how a
/// server learns that a caller has gone: a ROUTER reports that only to who sends.
pub(super) const WORKING: Duration = Duration::from_secs(1);

/// A call that runs, as its caller knows it.
pub(super) struct RunningCall {
    pub(super) route: Route,
    pub(super) id: u64,
    pub(super) wants_reply: bool,
    pub(super) since: Instant,
    pub(super) told: u32,
    /// Its caller does not wait any more.
    pub(super) given_up: bool,
    /// It came out of a queue, and would come again if it were broken off: it goes on to its end, whoever waits.
    pub(super) delivery: bool,
}

impl RunningCall {
    pub(super) fn next_sign(&self) -> Instant {
        self.since + WORKING * (self.told + 1)
    }

    /// The sign that the call still runs, if one is due.
    pub(super) fn still_working(&mut self, now: Instant) -> Option<RoutedMessage> {
        if now < self.next_sign() {
            return None;
        }
        self.told += 1;
        // A REQ socket takes the first message that comes for the reply.
        if self.given_up || !self.wants_reply || self.route.ends_with_delimiter() {
            return None;
        }
        Some(RoutedMessage {
            route: self.route.clone(),
            message: reply_frame(self.id, ReplyBody::Working),
        })
    }
}
