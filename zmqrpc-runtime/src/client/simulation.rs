//! A client's connection and its server in simulated time. Tasks wait for its calls, whose wakers do nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::DIALECT;
use super::state::{CallLimits, CallOptions, ConnectionState, LINK};
use super::waiter::Waiter;
use crate::clock::Instant;
use crate::codec::Codec;
use crate::connection::{CallKind, DeliveryCheck, DeliveryOutcome, Liveness, NoReply};
use crate::dialect::{MethodRef, NO_ID};
use crate::simulation::{
    Driver, Ending, Ends, NewRequest, ScriptedPeer, SimulatedSocket, WorldRules, meet,
    meet_broken_at_each_step,
};
use crate::socket::{DriveTurn, Poller};
use crate::wire::Executed;

pub(crate) struct SimulatedClient {
    state: ConnectionState<SimulatedSocket>,
    limits: CallLimits,
    connect_timeout: Duration,
    /// The numbers of calls in their world, by id.
    calls: HashMap<u64, u64>,
    next_turn: DriveTurn,
    /// The notifications that were sent, unless some were lost behind them.
    notifications: Vec<u64>,
    flush: Option<Flush>,
}

/// A flush that is under way: it is about so many of the notifications.
struct Flush {
    check: DeliveryCheck,
    notifications: usize,
    ping: Option<u64>,
}

impl SimulatedClient {
    pub(crate) fn new(mut sockets: Vec<SimulatedSocket>, rules: &WorldRules, now: Instant) -> Self {
        let limits = CallLimits {
            calls: rules.max_calls,
            queued_bytes: rules.max_queued_bytes,
        };
        let poller = Arc::new(Poller::of_nothing());
        let socket = sockets.remove(0);
        Self {
            state: ConnectionState::new(socket, poller, limits, Liveness::new(rules.ping, now)),
            limits,
            connect_timeout: rules.connect_timeout,
            calls: HashMap::new(),
            next_turn: DriveTurn::Idle,
            notifications: Vec::new(),
            flush: None,
        }
    }

    fn wait(&mut self, id: u64, deadline: Instant, now: Instant) {
        self.state
            .set_waiter(id, Waiter::Task(Waker::noop().clone()));
        let connected_by = deadline.min(now + self.connect_timeout);
        self.state.calls.set_deadline(id, deadline, connected_by);
    }

    fn end_flush(&mut self, now: Instant, ends: &Ends<'_>) {
        let Some(Flush {
            check,
            notifications,
            ping,
        }) = self.flush
        else {
            return;
        };
        let has_ended = ping.is_none_or(|id| self.state.take(id).is_some());
        let tracker = self.state.calls.notifications(LINK);
        match tracker.outcome(check) {
            DeliveryOutcome::Arrived => ends.have_arrived(&self.notifications[..notifications]),
            DeliveryOutcome::Doubtful => {
                tracker.mark_reported(check);
                // Which of them are in doubt only the tracker knows.
                self.notifications.clear();
            }
            DeliveryOutcome::Unknown if has_ended => {}
            DeliveryOutcome::Unknown => return,
        }
        if let Some(id) = ping.filter(|_| !has_ended) {
            self.state.forget(id, now);
        }
        self.flush = None;
    }
}

impl Driver for SimulatedClient {
    fn begin(&mut self, request: NewRequest, now: Instant) -> Option<u64> {
        let options = CallOptions {
            kind: request.kind,
            movable: request.call.is_multiple_of(4),
            task: true,
        };
        let id = self.state.begin(request.frame, options, now).ok()?.id;
        self.calls.insert(id, request.call);
        self.wait(id, request.deadline, now);
        Some(id)
    }

    fn give_up(&mut self, call: u64, id: u64, now: Instant) {
        assert_eq!(self.calls.remove(&id), Some(call));
        self.state.forget(id, now);
    }

    fn flush(&mut self, now: Instant) {
        if self.flush.is_some() {
            return;
        }
        let notifications = self.state.calls.notifications(LINK);
        let check = notifications.start_check();
        let is_open = notifications.is_open(check);
        let options = CallOptions {
            kind: CallKind::Ping,
            movable: false,
            task: true,
        };
        let ping = is_open.then(|| self.state.begin(DIALECT.ping(NO_ID), options, now));
        let ping = ping.and_then(Result::ok).map(|ping| ping.id);
        if let Some(id) = ping {
            self.wait(id, now + Duration::from_secs(1), now);
        }
        self.flush = Some(Flush {
            check,
            notifications: self.notifications.len(),
            ping,
        });
    }

    fn turn(&mut self, now: Instant, ends: &mut Ends<'_>) {
        self.next_turn = self.state.drive(now);
        let (state, notifications) = (&mut self.state, &mut self.notifications);
        self.calls.retain(|id, call| {
            let Some(result) = state.take(*id) else {
                return true;
            };
            match result {
                Ok(Some(reply)) => ends.answered(*call, &reply),
                Ok(None) => {
                    notifications.push(*call);
                    ends.end(*call, Ending::Good);
                }
                Err(reason) => {
                    ends.end(
                        *call,
                        Ending::Failed(executed(&reason), format!("{reason:?}")),
                    );
                }
            }
            false
        });
        self.end_flush(now, ends);
        self.state.waiters.wakes.run();
    }

    fn due(&self, _: Instant) -> Option<Instant> {
        match self.next_turn {
            DriveTurn::Wait(until) if !self.calls.is_empty() => until,
            _ => None,
        }
    }

    fn in_flight(&self) -> usize {
        self.state.calls.len()
    }

    fn check(&self) {
        let calls = &self.state.calls;
        calls.check();
        let ping = self.flush.as_ref().and_then(|flush| flush.ping);
        let pings = usize::from(ping.is_some_and(|id| calls.origin(id).is_some()));
        assert!(calls.len() <= self.limits.calls);
        assert_eq!(calls.len(), self.calls.len() + pings);
        assert!(calls.waiting_bytes() <= self.limits.queued_bytes);
        assert!(calls.len() > 0 || calls.waiting_bytes() == 0);
        assert_eq!(self.state.waiters.tasks(), calls.len());
    }
}

/// As callers are told it.
pub(super) fn executed(reason: &NoReply) -> Executed {
    use super::call_info::{CallInfo, Callee};
    use super::deadlines::Deadlines;
    let info = CallInfo {
        callee: Callee::Untyped(MethodRef::Name("Any.thing"), Codec::Postcard),
        endpoint: None,
        limits: &crate::wire::Limits::DEFAULT,
        timeout: Duration::ZERO,
        tried: false,
    };
    let now = Instant::now();
    let deadlines = Deadlines {
        deadline: now,
        connected_by: now,
        connect_timeout: Duration::ZERO.into(),
    };
    super::no_reply::failure(reason.clone(), &info, deadlines, None).executed()
}

#[test]
fn every_call_of_a_client_ends_once_and_never_lies_whatever_happens_to_its_server() {
    meet::<ScriptedPeer, _>(3_000, 1, SimulatedClient::new);
}

#[test]
fn a_server_may_be_lost_at_any_step() {
    meet_broken_at_each_step::<ScriptedPeer, _>(20, 1, SimulatedClient::new);
}
