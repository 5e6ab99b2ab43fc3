//! A call that runs, and the `Working` frames that its caller gets meanwhile.

use std::time::{Duration, Instant};

use crate::dialect::{Outbound, OutboundFrame, ReplyTo};
use crate::socket::Route;

/// How often a caller is told that its call still runs. This is also how a server learns that a caller has gone, since
/// a ROUTER reports that only on a send.
pub(super) const WORKING_INTERVAL: Duration = Duration::from_secs(1);

/// A call that runs, as its caller knows it.
pub(super) struct RunningCall {
    pub(super) route: Route,
    pub(super) to: ReplyTo,
    pub(super) wants_reply: bool,
    pub(super) started: Instant,
    pub(super) working_sent: u32,
    /// The caller has cancelled the call or has gone.
    pub(super) cancelled: bool,
    /// The call came out of a proxy's queue. It runs to its end even if nobody waits, since the proxy would deliver it
    /// again.
    pub(super) is_delivery: bool,
}

impl RunningCall {
    pub(super) fn next_working(&self) -> Instant {
        self.started + WORKING_INTERVAL * (self.working_sent + 1)
    }

    /// Returns a `Working` frame if one is due.
    pub(super) fn take_working(&mut self, now: Instant) -> Option<OutboundFrame> {
        if now < self.next_working() {
            return None;
        }
        self.working_sent += 1;
        // A REQ socket would take it for the reply.
        if self.cancelled || !self.wants_reply || self.route.ends_with_delimiter() {
            return None;
        }
        let working = self.to.encode(Outbound::Working);
        Some(OutboundFrame::ending_none(self.route.clone(), working))
    }
}
