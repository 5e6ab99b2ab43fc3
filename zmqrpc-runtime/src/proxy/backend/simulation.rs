//! A proxy's backend and its targets in simulated time.

use std::sync::Arc;
use std::time::Instant;

use super::{Backend, BackendSettings, CallSink, Outgoing};
use crate::connection::{CallKind, Liveness};
use crate::dialect::CallFailure;
use crate::simulation::{
    Driver, Ending, Ends, NewRequest, ScriptedPeer, SimulatedSocket, WorldRules, meet,
    meet_broken_at_each_step,
};
use crate::socket::Frame;
use crate::wire::Executed;

/// A backend whose callers are numbers, and its bounds.
pub(crate) struct SimulatedProxy {
    backend: Backend<u64, SimulatedSocket>,
    settings: BackendSettings,
}

impl Driver for SimulatedProxy {
    fn begin(&mut self, request: NewRequest, now: Instant) -> Option<u64> {
        let call = Outgoing {
            origin: request.call,
            request: request.frame,
            deadline: Some(request.deadline),
            wants_reply: request.kind == CallKind::Call,
        };
        match self.backend.forward(call, now) {
            Ok(id) => Some(id),
            Err((origin, failure)) => {
                assert_eq!((origin, failure.executed), (request.call, Executed::No));
                None
            }
        }
    }

    fn give_up(&mut self, call: u64, id: u64, _: Instant) {
        assert_eq!(self.backend.cancel(id), Some(call));
    }

    fn turn(&mut self, now: Instant, ends: &mut Ends<'_>) {
        self.backend.after_wait();
        self.backend.serve(now, ends).unwrap();
    }

    fn due(&self, now: Instant) -> Option<Instant> {
        self.backend.due(now)
    }

    fn in_flight(&self) -> usize {
        self.backend.in_flight()
    }

    fn check(&self) {
        let (calls, settings) = (&self.backend.calls, &self.settings);
        calls.check();
        assert!(calls.len() <= settings.in_flight);
        assert!(calls.waiting_bytes() <= 2 * settings.waiting_bytes);
        assert!(calls.redirect_bytes() <= settings.waiting_bytes);
        assert!(calls.len() > 0 || calls.waiting_bytes() + calls.redirect_bytes() == 0);
    }
}

impl CallSink<u64> for Ends<'_> {
    fn answered(&mut self, call: u64, reply: Frame) {
        Ends::answered(self, call, &reply);
    }

    fn failed(&mut self, call: u64, failure: CallFailure) {
        self.end(call, Ending::Failed(failure.executed, failure.to_string()));
    }

    fn interim(&mut self, call: &u64, _: Frame) {
        Ends::working(self, *call);
    }
}

impl SimulatedProxy {
    pub(crate) fn new(sockets: Vec<SimulatedSocket>, rules: &WorldRules, now: Instant) -> Self {
        let settings = BackendSettings {
            in_flight: rules.max_calls,
            waiting_bytes: rules.max_queued_bytes,
            connect_timeout: rules.connect_timeout,
        };
        let liveness = Liveness::new(rules.ping, now);
        Self {
            backend: Backend::new(sockets, liveness, settings, Arc::default()),
            settings,
        }
    }
}

#[test]
fn every_call_over_a_proxy_ends_once_and_never_lies_whatever_happens_to_its_targets() {
    meet::<ScriptedPeer, _>(3_000, 3, SimulatedProxy::new);
}

#[test]
fn a_target_may_be_lost_at_any_step() {
    meet_broken_at_each_step::<ScriptedPeer, _>(10, 2, SimulatedProxy::new);
}
