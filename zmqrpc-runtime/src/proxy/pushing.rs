//! PULL to PUSH: pushes the jobs that it pulls.

use std::sync::Arc;
use std::time::Instant;

use super::counters::ProxyCounters;
use super::relay::{Relay, RelayTurn};
use super::sources::{InputSockets, Jobs, TURN};
use crate::socket::{
    Frame, Poller, PushError, PushSocket, RETRY_INTERVAL, SocketError, UnreadTimer,
};

/// The relay from PULL to PUSH. It receives a job only when a puller has taken the one before, so that jobs for which no
/// puller has room stay with their pushers.
pub(super) struct Pushing {
    jobs: Jobs,
    push: PushSocket,
    poller: Arc<Poller>,
    /// A job that no puller has room for yet.
    pending: Option<Frame>,
    unread_timer: UnreadTimer,
    counters: Arc<ProxyCounters>,
    stopping: bool,
}

impl Pushing {
    pub(super) fn new(jobs: Jobs, push: PushSocket, counters: Arc<ProxyCounters>) -> Self {
        Self {
            jobs,
            poller: push.poller(),
            push,
            pending: None,
            unread_timer: UnreadTimer::default(),
            counters,
            stopping: false,
        }
    }

    /// Pushes a job, or keeps it as pending. Returns whether a puller's queue took it.
    fn try_push(&mut self, job: Frame) -> Result<bool, SocketError> {
        match self.push.send(job) {
            Ok(()) => {
                self.counters.forwarded.increment();
                Ok(true)
            }
            Err(PushError::Full(job)) => {
                self.pending = Some(job);
                Ok(false)
            }
            Err(PushError::Broken(error)) => Err(error),
        }
    }
}

impl Relay for Pushing {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        let mut pollers = self.jobs.pollers();
        pollers.push(Arc::clone(&self.poller));
        pollers
    }

    fn after_wait(&mut self) {
        self.jobs.after_wait();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        self.push.maintain()?;
        if let Some(job) = self.pending.take()
            && !self.try_push(job)?
        {
            if self.unread_timer.is_due(true, now) {
                self.jobs.maintain_unread()?;
            }
            return Ok(RelayTurn::WaitSkipping(
                self.jobs.pollers().len(),
                Some(now + RETRY_INTERVAL),
            ));
        }
        self.unread_timer.is_due(false, now);
        if self.stopping {
            self.jobs.mark_drained();
        }
        for _ in 0..4 * TURN {
            let Some(mut job) = self.jobs.next(now)? else {
                break;
            };
            self.counters.received.increment();
            job.make_owned();
            if !self.counters.count_hop(&mut job) {
                self.counters.given_up.increment();
                continue;
            }
            if !self.try_push(job)? {
                break;
            }
        }
        if !self.jobs.needs_drain() {
            self.jobs.maintain(now, true);
        }
        if self.jobs.needs_drain() || self.pending.is_some() {
            return Ok(RelayTurn::Again);
        }
        Ok(RelayTurn::Wait(self.jobs.due()))
    }

    fn stop(&mut self) {
        self.stopping = true;
    }

    fn is_done(&self) -> bool {
        self.pending.is_none()
    }

    fn abandon(&mut self) {
        if self.pending.take().is_some() {
            self.counters.given_up.increment();
        }
    }

    fn is_flushed(&self) -> bool {
        true
    }

    fn close_and_release(mut self: Box<Self>) {
        self.jobs.close_and_release();
        self.push.close_and_release();
    }
}
