//! The relay that accepts messages, stores them in a queue, and delivers them with retries: REP to REQ with a queue, SUB
//! and PULL to REQ.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backend::CallSink;
use super::backend::{Backend, Outgoing};
use super::frontend::Frontend;
use super::intake::{Accepting, Intake};
use super::outcome::{DeliveryFault, delivery_result};
use super::relay::{Relay, RelayTurn};
use super::spool::{Spool, Unready};
use super::writer::{Writer, WrittenBatch};
use crate::dialect::CallFailure;
use crate::log;
use crate::socket::{Frame, Poller, SocketError, UnreadTimer};
use crate::wire::{Executed, Status};

/// Deliveries that may be in flight at once.
const MAX_IN_FLIGHT: usize = 256;
/// Bytes of the deliveries in flight beyond which no further one is started.
const MAX_IN_FLIGHT_BYTES: usize = 32 << 20;
/// How long the last deliveries may take at shutdown where a persistent queue still contains them: one that the target
/// replies to at once need not be repeated.
const GRACE: Duration = Duration::from_millis(100);
/// Delay after a failed read of the queue before the next one.
const READ_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Delivers the requests of the intake `I`.
pub(super) struct Deliverer<I> {
    intake: I,
    backend: Backend<u64>,
    spool: Spool,
    writer: Writer,
    results: AttemptResults,
    /// Bytes of the deliveries in flight.
    in_flight_bytes: usize,
    unread_timer: UnreadTimer,
    /// Whether a target took calls in the last pass.
    was_up: bool,
    /// When to read the queue again after a failure.
    read_retry_at: Option<Instant>,
    stopping: bool,
}

/// The results of attempts that have ended and are not in the spool yet.
#[derive(Default)]
struct AttemptResults(Vec<(u64, Result<(), DeliveryFault>)>);

impl CallSink<u64> for AttemptResults {
    fn answered(&mut self, number: u64, reply: Frame) {
        self.0.push((number, delivery_result(&reply)));
    }

    fn failed(&mut self, number: u64, failure: CallFailure) {
        let failure = match (failure.status, failure.executed) {
            (Status::Expired, Executed::Maybe) => DeliveryFault::TimedOut,
            (status, executed) => DeliveryFault::from_status(status, executed, &failure.detail),
        };
        self.0.push((number, Err(failure)));
    }
}

impl<I: Intake> Deliverer<I> {
    pub(super) fn start(
        intake: I,
        mut backend: Backend<u64>,
        spool: Spool,
    ) -> Result<Self, SocketError> {
        // The spool tells each target the time of all attempts that are left, which must not be replaced.
        backend.keep_remaining();
        // The loop waits at the backend's pollers whether or not the spool is full.
        let pollers: Vec<_> = backend.pollers().take(1).collect();
        let wake = move || pollers.iter().for_each(|poller| poller.wake());
        let writer = Writer::start(spool.store(), wake)?;
        Ok(Self {
            intake,
            backend,
            spool,
            writer,
            results: AttemptResults::default(),
            in_flight_bytes: 0,
            unread_timer: UnreadTimer::default(),
            was_up: false,
            read_retry_at: None,
            stopping: false,
        })
    }

    /// Passes the results of attempts to the spool.
    fn apply_results(&mut self, now: Instant) {
        for (number, result) in std::mem::take(&mut self.results.0) {
            self.in_flight_bytes -= self.spool.request_bytes(number);
            match result {
                Ok(()) => self.spool.delivered(number),
                Err(failure) => self.spool.attempt_failed(number, failure, now),
            }
        }
    }

    /// Returns whether another delivery may be started.
    fn has_capacity(&self) -> bool {
        self.backend.in_flight() < MAX_IN_FLIGHT && self.in_flight_bytes < MAX_IN_FLIGHT_BYTES
    }

    /// Starts the deliveries that are due. Returns whether any was started.
    fn start_deliveries(&mut self, now: Instant) -> bool {
        let up = self.backend.is_up();
        if up && !self.was_up {
            self.spool.schedule.end_backoff();
        }
        self.was_up = up;
        if self.read_retry_at.is_some_and(|at| now < at) {
            return false;
        }
        self.read_retry_at = None;
        let mut started = false;
        while up
            && !self.stopping
            && self.has_capacity()
            && let Some((number, _)) = self.spool.schedule.next(now)
        {
            let request = match self.spool.request(number, now) {
                Ok(request) => request,
                Err(Unready::Permanent(reason)) => {
                    self.spool.give_up(number, reason);
                    continue;
                }
                Err(Unready::Transient(reason)) => {
                    log::line!(debug, reason = log::text(&reason); "a proxy's queue cannot be read");
                    self.spool.schedule.retry_now(number);
                    self.read_retry_at = Some(now + READ_RETRY_DELAY);
                    return started;
                }
            };
            started = true;
            self.in_flight_bytes += self.spool.request_bytes(number);
            let call = Outgoing {
                origin: number,
                request,
                deadline: now.checked_add(self.spool.policy.attempt_timeout),
                wants_reply: true,
            };
            match self.backend.forward(call, now) {
                Ok(_) => {}
                // The request has passed too many proxies.
                Err((number, failure)) if failure.status == Status::Unavailable => {
                    self.in_flight_bytes -= self.spool.request_bytes(number);
                    self.spool.give_up(number, failure.detail);
                }
                Err((number, failure)) => self.results.failed(number, failure),
            }
        }
        started
    }

    /// Receives requests unless there is no room for them, and writes what is due.
    fn receive(&mut self, now: Instant) -> Result<(), SocketError> {
        let may_receive = self.stopping || !self.intake.may_pause() || self.spool.has_room();
        if self.intake.needs_drain() && may_receive {
            let accepting = if self.stopping {
                Accepting::Stopped
            } else {
                Accepting::Into(&mut self.spool)
            };
            self.intake.receive(now, accepting)?;
        }
        self.write(now, Writer::take_written);
        Ok(())
    }

    /// Writes the batches that are due, and acknowledges what has been written. `finish` takes the outcome of the batch that
    /// is being written.
    fn write(&mut self, now: Instant, finish: impl Fn(&mut Writer) -> Option<WrittenBatch>) {
        loop {
            if let Some((batch, outcome)) = finish(&mut self.writer) {
                // Not `now`: `finish` may have waited.
                match self.spool.batch_written(&batch, outcome, Instant::now()) {
                    Ok(count) => self.intake.accepted(count),
                    Err(failure) => {
                        self.intake.rejected(batch.new.len(), &failure);
                        let after = failure.with_executed(Executed::No);
                        self.intake.rejected(usize::MAX, &after);
                    }
                }
            }
            if self.writer.is_busy() {
                return;
            }
            let Some(batch) = self.spool.next_batch(now, self.stopping) else {
                return;
            };
            self.writer.write(batch);
        }
    }
}

impl<I: Intake> Relay for Deliverer<I> {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        let intake = self.intake.pollers().into_iter();
        intake.chain(self.backend.pollers()).collect()
    }

    fn after_wait(&mut self) {
        self.intake.after_wait();
        self.backend.after_wait();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        self.backend.serve(now, &mut self.results)?;
        self.apply_results(now);
        self.spool.expire(now);
        self.receive(now)?;
        let started = self.start_deliveries(now);
        let full = !self.stopping && !self.spool.has_room();
        let paused = full && self.intake.may_pause() && self.intake.needs_drain();
        if self.unread_timer.is_due(paused, now) {
            self.intake.maintain_unread()?;
        }
        if paused || !self.intake.needs_drain() {
            self.intake.maintain(now, !full);
        }
        if started
            || self.backend.needs_drain()
            || self.intake.needs_drain() && !paused
            || !self.results.0.is_empty()
        {
            return Ok(RelayTurn::Again);
        }
        let times = [
            self.backend.due(now),
            self.spool
                .next_batch_at(now)
                .filter(|_| !self.writer.is_busy()),
            self.intake.due().filter(|_| !full && !self.stopping),
            self.spool.next_expiry(now),
            self.read_retry_at.filter(|_| self.was_up),
            self.spool
                .schedule
                .next_at()
                .filter(|_| self.was_up && self.has_capacity()),
        ];
        let until = times.into_iter().flatten().min();
        if paused {
            return Ok(RelayTurn::WaitSkipping(self.intake.pollers().len(), until));
        }
        Ok(RelayTurn::Wait(until))
    }

    fn frontend(&mut self) -> Option<&mut Frontend> {
        self.intake.frontend()
    }

    fn stop(&mut self) {
        self.stopping = true;
    }

    fn is_done(&self) -> bool {
        self.backend.in_flight() == 0 && !self.writer.is_busy() && self.spool.is_recorded()
    }

    fn grace(&self) -> Option<Duration> {
        self.spool.is_persistent().then_some(GRACE)
    }

    fn abandon(&mut self) {
        self.apply_results(Instant::now());
        // The results are dropped: that these attempts are given up must not count against the requests.
        self.backend.abandon(&mut AttemptResults::default());
        // A delivery that cannot be recorded is repeated; the target recognizes it by its name.
        self.write(Instant::now(), Writer::wait_written);
    }

    fn is_flushed(&self) -> bool {
        self.intake.is_flushed()
    }

    fn close_and_release(self: Box<Self>) {
        self.intake.close_and_release();
    }
}
