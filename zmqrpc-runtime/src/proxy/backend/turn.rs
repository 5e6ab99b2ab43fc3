//! One pass of the proxy's event loop over its backend: receives replies, sends waiting requests, expires calls and
//! checks the targets' liveness.

use std::time::{Duration, Instant};

use super::Backend;
use super::outcomes::{CallSink, CountedOutcomes, explain};
use crate::connection::{Arrivals, LivenessAction, NoReply};
use crate::log;
use crate::socket::{POLL_INTERVAL, RETRY_INTERVAL, Requester, SocketError};

/// How often the monitors are read while the loop is too busy to wait for their signals.
const MONITOR_INTERVAL: Duration = Duration::from_millis(10);

impl<O, S: Requester> Backend<O, S> {
    /// Receives what has arrived, sends waiting requests, expires calls. Returns when no socket makes progress; the caller
    /// may wait then unless the backend [needs a drain](Self::needs_drain).
    pub(in crate::proxy) fn serve(
        &mut self,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) -> Result<(), SocketError> {
        if now.saturating_duration_since(self.monitors_checked_at) >= MONITOR_INTERVAL {
            self.monitors_checked_at = now;
            for target in &mut self.targets.0 {
                target.socket.expect_events();
                target.needs_drain = true;
            }
        }
        // A send, even a failed one, can consume the signal that a message has arrived, and a receive the signal that a
        // queue has room. So the loop repeats until nothing moves, and its last operation is always a receive.
        let (mut is_full, mut is_first) = (false, true);
        loop {
            let (mut arrived, mut unread) = (false, false);
            for at in 0..self.targets.0.len() {
                let mut heard = false;
                if std::mem::take(&mut self.targets.0[at].needs_drain) {
                    heard = self.drain_target(at, now, callers)?;
                    unread |= self.targets.0[at].needs_drain;
                }
                arrived |= heard;
                // Only once: a send that fails marks the socket for another drain, and the loop would not end.
                if is_first || heard {
                    self.calls.acknowledge_draining(at, &mut self.targets);
                }
                self.check_liveness(at, now, callers);
            }
            is_first = false;
            self.expire_calls(now, callers);
            if !is_full || arrived {
                is_full = !self.send_waiting(now, callers);
            }
            // A target that never stops sending must not starve the rest of the proxy.
            if unread || !self.needs_drain() {
                return Ok(());
            }
        }
    }

    /// Returns whether a socket was used since its last drain, so that waiting on it could miss a message.
    pub(in crate::proxy) fn needs_drain(&self) -> bool {
        self.targets.0.iter().any(|target| target.needs_drain)
    }

    /// Marks for draining the sockets that have signalled since the last wait, and those that cannot signal.
    pub(in crate::proxy) fn after_wait(&mut self) {
        for target in &mut self.targets.0 {
            let must_poll = target.socket.is_inproc() || target.socket.needs_polling();
            target.needs_drain |= target.socket.take_ready() || must_poll;
        }
    }

    fn drain_target(
        &mut self,
        at: usize,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) -> Result<bool, SocketError> {
        let mut arrivals = Arrivals::default();
        let (calls, mut outcomes) = (
            &mut self.calls,
            CountedOutcomes {
                callers,
                counters: &self.counters,
                lookup: None,
            },
        );
        let drained = self.targets.0[at].socket.drain(|event| {
            calls.handle_event(at, event, &mut arrivals, &mut outcomes);
        })?;
        self.targets.0[at].needs_drain |= !drained;
        let arrived = arrivals.any();
        if let Some(reason) = arrivals.refusal() {
            log::line!(warn, reason = log::text(explain(reason)); "a proxy cannot use a target");
        }
        let lost = calls.settle(at, arrivals, now, &mut self.targets, &mut outcomes);
        if let Some(reason) = lost {
            self.replace(at, &reason, now, callers);
        }
        Ok(arrived)
    }

    /// Reconnects when that is due, and checks the target's liveness.
    fn check_liveness(&mut self, at: usize, now: Instant, callers: &mut impl CallSink<O>) {
        let target = &mut self.targets.0[at];
        if target.reconnect_at.is_some_and(|due| due <= now) {
            target.reconnect(now);
            self.calls.hear(at, now);
        }
        if let Some(LivenessAction::Dead(silence)) =
            self.calls.check_link(at, now, &mut self.targets)
        {
            log::line!(warn, ; "a proxy's target shows no sign of life; the proxy reconnects");
            self.counters.renewals.increment();
            self.replace(at, &NoReply::Silent(silence), now, callers);
        }
    }

    /// Replaces the connection to a target by a new one, and fails the calls that were sent over it.
    fn replace(
        &mut self,
        at: usize,
        reason: &NoReply,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) {
        self.targets.0[at].reconnect(now);
        let mut outcomes = CountedOutcomes {
            callers,
            counters: &self.counters,
            lookup: None,
        };
        self.calls.handle_replaced(at, reason, now, &mut outcomes);
    }

    /// Sends the requests that wait. Returns `false` if some are left that no socket has room for.
    fn send_waiting(&mut self, now: Instant, callers: &mut impl CallSink<O>) -> bool {
        let mut outcomes = CountedOutcomes {
            callers,
            counters: &self.counters,
            lookup: None,
        };
        self.calls
            .send_waiting(now, &mut self.targets, &mut outcomes);
        !self.waits_for_room()
    }

    /// Returns whether requests wait although a target is connected, because no socket has room for them.
    fn waits_for_room(&self) -> bool {
        self.calls.has_waiting() && self.is_up()
    }

    fn expire_calls(&mut self, now: Instant, callers: &mut impl CallSink<O>) {
        if self.calls.next_expiry().is_none_or(|due| due > now) {
            return;
        }
        let mut targets = self.targets.0.iter();
        let mut outcomes = CountedOutcomes {
            callers,
            counters: &self.counters,
            lookup: targets.find_map(|target| target.socket.resolve_failure()),
        };
        self.calls.expire(now, &mut self.targets, &mut outcomes);
    }

    /// Returns when to run again even if no socket signals.
    pub(in crate::proxy) fn due(&self, now: Instant) -> Option<Instant> {
        let mut next = self.calls.next_expiry();
        let mut add = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        if self.calls.lacks_room() {
            add(now + RETRY_INTERVAL);
        }
        for (at, target) in self.targets.0.iter().enumerate() {
            let times = [
                target.reconnect_at,
                self.calls.link_timeout(at, now),
                target.socket.due(),
            ];
            times.into_iter().flatten().for_each(&mut add);
            // No event reports that a draining target within the process has gone.
            let leaves = self.calls.link(at).is_draining() && target.socket.is_inproc();
            let comes = target.socket.needs_polling() && self.calls.has_waiting();
            if leaves || comes {
                add(now + POLL_INTERVAL);
            }
        }
        next
    }
}
