//! From callers to services and back: REP to REQ.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Instant;

use super::backend::CallSink;
use super::backend::{Backend, Outgoing};
use super::frontend::{Caller, Frontend, FrontendRequest};
use super::relay::{Relay, RelayTurn};
use crate::command::CallFailure;
use crate::socket::{Message, Poller, SocketError};
use crate::wire::Status;

/// Passes calls on as they come, any number at once, and their replies back.
pub(super) struct CallForwarder {
    callers: CallerSide,
    backend: Backend<Caller>,
    stopping: bool,
}

/// The callers' side, and which of their calls is which of ours.
struct CallerSide {
    frontend: Frontend,
    /// From a caller's mark to the proxy's number, for those who give up. Two calls with one mark are as good as
    /// impossible; then giving up the first has no effect.
    numbers: HashMap<u64, u64, BuildHasherDefault<IdentityHasher>>,
}

/// A mark is a hash already, and with a key that no caller knows.
#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write_u64(&mut self, mark: u64) {
        self.0 = mark;
    }

    fn write(&mut self, _: &[u8]) {
        debug_assert!(false, "only marks are looked up");
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl CallerSide {
    fn forget(&mut self, caller: &Caller) {
        self.numbers.remove(&caller.mark);
    }
}

impl CallSink<Caller> for CallerSide {
    fn answered(&mut self, caller: Caller, reply: Message) {
        self.forget(&caller);
        self.frontend.pass_back(caller, reply);
    }

    fn failed(&mut self, caller: Caller, failure: CallFailure) {
        self.forget(&caller);
        self.frontend.refuse(caller, &failure);
    }

    fn working(&mut self, caller: &Caller, sign: Message) {
        self.frontend.pass_sign(caller, sign);
    }
}

impl CallForwarder {
    pub(super) fn new(frontend: Frontend, backend: Backend<Caller>) -> Self {
        let numbers = HashMap::default();
        Self {
            callers: CallerSide { frontend, numbers },
            backend,
            stopping: false,
        }
    }

    fn take_in(&mut self, now: Instant) -> Result<(), SocketError> {
        let Self {
            callers: CallerSide { frontend, numbers },
            backend,
            stopping,
        } = self;
        frontend.take_in(now, |frontend, asked| match asked {
            FrontendRequest::Request { caller, .. } if *stopping => {
                frontend.refuse(caller, &CallFailure::new(Status::ShuttingDown, ""));
            }
            FrontendRequest::Request {
                caller,
                request,
                deadline,
            } => {
                let (mark, wants_reply) = (caller.mark, caller.wants_reply);
                let call = Outgoing {
                    origin: caller,
                    request,
                    deadline,
                    wants_reply,
                };
                match backend.begin(call, now) {
                    Ok(number) if wants_reply => drop(numbers.insert(mark, number)),
                    Ok(_) => {}
                    Err((caller, refusal)) => frontend.refuse(caller, &refusal),
                }
            }
            FrontendRequest::Cancel(caller) => {
                if let Some(number) = numbers.get(&caller.mark)
                    && backend
                        .origin(*number)
                        .is_some_and(|origin| origin.is_same(&caller))
                {
                    backend.cancel(*number);
                    numbers.remove(&caller.mark);
                }
            }
        })?;
        for gone in self.callers.frontend.take_gone() {
            let has_gone = |caller: &Caller| caller.route.peer() == gone.peer();
            for caller in self.backend.cancel_all(has_gone) {
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

    fn wake(&mut self) {
        self.callers.frontend.wake();
        self.backend.wake();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        self.backend.serve(now, &mut self.callers)?;
        if self.callers.frontend.is_used() {
            self.take_in(now)?;
        }
        if self.callers.frontend.is_used() || self.backend.is_used() {
            return Ok(RelayTurn::Again);
        }
        let times = [self.backend.next_look(now), self.callers.frontend.due()];
        Ok(RelayTurn::Wait(times.into_iter().flatten().min()))
    }

    fn frontend(&mut self) -> Option<&mut Frontend> {
        Some(&mut self.callers.frontend)
    }

    fn stop(&mut self) {
        self.stopping = true;
        let refusal = CallFailure::new(Status::ShuttingDown, "");
        self.backend.fail_waiting(&refusal, &mut self.callers);
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
