//! The thread of a gate that decides the logins that take their time.
//!
//! Who sends many wrong passwords must not keep the others out: those who wait take turns by their addresses, and no
//! address has more than a few places. Each gate has a thread of its own, since what it asks may be a program's code.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use super::zap_domain::{AuthDecision, LoginAttempt, ZapDomain};
use super::zap_request::ZapReplyTo;
use crate::log;
use crate::socket::Poller;

/// A login that is to be decided. It does not keep its gate.
pub(super) struct AuthJob {
    pub(super) gate: Weak<ZapDomain>,
    pub(super) claim: LoginAttempt,
    pub(super) address: String,
    pub(super) from: ZapReplyTo,
    /// When it is told that it is refused.
    pub(super) due: AuthDeadline,
    pub(super) registry: Arc<DecidedLogins>,
}

/// When a login ends that does not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthDeadline {
    /// It is refused then, if it has been decided.
    Refused(Instant),
    /// There is no time to refuse it: it is broken off then, and only the right one may still be let in before. Names what
    /// is held.
    BrokenOff(Instant, u64),
}

/// Where cases go that have been decided: to the handler, which sends the answers.
pub(super) struct DecidedLogins {
    decided: Mutex<Vec<(AuthJob, AuthDecision)>>,
    handler: Arc<Poller>,
}

impl DecidedLogins {
    pub(super) fn new(handler: Arc<Poller>) -> Arc<Self> {
        Arc::new(Self {
            decided: Mutex::default(),
            handler,
        })
    }

    /// What has been decided.
    pub(super) fn decided(&self) -> Vec<(AuthJob, AuthDecision)> {
        std::mem::take(&mut self.decided.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn enter(&self, case: AuthJob, verdict: AuthDecision) {
        let decided = self.decided.lock();
        decided
            .unwrap_or_else(PoisonError::into_inner)
            .push((case, verdict));
        self.handler.wake();
    }
}

#[derive(Default)]
pub(super) struct AuthWorker {
    docket: Mutex<AuthQueue>,
    called: Condvar,
}

#[derive(Default)]
struct AuthQueue {
    /// By address, the next one first.
    lanes: VecDeque<(String, VecDeque<AuthJob>)>,
    waiting: usize,
    sits: bool,
    closed: bool,
}

/// Logins that wait.
const MAX_WAITING: usize = 1024;

/// Of these, from one address.
const MAX_PER_ADDRESS: usize = 64;

/// Where so many wait, none is taken that could only be decided in a hurry.
const FEW: usize = 4;

impl AuthWorker {
    /// Takes a login, or gives it back with the reason.
    pub(super) fn file(
        self: &Arc<Self>,
        case: AuthJob,
    ) -> Result<(), (Box<AuthJob>, &'static str)> {
        let full = "too many logins wait";
        let mut docket = self.docket();
        let max = match case.due {
            AuthDeadline::Refused(_) => MAX_WAITING,
            AuthDeadline::BrokenOff(..) => FEW,
        };
        if docket.waiting >= max {
            return Err((Box::new(case), full));
        }
        if !docket.sits {
            let court = Arc::clone(self);
            let builder = thread::Builder::new().name("zmqrpc-login".into());
            if let Err(error) = builder.spawn(move || court.sit()) {
                log::line!(error, error = log::text(error); "no thread for logins");
                return Err((Box::new(case), "no thread for it"));
            }
            docket.sits = true;
        }
        let at = docket
            .lanes
            .iter()
            .position(|(address, _)| *address == case.address);
        match at {
            Some(at) if docket.lanes[at].1.len() == MAX_PER_ADDRESS => {
                return Err((Box::new(case), full));
            }
            Some(at) => docket.lanes[at].1.push_back(case),
            None => {
                let lane = (case.address.clone(), VecDeque::from([case]));
                docket.lanes.push_back(lane);
            }
        }
        docket.waiting += 1;
        self.called.notify_one();
        Ok(())
    }

    /// Ends the thread, as soon as it has decided what it is at.
    pub(super) fn close(&self) {
        let mut docket = self.docket();
        docket.closed = true;
        let waiting = std::mem::take(&mut docket.lanes);
        self.called.notify_one();
        drop(docket);
        drop(waiting);
    }

    fn sit(&self) {
        while let Some(case) = self.next() {
            if let AuthDeadline::BrokenOff(at, _) = case.due
                && at <= Instant::now()
            {
                continue;
            }
            let Some(gate) = case.gate.upgrade() else {
                continue;
            };
            let verdict = judged(|| Some(gate.judge.decide(&case.claim)));
            drop(gate);
            let registry = Arc::clone(&case.registry);
            registry.enter(case, verdict.unwrap_or(PANICKED));
        }
    }

    fn next(&self) -> Option<AuthJob> {
        let docket = self.docket();
        let idle = |docket: &mut AuthQueue| docket.lanes.is_empty() && !docket.closed;
        let docket = self.called.wait_while(docket, idle);
        let mut docket = docket.unwrap_or_else(PoisonError::into_inner);
        if docket.closed {
            return None;
        }
        let (address, mut lane) = docket.lanes.pop_front()?;
        let case = lane.pop_front()?;
        if !lane.is_empty() {
            docket.lanes.push_back((address, lane));
        }
        docket.waiting -= 1;
        Some(case)
    }

    fn docket(&self) -> MutexGuard<'_, AuthQueue> {
        self.docket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const PANICKED: AuthDecision = AuthDecision::Refused("what should decide it panicked");

/// Asks what may be a user's code.
pub(super) fn judged(judge: impl FnOnce() -> Option<AuthDecision>) -> Option<AuthDecision> {
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|panic| {
        log::line!(error, ; "what decides logins panicked");
        // What it panics with may panic again when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        Some(PANICKED)
    })
}
