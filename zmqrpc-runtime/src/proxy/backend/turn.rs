//! One pass of the proxy's event loop over its backend: receives replies, sends waiting requests, expires calls and
//! checks the targets' liveness.

use std::time::{Duration, Instant};

use super::calls::{CallStage, ForwardedCall, Redirect};
use super::connection::{BackendConnection, send};
use super::events::{
    BackendEvent, CallSink, LOST, SILENT, UNANSWERED, UNCONNECTED, fail_sent, failure, receive,
};
use super::{Backend, update_remaining};
use crate::connection::LivenessAction;
use crate::dialect::NO_ID;
use crate::log;
use crate::proxy::DIALECT;
use crate::socket::{ConnectionEvent, POLL_INTERVAL, RETRY_INTERVAL, Requester, SocketError};
use crate::wire::{Executed, Status};

const FOREIGN: &str = "the proxy's target does not speak ZeroMQ";
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
            for connection in &mut self.connections {
                connection.socket.expect_events();
                connection.needs_drain = true;
            }
        }
        // A send, even a failed one, can consume the signal that a message has arrived, and a receive the signal that a
        // queue has room. So the loop repeats until nothing moves, and its last operation is always a receive.
        let (mut is_full, mut is_first) = (false, true);
        loop {
            let (mut arrived, mut unread) = (false, false);
            for at in 0..self.connections.len() {
                let mut heard = false;
                if std::mem::take(&mut self.connections[at].needs_drain) {
                    heard = self.drain_connection(at, now, callers)?;
                    unread |= self.connections[at].needs_drain;
                }
                arrived |= heard;
                // Only once: a send that fails marks the socket for another drain, and the loop would not end.
                if is_first || heard {
                    self.connections[at].answer_draining();
                }
                self.check_liveness(at, now, callers);
            }
            is_first = false;
            self.expire_calls(now, callers);
            if !is_full || arrived {
                is_full = !self.send_waiting(now);
            }
            // A target that never stops sending must not starve the rest of the proxy.
            if unread || !self.needs_drain() {
                return Ok(());
            }
        }
    }

    /// Returns whether a socket was used since its last drain, so that waiting on it could miss a message.
    pub(in crate::proxy) fn needs_drain(&self) -> bool {
        self.connections
            .iter()
            .any(|connection| connection.needs_drain)
    }

    /// Marks for draining the sockets that have signalled since the last wait, and those that cannot signal.
    pub(in crate::proxy) fn after_wait(&mut self) {
        for connection in &mut self.connections {
            let must_poll = connection.socket.is_inproc() || connection.socket.needs_polling();
            connection.needs_drain |= connection.socket.take_ready() || must_poll;
        }
    }

    fn drain_connection(
        &mut self,
        at: usize,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) -> Result<bool, SocketError> {
        let (mut arrived, mut heard, mut cut, mut rejected) = (false, false, false, None);
        let mut rejections = Vec::new();
        let Self {
            connections,
            calls,
            counters,
            ..
        } = self;
        let alone = connections.len() == 1;
        let BackendConnection {
            socket,
            link,
            in_flight,
            ..
        } = &mut connections[at];
        let drained = socket.drain(|event| {
            arrived = true;
            match event {
                ConnectionEvent::Received(message) => {
                    heard = true;
                    match receive(calls, at, link, in_flight, message, callers) {
                        BackendEvent::Expected => {}
                        BackendEvent::Unexpected => counters.late.increment(),
                        BackendEvent::Rejection(id, redirect, reply) => {
                            rejections.push((id, redirect, reply));
                        }
                    }
                }
                ConnectionEvent::Up => {
                    link.handle_up();
                    heard = true;
                }
                ConnectionEvent::Down => {
                    link.handle_down();
                    *in_flight = 0;
                    fail_sent(calls, at, LOST, counters, callers);
                }
                ConnectionEvent::Abandoned => cut = true,
                ConnectionEvent::NotZmtp => rejected = Some(FOREIGN.to_owned()),
                ConnectionEvent::LoginRefused(failure) => {
                    let reason = failure.reason();
                    rejected = Some(format!("the proxy's target rejects its login: {reason}"));
                }
            }
        })?;
        if heard {
            link.hear(now);
        }
        for (id, redirect, reply) in rejections {
            if !self.redirect(at, id, *redirect, now)
                && let Some(call) = self.calls.take(id)
            {
                callers.answered(call.origin, reply);
            }
        }
        self.connections[at].needs_drain |= !drained;
        if cut {
            self.replace_connection(at, LOST, now, callers);
        }
        if let Some(reason) = rejected {
            log::line!(warn, reason = log::text(&reason); "a proxy cannot use a target");
            let failed =
                |connection: &BackendConnection<S>| connection.socket.login_failure().is_some();
            if alone || self.connections.iter().all(failed) {
                let failure = failure(Status::Unavailable, &reason, Executed::No);
                self.fail_waiting(&failure, callers);
            }
        }
        Ok(arrived)
    }

    /// Sends a call that a target rejected unexecuted to another connected target that has not rejected it yet. Returns
    /// `false` if there is none, so that the rejection is the call's outcome. If every target that rejected the call is
    /// draining or disconnected, the call waits for the next connection instead.
    fn redirect(&mut self, at: usize, id: u64, redirect: Redirect, now: Instant) -> bool {
        let Redirect {
            mut request,
            mut rejected_by,
        } = redirect;
        let Some(call) = self.calls.get(id) else {
            return false;
        };
        if self.updates_remaining {
            update_remaining(&mut request, call.deadline, now);
        }
        rejected_by.push(at);
        let copy = request.clone();
        let stage = match send(
            &mut self.connections,
            &mut self.next_connection,
            &rejected_by,
            request,
            now,
        ) {
            Ok(connection) => {
                self.connections[connection].in_flight += 1;
                self.counters.forwarded.increment();
                let redirect = Redirect {
                    request: copy,
                    rejected_by,
                };
                let redirect = Some(Box::new(redirect));
                CallStage::Sent {
                    connection,
                    redirect,
                }
            }
            // A target that rejected the call and still takes calls would get it again.
            Err(request)
                if !rejected_by
                    .iter()
                    .any(|at| self.connections[*at].takes_calls()) =>
            {
                let until = now + self.limits.connect_timeout;
                CallStage::Waiting { request, until }
            }
            Err(_) => return false,
        };
        self.calls.set_stage(id, stage);
        true
    }

    /// Reconnects when that is due, and checks the target's liveness.
    fn check_liveness(&mut self, at: usize, now: Instant, callers: &mut impl CallSink<O>) {
        let connection = &mut self.connections[at];
        if connection.reconnect_at.is_some_and(|due| due <= now) {
            connection.reconnect(now);
        }
        let calls_wait = connection.in_flight > 0;
        match connection.link.handle_timeout(now, calls_wait) {
            None | Some(LivenessAction::Wait(_)) => {}
            Some(LivenessAction::Ask) => connection.try_send(DIALECT.ping(NO_ID)),
            Some(LivenessAction::Dead(_)) => {
                log::line!(warn, ; "a proxy's target shows no sign of life; the proxy reconnects");
                self.counters.renewals.increment();
                self.replace_connection(at, SILENT, now, callers);
            }
        }
    }

    /// Replaces a connection by a new one and fails the calls that were sent over it.
    fn replace_connection(
        &mut self,
        at: usize,
        reason: &'static str,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) {
        let connection = &mut self.connections[at];
        connection.in_flight = 0;
        connection.reconnect(now);
        fail_sent(&mut self.calls, at, reason, &self.counters, callers);
    }

    /// Sends the requests that wait. Returns `false` if some are left that no socket has room for.
    fn send_waiting(&mut self, now: Instant) -> bool {
        let Self {
            connections,
            next_connection,
            calls,
            limits,
            counters,
            updates_remaining,
            ..
        } = self;
        let several = connections.len() > 1;
        let mut free_bytes = limits.waiting_bytes.saturating_sub(calls.redirect_bytes());
        while let Some(id) = calls.send_next(|mut request, call| {
            if *updates_remaining {
                update_remaining(&mut request, call.deadline, now);
            }
            let may_redirect = call.wants_reply && several && request.len() <= free_bytes;
            let redirect = may_redirect.then(|| Box::new(Redirect::of(&request)));
            let connection = send(connections, next_connection, &[], request, now)?;
            free_bytes -= redirect
                .as_ref()
                .map_or(0, |redirect| redirect.request.len());
            Ok(CallStage::Sent {
                connection,
                redirect,
            })
        }) {
            counters.forwarded.increment();
            match calls.get(id) {
                Some(ForwardedCall {
                    wants_reply: true,
                    stage: CallStage::Sent { connection, .. },
                    ..
                }) => connections[*connection].in_flight += 1,
                _ => drop(calls.take(id)),
            }
        }
        !self.waits_for_room()
    }

    /// Returns whether requests wait although a target is connected, because no socket has room for them.
    fn waits_for_room(&self) -> bool {
        self.calls.has_waiting() && self.is_up()
    }

    fn expire_calls(&mut self, now: Instant, callers: &mut impl CallSink<O>) {
        while let Some((_, call)) = self.calls.expire(now) {
            let late = call.deadline.is_some_and(|deadline| deadline <= now);
            if late {
                self.counters.expired.increment();
            }
            let failure = match call.stage {
                CallStage::Sent { connection, .. } => {
                    self.connections[connection].in_flight -= 1;
                    failure(Status::Expired, UNANSWERED, Executed::Maybe)
                }
                CallStage::Waiting { .. } | CallStage::Rejected => {
                    let status = if late {
                        Status::Expired
                    } else {
                        Status::Unavailable
                    };
                    let mut causes = self
                        .connections
                        .iter()
                        .map(|connection| connection.socket.resolve_failure());
                    let reason = match causes.find_map(|cause| cause) {
                        Some(cause) => format!("{UNCONNECTED}: {cause}"),
                        None => UNCONNECTED.to_owned(),
                    };
                    failure(status, &reason, Executed::No)
                }
            };
            callers.failed(call.origin, failure);
        }
    }

    /// Returns when to run again even if no socket signals.
    pub(in crate::proxy) fn due(&self, now: Instant) -> Option<Instant> {
        let mut next = self.calls.next_timer();
        let mut add = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        if self.waits_for_room() {
            add(now + RETRY_INTERVAL);
        }
        for connection in &self.connections {
            if let Some(at) = connection.reconnect_at {
                add(at);
            }
            if connection.link.owed_ping().is_some() {
                add(now + RETRY_INTERVAL);
            }
            // No event reports that a draining target within the process has gone.
            if connection.link.is_draining() && connection.socket.is_inproc() {
                add(now + POLL_INTERVAL);
            }
            let calls_wait = connection.in_flight > 0;
            if let Some(at) = connection.link.poll_timeout(now, calls_wait) {
                add(at);
            }
            if let Some(at) = connection.socket.due() {
                add(at);
            }
            if connection.socket.needs_polling() && self.calls.has_waiting() {
                add(now + POLL_INTERVAL);
            }
        }
        next
    }
}
