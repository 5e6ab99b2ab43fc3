//! REP to REQ: forwards calls to services and their replies to the callers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Instant;

use super::backend::CallSink;
use super::backend::{Backend, Outgoing};
use super::frontend::{Caller, Frontend, FrontendRequest};
use super::relay::{Relay, RelayTurn};
use crate::dialect::{CallControl, CallFailure};
use crate::socket::{Frame, Poller, SocketError};
use crate::wire::Status;

/// The relay that forwards calls as they arrive, any number at once, and their replies back.
pub(super) struct CallForwarder {
    callers: CallerSide,
    backend: Backend<Caller>,
    stopping: bool,
}

/// The frontend, and the proxy's id of each call.
struct CallerSide {
    frontend: Frontend,
    /// From [`Caller::hash`] to the proxy's id of the call, for cancellations. In the practically impossible case that two
    /// calls have the same hash, cancelling the first has no effect.
    ids_by_hash: HashMap<u64, u64, BuildHasherDefault<IdentityHasher>>,
}

/// Passes keys through: they are hashes already, made with a key that no caller knows.
#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, _: &[u8]) {
        debug_assert!(false, "keys are `u64` hashes");
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl CallerSide {
    fn forget(&mut self, caller: &Caller) {
        self.ids_by_hash.remove(&caller.hash);
    }
}

impl CallSink<Caller> for CallerSide {
    fn answered(&mut self, caller: Caller, reply: Frame) {
        self.forget(&caller);
        self.frontend.send_reply(caller, reply);
    }

    fn failed(&mut self, caller: Caller, failure: CallFailure) {
        self.forget(&caller);
        self.frontend.reject(caller, &failure);
    }

    fn interim(&mut self, caller: &Caller, frame: Frame) {
        self.frontend.send_interim(caller, frame);
    }
}

impl CallForwarder {
    pub(super) fn new(frontend: Frontend, backend: Backend<Caller>) -> Self {
        let ids_by_hash = HashMap::default();
        Self {
            callers: CallerSide {
                frontend,
                ids_by_hash,
            },
            backend,
            stopping: false,
        }
    }

    fn receive(&mut self, now: Instant) -> Result<(), SocketError> {
        let Self {
            callers:
                CallerSide {
                    frontend,
                    ids_by_hash,
                },
            backend,
            stopping,
        } = self;
        frontend.receive(now, |frontend, request| match request {
            FrontendRequest::Request { caller, .. } if *stopping => {
                frontend.reject(caller, &CallFailure::new(Status::ShuttingDown, ""));
            }
            FrontendRequest::Request {
                caller,
                request,
                deadline,
            } => {
                let (hash, wants_reply) = (caller.hash, caller.wants_reply);
                let call = Outgoing {
                    origin: caller,
                    request,
                    deadline,
                    wants_reply,
                };
                match backend.forward(call, now) {
                    Ok(id) if wants_reply => drop(ids_by_hash.insert(hash, id)),
                    Ok(_) => {}
                    Err((caller, failure)) => frontend.reject(caller, &failure),
                }
            }
            FrontendRequest::Control(caller, CallControl::Cancel) => {
                if let Some(id) = ids_by_hash.get(&caller.hash)
                    && backend
                        .origin(*id)
                        .is_some_and(|origin| origin.is_same(&caller))
                {
                    backend.cancel(*id);
                    ids_by_hash.remove(&caller.hash);
                }
            }
        })?;
        for route in self.callers.frontend.take_disconnected() {
            let is_disconnected = |caller: &Caller| caller.route.peer() == route.peer();
            for caller in self.backend.cancel_where(is_disconnected) {
                self.callers.forget(&caller);
            }
        }
        Ok(())
    }
}

impl Relay for CallForwarder {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        let frontend = self.callers.frontend.poller();
        std::iter::once(frontend)
            .chain(self.backend.pollers())
            .collect()
    }

    fn after_wait(&mut self) {
        self.callers.frontend.after_wait();
        self.backend.after_wait();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        self.backend.serve(now, &mut self.callers)?;
        if self.callers.frontend.needs_drain() {
            self.receive(now)?;
        }
        if self.callers.frontend.needs_drain() || self.backend.needs_drain() {
            return Ok(RelayTurn::Again);
        }
        let times = [self.backend.due(now), self.callers.frontend.due()];
        Ok(RelayTurn::Wait(times.into_iter().flatten().min()))
    }

    fn frontend(&mut self) -> Option<&mut Frontend> {
        Some(&mut self.callers.frontend)
    }

    fn stop(&mut self) {
        self.stopping = true;
        let failure = CallFailure::new(Status::ShuttingDown, "");
        self.backend.fail_waiting(&failure, &mut self.callers);
    }

    fn is_done(&self) -> bool {
        self.backend.in_flight() == 0
    }

    fn abandon(&mut self) {
        self.backend.abandon(&mut self.callers);
    }

    fn is_flushed(&self) -> bool {
        self.callers.frontend.is_flushed()
    }

    fn close_and_release(self: Box<Self>) {
        self.callers.frontend.close_and_release();
    }
}
