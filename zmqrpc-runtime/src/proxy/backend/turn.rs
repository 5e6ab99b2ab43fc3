//! A turn of a target: what has arrived is taken in, what waits is handed over, what is over ends.

use std::time::{Duration, Instant};

use super::calls::{CallStage, ForwardedCall, Redirect};
use super::connection::{BackendConnection, send};
use super::events::{
    BackendEvent, CallSink, LOST, SILENT, UNANSWERED, UNCONNECTED, lose, receive, refusal,
};
use super::{Backend, shorten};
use crate::client::{DrainState, LivenessAction};
use crate::log;
use crate::socket::{ConnectionEvent, POLL_INTERVAL, RETRY_INTERVAL, SocketError};
use crate::wire::{Executed, NO_ID, Status, encode_ping};

const FOREIGN: &str = "the proxy's target does not speak ZeroMQ";
/// How often the monitors are asked while there is never time to wait for them.
const NEWS: Duration = Duration::from_millis(10);
impl<O> Backend<O> {
    /// Takes in what has arrived, hands over what can be, ends what is over. Returns when nothing moves; then every
    /// socket may be waited on that is not [used](Self::is_used).
    pub(in crate::proxy) fn serve(
        &mut self,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) -> Result<(), SocketError> {
        if now.saturating_duration_since(self.looked) >= NEWS {
            self.looked = now;
            for connection in &mut self.connections {
                connection.poller.set_monitor_pending();
                connection.used = true;
            }
        }
        // A send can swallow the signal of an arrival, one that fails too, and a receive the signal of new room. So one
        // pass is not enough, and the last operation is a receive in any case.
        let mut refused = false;
        loop {
            let (mut arrived, mut behind) = (false, false);
            for at in 0..self.connections.len() {
                if std::mem::take(&mut self.connections[at].used) {
                    arrived |= self.drain(at, now, callers)?;
                    behind |= self.connections[at].used;
                }
                self.check(at, now, callers);
            }
            self.expire(now, callers);
            if !refused || arrived {
                refused = !self.hand_over(now);
            }
            // A target that never stops sending does not keep the proxy from everything else.
            if behind || !self.is_used() {
                return Ok(());
            }
        }
    }

    /// Whether a socket was used since it was drained.
    pub(in crate::proxy) fn is_used(&self) -> bool {
        self.connections.iter().any(|connection| connection.used)
    }

    /// Somebody has waited: the sockets are looked at that have something, and those that nothing tells of.
    pub(in crate::proxy) fn wake(&mut self) {
        for connection in &mut self.connections {
            let must_look = connection.dealer.is_inproc() || connection.dealer.needs_polling();
            connection.used |= connection.poller.take_ready() || must_look;
        }
    }

    fn drain(
        &mut self,
        at: usize,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) -> Result<bool, SocketError> {
        let (mut arrived, mut heard, mut cut, mut refused) = (false, false, false, None);
        let mut refusals = Vec::new();
        let Self {
            connections,
            calls,
            counters,
            ..
        } = self;
        let alone = connections.len() == 1;
        let BackendConnection {
            dealer,
            up,
            drain,
            in_flight,
            liveness,
            ..
        } = &mut connections[at];
        let drained = dealer.drain(|event| {
            arrived = true;
            match event {
                ConnectionEvent::Received(message) => {
                    heard = true;
                    match receive(calls, at, in_flight, message, callers) {
                        BackendEvent::Expected => {}
                        BackendEvent::Unexpected => counters.late.increment(),
                        BackendEvent::Refusal(id, again, reply) => {
                            refusals.push((id, again, reply));
                        }
                        BackendEvent::Draining(id) => {
                            drain.hear(id);
                        }
                    }
                }
                ConnectionEvent::Up => (*up, *drain, heard) = (true, DrainState::default(), true),
                ConnectionEvent::Down => {
                    (*up, *drain, *in_flight) = (false, DrainState::default(), 0);
                    lose(calls, at, LOST, counters, callers);
                }
                ConnectionEvent::Abandoned => cut = true,
                ConnectionEvent::NotZmtp => refused = Some(FOREIGN.to_owned()),
                ConnectionEvent::LoginRefused(denial) => {
                    let reason = denial.reason();
                    refused = Some(format!("the proxy's target does not let it in: {reason}"));
                }
            }
        })?;
        if heard {
            liveness.hear(now);
        }
        for (id, again, reply) in refusals {
            if !self.turn_elsewhere(at, id, *again, now)
                && let Some(call) = self.calls.take(id)
            {
                callers.answered(call.origin, reply);
            }
        }
        self.connections[at].used |= !drained;
        if cut {
            self.give_up(at, LOST, now, callers);
        }
        if let Some(reason) = refused {
            log::line!(warn, reason = log::text(&reason); "a proxy has no target");
            let denied =
                |connection: &BackendConnection| connection.dealer.login_failure().is_some();
            if alone || self.connections.iter().all(denied) {
                let failure = refusal(Status::Unavailable, &reason, Executed::No);
                self.fail_waiting(&failure, callers);
            }
        }
        Ok(arrived)
    }

    /// A target has refused a call, which was surely not executed: another one gets it that is connected and has not
    /// refused it. Where there is none, the refusal counts, and `false` is answered; unless all that have refused it end,
    /// and the next one may come in time.
    fn turn_elsewhere(&mut self, at: usize, id: u64, again: Redirect, now: Instant) -> bool {
        let Redirect {
            mut request,
            mut refused,
        } = again;
        let Some(call) = self.calls.get(id) else {
            return false;
        };
        if self.counts_down {
            shorten(&mut request, call.deadline, now);
        }
        refused.push(at);
        let copy = request.clone();
        let stage = match send(
            &mut self.connections,
            &mut self.turn,
            &refused,
            request,
            now,
        ) {
            Ok(connection) => {
                self.connections[connection].in_flight += 1;
                self.counters.forwarded.increment();
                let again = Redirect {
                    request: copy,
                    refused,
                };
                let again = Some(Box::new(again));
                CallStage::Sent { connection, again }
            }
            // Whoever refused it and is there still would get it again.
            Err(request) if !refused.iter().any(|at| self.connections[*at].takes_calls()) => {
                let until = now + self.bounds.connect_timeout;
                CallStage::Waiting { request, until }
            }
            Err(_) => return false,
        };
        self.calls.restart(id, stage);
        true
    }

    /// Looks whether a target still lives.
    fn check(&mut self, at: usize, now: Instant, callers: &mut impl CallSink<O>) {
        let connection = &mut self.connections[at];
        connection.answer();
        if connection.renew_at.is_some_and(|due| due <= now) {
            connection.renew(now);
        }
        let mut liveness = connection.liveness;
        let beat = connection.judge(&mut liveness, now);
        connection.liveness = liveness;
        match beat {
            None | Some(LivenessAction::Wait(_)) => {}
            Some(LivenessAction::Ask) => connection.tell(&encode_ping(NO_ID)),
            Some(LivenessAction::Dead(_)) => {
                log::line!(warn, ; "a proxy's target shows no sign of life, the connection is renewed");
                self.counters.renewals.increment();
                self.give_up(at, SILENT, now, callers);
            }
        }
    }

    fn give_up(
        &mut self,
        at: usize,
        reason: &'static str,
        now: Instant,
        callers: &mut impl CallSink<O>,
    ) {
        let connection = &mut self.connections[at];
        connection.in_flight = 0;
        connection.renew(now);
        lose(&mut self.calls, at, reason, &self.counters, callers);
    }

    /// `false` if something is left that no socket has room for.
    fn hand_over(&mut self, now: Instant) -> bool {
        let Self {
            connections,
            turn,
            calls,
            bounds,
            counters,
            counts_down,
            ..
        } = self;
        let several = connections.len() > 1;
        let mut left = bounds.waiting_bytes.saturating_sub(calls.kept_bytes());
        while let Some(id) = calls.send_next(|mut request, call| {
            if *counts_down {
                shorten(&mut request, call.deadline, now);
            }
            let kept = call.wants_reply && several && request.len() <= left;
            let again = kept.then(|| Box::new(Redirect::of(&request)));
            let connection = send(connections, turn, &[], request, now)?;
            left -= again.as_ref().map_or(0, |again| again.request.len());
            Ok(CallStage::Sent { connection, again })
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
        !self.lacks_room()
    }

    /// Requests wait although there is a connection: no socket has room for them.
    fn lacks_room(&self) -> bool {
        self.calls.has_waiting() && self.is_up()
    }

    fn expire(&mut self, now: Instant, callers: &mut impl CallSink<O>) {
        while let Some((_, call)) = self.calls.expire(now) {
            let late = call.deadline.is_some_and(|deadline| deadline <= now);
            if late {
                self.counters.expired.increment();
            }
            let failure = match call.stage {
                CallStage::Sent { connection, .. } => {
                    self.connections[connection].in_flight -= 1;
                    refusal(Status::Expired, UNANSWERED, Executed::Maybe)
                }
                CallStage::Waiting { .. } | CallStage::Refused => {
                    let status = if late {
                        Status::Expired
                    } else {
                        Status::Unavailable
                    };
                    let mut obstacles = self
                        .connections
                        .iter()
                        .map(|connection| connection.dealer.resolve_failure());
                    let reason = match obstacles.find_map(|obstacle| obstacle) {
                        Some(obstacle) => format!("{UNCONNECTED}: {obstacle}"),
                        None => UNCONNECTED.to_owned(),
                    };
                    refusal(status, &reason, Executed::No)
                }
            };
            callers.failed(call.origin, failure);
        }
    }

    /// When to look again although nothing has happened.
    pub(in crate::proxy) fn next_look(&self, now: Instant) -> Option<Instant> {
        let mut next = self.calls.next_alarm();
        let mut add = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        if self.lacks_room() {
            add(now + RETRY_INTERVAL);
        }
        for connection in &self.connections {
            if let Some(at) = connection.renew_at {
                add(at);
            }
            if connection.drain.owed().is_some() {
                add(now + RETRY_INTERVAL);
            }
            // Nothing tells that one that ends has gone, where it is within the process.
            if !connection.drain.is_open() && connection.dealer.is_inproc() {
                add(now + POLL_INTERVAL);
            }
            // A copy: asking changes what it answers next.
            match connection.judge(&mut { connection.liveness }, now) {
                Some(LivenessAction::Wait(until)) => add(until),
                Some(LivenessAction::Ask | LivenessAction::Dead(_)) => add(now),
                None => {}
            }
            if let Some(at) = connection.dealer.due() {
                add(at);
            }
            if connection.dealer.needs_polling() && self.calls.has_waiting() {
                add(now + POLL_INTERVAL);
            }
        }
        next
    }
}
