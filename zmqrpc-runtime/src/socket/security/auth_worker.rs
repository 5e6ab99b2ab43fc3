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
    pub(super) domain: Weak<ZapDomain>,
    pub(super) attempt: LoginAttempt,
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

    fn enter(&self, job: AuthJob, decision: AuthDecision) {
        let decided = self.decided.lock();
        decided
            .unwrap_or_else(PoisonError::into_inner)
            .push((job, decision));
        self.handler.wake();
    }
}

#[derive(Default)]
pub(super) struct AuthWorker {
    queue: Mutex<AuthQueue>,
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
    pub(super) fn file(self: &Arc<Self>, job: AuthJob) -> Result<(), (Box<AuthJob>, &'static str)> {
        let full = "too many logins wait";
        let mut queue = self.queue();
        let max = match job.due {
            AuthDeadline::Refused(_) => MAX_WAITING,
            AuthDeadline::BrokenOff(..) => FEW,
        };
        if queue.waiting >= max {
            return Err((Box::new(job), full));
        }
        if !queue.sits {
            let worker = Arc::clone(self);
            let builder = thread::Builder::new().name("zmqrpc-login".into());
            if let Err(error) = builder.spawn(move || worker.sit()) {
                log::line!(error, error = log::text(error); "no thread for logins");
                return Err((Box::new(job), "no thread for it"));
            }
            queue.sits = true;
        }
        let at = queue
            .lanes
            .iter()
            .position(|(address, _)| *address == job.address);
        match at {
            Some(at) if queue.lanes[at].1.len() == MAX_PER_ADDRESS => {
                return Err((Box::new(job), full));
            }
            Some(at) => queue.lanes[at].1.push_back(job),
            None => {
                let lane = (job.address.clone(), VecDeque::from([job]));
                queue.lanes.push_back(lane);
            }
        }
        queue.waiting += 1;
        self.called.notify_one();
        Ok(())
    }

    /// Ends the thread, as soon as it has decided what it is at.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        let waiting = std::mem::take(&mut queue.lanes);
        self.called.notify_one();
        drop(queue);
        drop(waiting);
    }

    fn sit(&self) {
        while let Some(job) = self.next() {
            if let AuthDeadline::BrokenOff(at, _) = job.due
                && at <= Instant::now()
            {
                continue;
            }
            let Some(domain) = job.domain.upgrade() else {
                continue;
            };
            let decision = judged(|| Some(domain.verifier.decide(&job.attempt)));
            drop(domain);
            let registry = Arc::clone(&job.registry);
            registry.enter(job, decision.unwrap_or(PANICKED));
        }
    }

    fn next(&self) -> Option<AuthJob> {
        let queue = self.queue();
        let idle = |queue: &mut AuthQueue| queue.lanes.is_empty() && !queue.closed;
        let queue = self.called.wait_while(queue, idle);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return None;
        }
        let (address, mut lane) = queue.lanes.pop_front()?;
        let job = lane.pop_front()?;
        if !lane.is_empty() {
            queue.lanes.push_back((address, lane));
        }
        queue.waiting -= 1;
        Some(job)
    }

    fn queue(&self) -> MutexGuard<'_, AuthQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const PANICKED: AuthDecision = AuthDecision::Refused("what should decide it panicked");

/// Asks what may be a user's code.
pub(super) fn judged(verifier: impl FnOnce() -> Option<AuthDecision>) -> Option<AuthDecision> {
    catch_unwind(AssertUnwindSafe(verifier)).unwrap_or_else(|panic| {
        log::line!(error, ; "what decides logins panicked");
        // What it panics with may panic again when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        Some(PANICKED)
    })
}
