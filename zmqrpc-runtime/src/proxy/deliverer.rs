//! Accepts messages, keeps them in a queue, and delivers them until they have arrived.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backend::CallSink;
use super::backend::{Backend, Outgoing};
use super::frontend::Frontend;
use super::intake::{Accepting, Intake};
use super::outcome::{DeliveryFault, judge};
use super::relay::{Relay, RelayTurn};
use super::spool::{Spool, Unready};
use super::writer::{Writer, WrittenBatch};
use crate::command::CallFailure;
use crate::log;
use crate::socket::{Message, Poller, SocketError, UnreadTimer};
use crate::wire::{Executed, Status};

/// Deliveries that are under way at once.
const WINDOW: usize = 256;
/// Bytes of those, beyond which no further one is begun.
const WINDOW_BYTES: usize = 32 << 20;
/// How long the last deliveries may take, where they are in the queue still when they are given up: one that is answered
/// at once need not be made again.
const GRACE: Duration = Duration::from_millis(100);
/// How long to wait until a queue is read again that could not be.
const READ_AGAIN: Duration = Duration::from_millis(100);

pub(super) struct Deliverer<I> {
    intake: I,
    backend: Backend<u64>,
    spool: Spool,
    writer: Writer,
    ended: AttemptResults,
    /// Bytes of the deliveries that are under way.
    bytes: usize,
    hold: UnreadTimer,
    was_up: bool,
    /// The queue cannot be read, until then.
    read_again: Option<Instant>,
    stopping: bool,
}

/// How tries have ended.
#[derive(Default)]
struct AttemptResults(Vec<(u64, Result<(), DeliveryFault>)>);

impl CallSink<u64> for AttemptResults {
    fn answered(&mut self, number: u64, reply: Message) {
        self.0.push((number, judge(&reply)));
    }

    fn failed(&mut self, number: u64, failure: CallFailure) {
        let failure = match (failure.status, failure.executed) {
            (Status::Expired, Executed::Maybe) => DeliveryFault::Unanswered,
            (status, executed) => DeliveryFault::of(status, executed, &failure.detail),
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
        // They are told what all tries that are left may take.
        backend.counts_down = false;
        // Where it always waits, full or not.
        let bells: Vec<_> = backend.pollers().take(1).collect();
        let wake = move || bells.iter().for_each(|bell| bell.wake());
        let writer = Writer::start(spool.store(), wake)?;
        Ok(Self {
            intake,
            backend,
            spool,
            writer,
            ended: AttemptResults::default(),
            bytes: 0,
            hold: UnreadTimer::default(),
            was_up: false,
            read_again: None,
            stopping: false,
        })
    }

    fn settle(&mut self, now: Instant) {
        for (number, end) in std::mem::take(&mut self.ended.0) {
            self.bytes -= self.spool.bytes_of(number);
            match end {
                Ok(()) => self.spool.delivered(number),
                Err(failure) => self.spool.failed(number, failure, now),
            }
        }
    }

    fn has_window(&self) -> bool {
        self.backend.in_flight() < WINDOW && self.bytes < WINDOW_BYTES
    }

    /// Begins to deliver what is due. Whether anything was begun.
    fn deliver(&mut self, now: Instant) -> bool {
        let up = self.backend.is_up();
        if up && !self.was_up {
            self.spool.schedule.rouse_all();
        }
        self.was_up = up;
        if self.read_again.is_some_and(|at| now < at) {
            return false;
        }
        self.read_again = None;
        let mut begun = false;
        while up
            && !self.stopping
            && self.has_window()
            && let Some((number, _)) = self.spool.schedule.next(now)
        {
            let request = match self.spool.request(number, now) {
                Ok(request) => request,
                Err(Unready::Never(reason)) => {
                    self.spool.give_up(number, reason);
                    continue;
                }
                Err(Unready::Later(reason)) => {
                    log::line!(debug, reason = log::text(&reason); "a proxy's queue cannot be read");
                    self.spool.schedule.again(number);
                    self.read_again = Some(now + READ_AGAIN);
                    return begun;
                }
            };
            begun = true;
            self.bytes += self.spool.bytes_of(number);
            let call = Outgoing {
                origin: number,
                request,
                deadline: now.checked_add(self.spool.patience.attempt),
                wants_reply: true,
            };
            match self.backend.begin(call, now) {
                Ok(_) => {}
                // It has passed too many proxies.
                Err((number, refusal)) if refusal.status == Status::Unavailable => {
                    self.bytes -= self.spool.bytes_of(number);
                    self.spool.give_up(number, refusal.detail);
                }
                Err((number, refusal)) => self.ended.failed(number, refusal),
            }
        }
        begun
    }

    fn accept(&mut self, now: Instant) -> Result<(), SocketError> {
        let may_take = self.stopping || !self.intake.may_wait() || self.spool.has_room();
        if self.intake.is_used() && may_take {
            let accepting = if self.stopping {
                Accepting::Stopped
            } else {
                Accepting::Into(&mut self.spool)
            };
            self.intake.take_in(now, accepting)?;
        }
        self.write(now, Writer::written);
        Ok(())
    }

    /// Writes what is due, and tells callers what has been written.
    fn write(&mut self, now: Instant, end: impl Fn(&mut Writer) -> Option<WrittenBatch>) {
        loop {
            if let Some((batch, outcome)) = end(&mut self.writer) {
                // It may have been waited for.
                match self.spool.written(&batch, outcome, Instant::now()) {
                    Ok(count) => self.intake.accepted(count),
                    Err(refusal) => {
                        self.intake.refused(batch.new.len(), &refusal);
                        let after = refusal.with_executed(Executed::No);
                        self.intake.refused(usize::MAX, &after);
                    }
                }
            }
            if self.writer.is_busy() {
                return;
            }
            let Some(batch) = self.spool.next_batch(now, self.stopping) else {
                return;
            };
            self.writer.begin(batch);
        }
    }
}

impl<I: Intake> Relay for Deliverer<I> {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        let intake = self.intake.pollers().into_iter();
        intake.chain(self.backend.pollers()).collect()
    }

    fn wake(&mut self) {
        self.intake.wake();
        self.backend.wake();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        self.backend.serve(now, &mut self.ended)?;
        self.settle(now);
        self.spool.expire(now);
        self.accept(now)?;
        let begun = self.deliver(now);
        let full = !self.stopping && !self.spool.has_room();
        let left_alone = full && self.intake.may_wait() && self.intake.is_used();
        if self.hold.is_due(left_alone, now) {
            self.intake.settle()?;
        }
        if left_alone || !self.intake.is_used() {
            self.intake.look(now, !full);
        }
        if begun
            || self.backend.is_used()
            || self.intake.is_used() && !left_alone
            || !self.ended.0.is_empty()
        {
            return Ok(RelayTurn::Again);
        }
        let times = [
            self.backend.next_look(now),
            self.spool
                .next_batch_time(now)
                .filter(|_| !self.writer.is_busy()),
            self.intake.due().filter(|_| !full && !self.stopping),
            self.spool.next_expiry(now),
            self.read_again.filter(|_| self.was_up),
            self.spool
                .schedule
                .next_time()
                .filter(|_| self.was_up && self.has_window()),
        ];
        let until = times.into_iter().flatten().min();
        if left_alone {
            return Ok(RelayTurn::WaitBehind(self.intake.pollers().len(), until));
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
        self.spool.outlives().then_some(GRACE)
    }

    fn abandon(&mut self) {
        self.settle(Instant::now());
        // That they were given up is not the fault of these requests: none of them has been tried once too often.
        self.backend.abandon(&mut AttemptResults::default());
        // What cannot be recorded is delivered again: the target knows it.
        self.write(Instant::now(), Writer::wait);
    }

    fn is_flushed(&self) -> bool {
        self.intake.is_flushed()
    }

    fn close_and_release(self: Box<Self>) {
        self.intake.close_and_release();
    }
}
