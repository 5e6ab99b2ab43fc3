//! A server's sockets and its work: everything that stands under the server's lock.
//!
//! A quick request does not pass through the queue: it is taken from the socket when a thread is free to run it, and
//! its reply is handed over when that thread comes for the next one. So the sockets' own threads always have something
//! to do, where batches let them fall asleep between one and the next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::admission::Admission;
use super::counters::ServerCounters;
use super::deduplicator::{DeliveryKey, DuplicateWaiter};
use super::dispatcher::{Dispatcher, ReadyCall};
use super::local_queue::LocalQueue;
use super::roles::TICK;
use super::running_call::RunningCall;
use super::scheduler::{Assigned, CompletedCall, Scheduler};
use super::server_socket::{ReceivedFrame, RequestSink, ServerSocket, TURN};
use super::sources::SilenceCallback;
use crate::socket::{Message, Route, RoutedMessage, SocketError};

/// How long the leader goes from one request to the next before it looks at everything else: at pings, cancellations,
/// events, and at requests that others should help with.
const LOOK: Duration = TICK.saturating_mul(2);

/// The same while methods are so short that nothing waits for long.
const QUICK_LOOK: Duration = TICK.saturating_mul(8);

/// What a request takes then, all in all.
const QUICK: Duration = Duration::from_micros(8);

/// The same of commands that nobody waits for, where several are run in a row.
const SHORT: Duration = Duration::from_micros(30);

pub(super) struct ServerState {
    pub(super) socket: ServerSocket,
    pub(super) scheduler: Scheduler,
    dispatcher: Arc<Dispatcher>,
    counters: Arc<ServerCounters>,
    /// When the leader looks at everything again.
    look_at: Instant,
    /// Since when it has run so many.
    since: Instant,
    run: u32,
    /// What each took when it last ran some.
    pace: Duration,
    /// The end was requested.
    pub(super) stopping: bool,
    /// What is new is refused.
    pub(super) closed: bool,
    /// Reused from one look to the next, as is the one below.
    ready: Vec<RoutedMessage>,
    asked: Vec<Route>,
}

/// What a look at everything brought up.
pub(super) struct ScanResult {
    /// Nothing is left: the sockets may be waited on.
    pub(super) drained: bool,
    pub(super) told: Vec<SilenceCallback>,
}

impl ServerState {
    pub(super) fn new(
        socket: ServerSocket,
        scheduler: Scheduler,
        dispatcher: Arc<Dispatcher>,
        counters: Arc<ServerCounters>,
    ) -> Self {
        Self {
            socket,
            scheduler,
            dispatcher,
            counters,
            look_at: Instant::now(),
            since: Instant::now(),
            run: 0,
            pace: Duration::MAX,
            stopping: false,
            closed: false,
            ready: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// A job has ended: its reply goes out.
    pub(super) fn finish(&mut self, ended: CompletedCall, now: Instant) {
        if let Some(delivery) = self.scheduler.finish(ended) {
            self.send(delivery, now);
        }
    }

    /// A task has ended: its reply goes out.
    pub(super) fn finish_task(&mut self, task: u64, frame: Option<Box<Message>>, now: Instant) {
        if let Some(delivery) = self.scheduler.finish_task(task, frame) {
            self.send(delivery, now);
        }
    }

    /// A delivery came again that is under way: its sender is told of the end as well.
    pub(super) fn join(&mut self, place: usize, identity: DeliveryKey, now: Instant) {
        let Some(RunningCall { route, id, .. }) = self.scheduler.release(place) else {
            return;
        };
        let joined = DuplicateWaiter { route, id };
        if let Some(answer) = self.dispatcher.deduplicator().join(identity, joined) {
            self.send(answer, now);
        }
    }

    /// Tells those who have joined deliveries that have ended.
    pub(super) fn answer_joined(&mut self, now: Instant) {
        for answer in self.dispatcher.deduplicator().take_answers() {
            self.send(answer, now);
        }
    }

    fn send(&mut self, delivery: RoutedMessage, now: Instant) {
        if let Some(gone) = self.socket.send(delivery, &self.counters, now) {
            let (socket, mut intake) = self.parts();
            socket.draining.forget(&gone);
            intake.forget_peer(&gone);
        }
    }

    /// The leader is back from its wait. Something has arrived, but hardly more than one message: that one is run before
    /// the socket is asked for more, which would cost a system call for nothing.
    pub(super) fn stop_polling(&mut self, now: Instant) {
        if self.socket.stop_polling() {
            self.look_at = now + LOOK;
            self.since = now;
        }
    }

    /// The end was requested, within so long, or was before.
    pub(super) fn stop(&mut self, limit: Duration, now: Instant) {
        if !std::mem::replace(&mut self.stopping, true) {
            self.socket.drain(limit, &self.counters, now);
        }
        self.closed = self.socket.draining.is_over(now);
    }

    /// Somebody else leads from now on: who led before may have left anything behind, and has left this.
    pub(super) fn expect_work(&mut self, left: VecDeque<ReadyCall>) {
        self.put_back(left);
        self.look_at = Instant::now();
        (self.since, self.run) = (self.look_at, 0);
    }

    /// What was given out is not run after all.
    pub(super) fn put_back(&mut self, left: VecDeque<ReadyCall>) {
        self.pace = Duration::MAX;
        for job in left.into_iter().rev() {
            self.run = self.run.saturating_sub(1);
            self.scheduler.put_back(job);
        }
    }

    /// What the leader runs next; to its hand is added what it runs after that.
    pub(super) fn hand_out(
        &mut self,
        assigned: Assigned,
        local_queue: &LocalQueue,
        term: u64,
    ) -> Assigned {
        self.run += 1;
        if self.pace <= SHORT {
            local_queue.fill(term, || {
                let next = self.scheduler.next_behind(assigned.place)?;
                self.run += 1;
                Some(next)
            });
        }
        assigned
    }

    /// A request has been waiting although a worker is free.
    pub(super) fn has_overdue(&self, now: Instant) -> bool {
        now.checked_sub(2 * TICK)
            .is_some_and(|since| self.scheduler.is_overdue(since))
    }

    /// There is something for the leader, who waits.
    pub(super) fn needs_leader(&self, now: Instant) -> bool {
        self.scheduler.has_assignable() || self.socket.next_try(now).is_some()
    }

    /// Whether the leader must look at everything before it runs anything else.
    pub(super) fn must_look(&self, now: Instant) -> bool {
        now >= self.look_at || self.scheduler.wants_more()
    }

    /// The next request to run: the first of those that wait or, if none does, the next one in the socket.
    pub(super) fn next(&mut self, now: Instant) -> Result<Option<Assigned>, SocketError> {
        if !self.scheduler.is_eager() {
            return Ok(self.scheduler.assign(now));
        }
        let (socket, mut intake) = self.parts();
        for _ in 0..TURN {
            match socket.take(&mut intake, now)? {
                ReceivedFrame::Job(route, job) => {
                    return Ok(Some(intake.scheduler.give_out(route, job, now)));
                }
                ReceivedFrame::Something => {}
                ReceivedFrame::Nothing | ReceivedFrame::Odd => break,
            }
        }
        Ok(None)
    }

    /// Takes in everything that has arrived, and sends what had no room. `true` if nothing is left: the sockets may be
    /// waited on then.
    pub(super) fn take_in(&mut self, now: Instant) -> Result<bool, SocketError> {
        let (socket, mut intake) = self.parts();
        let drained = socket.take_in(&mut intake, now)?;
        let sources = &mut socket.sources;
        let read = sources.take_in(&mut intake, now)?;
        intake.scheduler.hold(sources.is_held());
        Ok(drained && read)
    }

    /// The leader's look at everything: at what has arrived, at the time, at who is silent.
    pub(super) fn look(&mut self, now: Instant) -> Result<ScanResult, SocketError> {
        if self.run > 0 {
            self.pace = now.duration_since(self.since) / self.run;
        }
        (self.since, self.run) = (now, 0);
        let quick = self.pace <= QUICK;
        self.look_at = now + if quick { QUICK_LOOK } else { LOOK };
        let mut ready = std::mem::take(&mut self.ready);
        let expired = self.scheduler.tick(now, &mut ready);
        self.counters.expired.add(expired);
        for delivery in ready.drain(..) {
            self.send(delivery, now);
        }
        self.ready = ready;
        self.ask(now);
        self.answer_joined(now);
        let drained = self.take_in(now)?;
        let told = self.socket.sources.look(now);
        Ok(ScanResult { drained, told })
    }

    /// Gives signs of life to those who need them. What was asked for by peers that turn out to have gone is dropped, and no
    /// answer of theirs waited for.
    fn ask(&mut self, now: Instant) {
        let mut asked = std::mem::take(&mut self.asked);
        self.scheduler.search(now, &mut asked);
        self.socket.draining.remind(now, &mut asked);
        for route in asked.drain(..) {
            if let Some(gone) = self.socket.ask(route, &self.counters) {
                let (_, mut intake) = self.parts();
                intake.forget_peer(&gone);
            }
        }
        self.asked = asked;
    }

    fn parts(&mut self) -> (&mut ServerSocket, Admission<'_>) {
        let intake = Admission {
            scheduler: &mut self.scheduler,
            dispatcher: &self.dispatcher,
            counters: &self.counters,
            stopping: self.stopping,
            closed: self.closed,
        };
        (&mut self.socket, intake)
    }
}
