//! Jobs that are pulled are pushed again: PULL to PUSH.

use std::sync::Arc;
use std::time::Instant;

use super::counters::ProxyCounters;
use super::relay::{Relay, RelayTurn};
use super::sources::{InputSockets, Jobs, TURN};
use crate::socket::{
    Message, Poller, PushError, PushSocket, RETRY_INTERVAL, SocketError, UnreadTimer,
};

/// Takes a job when it has found a puller for the one before: what nobody takes waits with those who pushed it.
pub(super) struct Pushing {
    jobs: Jobs,
    push: PushSocket,
    poller: Arc<Poller>,
    /// The one that nobody has room for.
    hand: Option<Message>,
    hold: UnreadTimer,
    counters: Arc<ProxyCounters>,
    stopping: bool,
}

impl Pushing {
    pub(super) fn new(jobs: Jobs, push: PushSocket, counters: Arc<ProxyCounters>) -> Self {
        Self {
            jobs,
            poller: push.poller(),
            push,
            hand: None,
            hold: UnreadTimer::default(),
            counters,
            stopping: false,
        }
    }

    /// Whether it was taken.
    fn offer(&mut self, job: Message) -> Result<bool, SocketError> {
        match self.push.send(job) {
            Ok(()) => {
                self.counters.forwarded.increment();
                Ok(true)
            }
            Err(PushError::Full(job)) => {
                self.hand = Some(job);
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

    fn wake(&mut self) {
        self.jobs.wake();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        self.push.maintain()?;
        if let Some(job) = self.hand.take()
            && !self.offer(job)?
        {
            if self.hold.is_due(true, now) {
                self.jobs.settle()?;
            }
            return Ok(RelayTurn::WaitBehind(
                self.jobs.pollers().len(),
                Some(now + RETRY_INTERVAL),
            ));
        }
        self.hold.is_due(false, now);
        if self.stopping {
            self.jobs.leave();
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
            if !self.offer(job)? {
                break;
            }
        }
        if !self.jobs.is_used() {
            self.jobs.look(now, true);
        }
        if self.jobs.is_used() || self.hand.is_some() {
            return Ok(RelayTurn::Again);
        }
        Ok(RelayTurn::Wait(self.jobs.due()))
    }

    fn stop(&mut self) {
        self.stopping = true;
    }

    fn is_done(&self) -> bool {
        self.hand.is_none()
    }

    fn abandon(&mut self) {
        if self.hand.take().is_some() {
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
