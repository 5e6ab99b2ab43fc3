//! The thread of a ZAP domain that makes the decisions which take time.
//!
//! A peer that sends many wrong passwords must not keep the others out: waiting logins take turns by address, and each
//! address has a limited number of places. Each domain has a thread of its own, since a verifier may run a program's
//! code.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use super::zap_domain::{AuthDecision, LoginAttempt, ZapDomain};
use super::zap_request::ZapReplyTo;
use crate::log;
use crate::socket::Poller;

/// A login that waits for a decision. Does not keep its domain alive.
pub(super) struct AuthJob {
    pub(super) domain: Weak<ZapDomain>,
    pub(super) attempt: LoginAttempt,
    pub(super) address: String,
    pub(super) from: ZapReplyTo,
    /// When the peer is told of a refusal.
    pub(super) due: AuthDeadline,
    pub(super) registry: Arc<DecidedLogins>,
}

/// When a login ends that is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthDeadline {
    /// Send the refusal at this time, if the login is decided by then.
    Refused(Instant),
    /// The schedule has no time left for a refusal: end the connection at this time, unless the login is admitted
    /// before. The number identifies the delayed reply.
    BrokenOff(Instant, u64),
}

/// Decided logins, on their way to the handler, which sends the replies.
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

    /// Takes the logins that have been decided.
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
    /// Waiting logins by address, the next address first.
    lanes: VecDeque<(String, VecDeque<AuthJob>)>,
    waiting: usize,
    sits: bool,
    closed: bool,
}

/// Logins that may wait.
const MAX_WAITING: usize = 1024;

/// Logins from one address that may wait.
const MAX_PER_ADDRESS: usize = 64;

/// A login for which the schedule has no time left is rejected if this many wait.
const FEW: usize = 4;

impl AuthWorker {
    /// Queues a login, or returns it with the reason.
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

    /// Ends the thread once it has made the present decision.
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

/// Calls the verifier, which may be a user's code, and contains its panics.
pub(super) fn judged(verifier: impl FnOnce() -> Option<AuthDecision>) -> Option<AuthDecision> {
    catch_unwind(AssertUnwindSafe(verifier)).unwrap_or_else(|panic| {
        log::line!(error, ; "what decides logins panicked");
        // The panic's payload may panic again when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        Some(PANICKED)
    })
}
