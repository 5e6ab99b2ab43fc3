//! The thread of a ZAP domain that makes the decisions which take time.
//!
//! A peer that sends many wrong passwords must not keep the others out: waiting logins take turns by address, and each
//! address has a limited number of places. Each domain has a thread of its own, since a verifier may run a program's
//! code.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use super::zap_domain::ZapDomain;
use super::zap_request::ZapReplyTo;
use crate::log;
use crate::socket::Poller;
use crate::socket::login::{AuthDecision, LoginAttempt};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// A login that waits for a decision. Does not keep its domain alive.
pub(super) struct AuthJob {
    pub(super) domain: Weak<ZapDomain>,
    pub(super) attempt: LoginAttempt,
    pub(super) address: String,
    pub(super) reply_to: ZapReplyTo,
    /// When the peer is told of a refusal.
    pub(super) due: AuthDeadline,
    pub(super) decided_logins: Arc<DecidedLogins>,
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
    logins: Mutex<Vec<(AuthJob, AuthDecision)>>,
    handler: Arc<Poller>,
}

impl DecidedLogins {
    pub(super) fn new(handler: Arc<Poller>) -> Arc<Self> {
        Arc::new(Self {
            logins: Mutex::default(),
            handler,
        })
    }

    /// Takes the logins that have been decided.
    pub(super) fn take(&self) -> Vec<(AuthJob, AuthDecision)> {
        std::mem::take(&mut self.logins.lock())
    }

    fn push(&self, job: AuthJob, decision: AuthDecision) {
        self.logins.lock().push((job, decision));
        self.handler.wake();
    }
}

#[derive(Default)]
pub(super) struct AuthWorker {
    queue: Mutex<AuthQueue>,
    changed: Condvar,
}

#[derive(Default)]
struct AuthQueue {
    /// Waiting logins by address, the next address first.
    lanes: VecDeque<(String, VecDeque<AuthJob>)>,
    waiting: usize,
    is_running: bool,
    is_closed: bool,
}

/// Logins that may wait.
const MAX_WAITING: usize = 1024;

/// Logins from one address that may wait.
const MAX_PER_ADDRESS: usize = 64;

/// A login for which the schedule has no time left is rejected if this many wait.
const MAX_WAITING_UNSCHEDULED: usize = 4;

impl AuthWorker {
    /// Queues a login, or returns it with the reason.
    pub(super) fn submit(
        self: &Arc<Self>,
        job: AuthJob,
    ) -> Result<(), (Box<AuthJob>, &'static str)> {
        let full = "too many logins wait";
        let mut queue = self.queue();
        let max = match job.due {
            AuthDeadline::Refused(_) => MAX_WAITING,
            AuthDeadline::BrokenOff(..) => MAX_WAITING_UNSCHEDULED,
        };
        if queue.waiting >= max {
            return Err((Box::new(job), full));
        }
        if !queue.is_running {
            let worker = Arc::clone(self);
            let builder = thread::Builder::new().name("zmqrpc-login".into());
            if let Err(error) = builder.spawn(move || worker.run()) {
                log::line!(error, error = log::text(error); "the thread that verifies logins could not be started");
                return Err((Box::new(job), "no thread could be started to verify it"));
            }
            queue.is_running = true;
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
        self.changed.notify_one();
        Ok(())
    }

    /// Ends the thread once it has made the present decision.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.is_closed = true;
        let waiting = std::mem::take(&mut queue.lanes);
        self.changed.notify_one();
        drop(queue);
        drop(waiting);
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            if let AuthDeadline::BrokenOff(at, _) = job.due
                && at <= Instant::now()
            {
                continue;
            }
            let Some(domain) = job.domain.upgrade() else {
                continue;
            };
            let decision = contain_panic(|| Some(domain.verifier.decide(&job.attempt)));
            drop(domain);
            let decided_logins = Arc::clone(&job.decided_logins);
            decided_logins.push(job, decision.unwrap_or(PANICKED));
        }
    }

    fn next(&self) -> Option<AuthJob> {
        let queue = self.queue();
        let is_idle = |queue: &mut AuthQueue| queue.lanes.is_empty() && !queue.is_closed;
        let mut queue = self.changed.wait_while(queue, is_idle);
        if queue.is_closed {
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
        self.queue.lock()
    }
}

const PANICKED: AuthDecision = AuthDecision::Refused("what should verify it panicked");

/// Calls the verifier, which may be a user's code, and contains its panics.
pub(super) fn contain_panic(decide: impl FnOnce() -> Option<AuthDecision>) -> Option<AuthDecision> {
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|panic| {
        log::line!(error, ; "what verifies logins panicked");
        // The panic's payload may panic again when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
            std::mem::forget(again);
        }
        Some(PANICKED)
    })
}
