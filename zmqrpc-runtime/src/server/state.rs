//! A server's sockets and its scheduler: everything that the server's mutex protects.
//!
//! A quick request is not queued: the leader receives it when it is free to run it, and sends its reply when it returns
//! for the next one. So libzmq's I/O thread always has something to do, where batches would let it fall asleep in
//! between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::admission::Admission;
use super::deduplicator::{DeliveryKey, DuplicateWaiter};
use super::dispatcher::{Dispatcher, ReadyCall};
use super::local_queue::LocalQueue;
use super::roles::TICK;
use super::running_call::RunningCall;
use super::scheduler::{Assigned, CompletedCall, Scheduler};
use super::server_router::ServerRouter;
use super::server_socket::{BATCH, ReceivedFrame, RequestSink, ServerSocket};
use crate::callers::ServerCounters;
use crate::dialect::OutboundFrame;
use crate::socket::{Frame, Replier, Route, SocketError};
use crate::subscription::SilenceCallback;

/// How long the leader goes from one call to the next before it scans everything else: pings, cancellations, events,
/// and calls that helpers should run.
const SCAN_INTERVAL: Duration = TICK.saturating_mul(2);

/// The scan interval while methods are so short that nothing waits for long.
const QUICK_SCAN_INTERVAL: Duration = TICK.saturating_mul(8);

/// The time per call up to which the leader uses the longer interval.
const QUICK_CALL: Duration = Duration::from_micros(8);

/// The time per call up to which the leader runs several events and jobs in a row.
const SHORT_CALL: Duration = Duration::from_micros(30);

pub(super) struct ServerState<R = ServerRouter> {
    pub(super) socket: ServerSocket<R>,
    pub(super) scheduler: Scheduler,
    dispatcher: Arc<Dispatcher>,
    counters: Arc<ServerCounters>,
    /// When the leader scans everything again.
    next_scan: Instant,
    /// When the last scan was, and how many calls the leader has run since.
    scan_started: Instant,
    calls_run: u32,
    /// The average time per call between the last two scans that had calls between them.
    time_per_call: Duration,
    /// The end was requested.
    pub(super) stopping: bool,
    /// The server rejects new requests.
    pub(super) closed: bool,
    /// Reused from one scan to the next, as is `probes`.
    ready: Vec<OutboundFrame>,
    probes: Vec<Route>,
}

/// The result of a scan.
pub(super) struct ScanResult {
    /// Nothing is left in the sockets: the leader may wait for them.
    pub(super) drained: bool,
    pub(super) callbacks: Vec<SilenceCallback>,
}

impl<R: Replier> ServerState<R> {
    pub(super) fn new(
        socket: ServerSocket<R>,
        scheduler: Scheduler,
        dispatcher: Arc<Dispatcher>,
        counters: Arc<ServerCounters>,
        now: Instant,
    ) -> Self {
        Self {
            socket,
            scheduler,
            dispatcher,
            counters,
            next_scan: now,
            scan_started: now,
            calls_run: 0,
            time_per_call: Duration::MAX,
            stopping: false,
            closed: false,
            ready: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// Finishes a call and sends its reply.
    pub(super) fn finish(&mut self, completed: CompletedCall, now: Instant) {
        if let Some(delivery) = self.scheduler.finish(completed) {
            self.send(delivery, now);
        }
    }

    /// Finishes a task and sends its reply.
    pub(super) fn finish_task(&mut self, task: u64, frame: Option<Frame>, now: Instant) {
        if let Some(delivery) = self.scheduler.finish_task(task, frame) {
            self.send(delivery, now);
        }
    }

    /// Makes a duplicate of a delivery in flight wait for that delivery's result.
    pub(super) fn join_duplicate(&mut self, slot: usize, key: DeliveryKey, now: Instant) {
        let Some(RunningCall { route, to, .. }) = self.scheduler.release(slot) else {
            return;
        };
        let waiter = DuplicateWaiter { route, to };
        if let Some(reply) = self.dispatcher.deduplicator().join(key, waiter) {
            self.send(reply, now);
        }
    }

    /// Sends the replies to duplicates of deliveries that have ended.
    pub(super) fn answer_duplicates(&mut self, now: Instant) {
        for reply in self.dispatcher.deduplicator().take_replies() {
            self.send(reply, now);
        }
    }

    fn send(&mut self, delivery: OutboundFrame, now: Instant) {
        if let Some(gone) = self.socket.send(delivery, &self.counters, now) {
            let (socket, mut admission) = self.split();
            socket.draining.forget(&gone);
            admission.forget_peer(&gone);
        }
    }

    /// Notes that the leader is back from its wait. Rarely has more than one message arrived. So the leader runs that
    /// one first: a receive that finds nothing costs a system call.
    pub(super) fn stop_polling(&mut self, now: Instant) {
        if self.socket.stop_polling() {
            self.next_scan = now + SCAN_INTERVAL;
            self.scan_started = now;
        }
    }

    /// Starts to end the server within `limit`, or goes on with it.
    pub(super) fn stop(&mut self, limit: Duration, now: Instant) {
        if !std::mem::replace(&mut self.stopping, true) {
            let (socket, mut admission) = self.split();
            socket.start_draining(limit, &mut admission, now);
        }
        self.closed = self.socket.draining.is_rejecting(now);
    }

    /// Prepares for a new leader, which gets the calls `left` in the local queue and scans at once.
    pub(super) fn take_over(&mut self, left: VecDeque<ReadyCall>) {
        self.put_back(left);
        self.next_scan = Instant::now();
        (self.scan_started, self.calls_run) = (self.next_scan, 0);
    }

    /// Returns assigned calls to the scheduler that were not run.
    pub(super) fn put_back(&mut self, left: VecDeque<ReadyCall>) {
        self.time_per_call = Duration::MAX;
        for call in left.into_iter().rev() {
            self.calls_run = self.calls_run.saturating_sub(1);
            self.scheduler.put_back(call);
        }
    }

    /// Returns the call to run, and fills the local queue with the events and jobs to run after it.
    pub(super) fn fill_local_queue(
        &mut self,
        assigned: Assigned,
        local_queue: &LocalQueue,
        term: u64,
    ) -> Assigned {
        self.calls_run += 1;
        if self.time_per_call <= SHORT_CALL {
            local_queue.fill(term, || {
                let next = self.scheduler.next_source_call(assigned.slot)?;
                self.calls_run += 1;
                Some(next)
            });
        }
        assigned
    }

    /// Returns whether a call has been waiting for long although a worker is free.
    pub(super) fn has_overdue(&self, now: Instant) -> bool {
        now.checked_sub(2 * TICK)
            .is_some_and(|since| self.scheduler.is_overdue(since))
    }

    /// Returns whether the leader, which waits, has something to do.
    pub(super) fn needs_leader(&self, now: Instant) -> bool {
        self.scheduler.has_assignable() || self.socket.next_retry(now).is_some()
    }

    /// Returns whether the leader must scan before it runs another call.
    pub(super) fn needs_scan(&self, now: Instant) -> bool {
        now >= self.next_scan || self.scheduler.should_resume_sources()
    }

    /// Returns the next call to run: the first that waits or, if none does, the next one in the socket.
    pub(super) fn next(&mut self, now: Instant) -> Result<Option<Assigned>, SocketError> {
        if !self.scheduler.can_run_at_once() {
            return Ok(self.scheduler.assign(now));
        }
        let (socket, mut admission) = self.split();
        for _ in 0..BATCH {
            match socket.receive(&mut admission, now)? {
                ReceivedFrame::Call(route, call) => {
                    return Ok(Some(admission.scheduler.assign_call(route, call, now)));
                }
                ReceivedFrame::Handled => {}
                ReceivedFrame::Nothing | ReceivedFrame::Malformed => break,
            }
        }
        Ok(None)
    }

    /// Receives what has arrived and retries what peers had no room for. Returns `true` if nothing is left: the leader
    /// may wait for the sockets then.
    pub(super) fn receive_batch(&mut self, now: Instant) -> Result<bool, SocketError> {
        let (socket, mut admission) = self.split();
        let drained = socket.receive_batch(&mut admission, now)?;
        let sources = &mut socket.sources;
        let sources_drained = sources.receive_batch(&mut admission, now)?;
        admission.scheduler.set_sources_paused(sources.is_paused());
        Ok(drained && sources_drained)
    }

    /// Scans everything: sends what is due, receives what has arrived, and looks for silent publishers.
    pub(super) fn scan(&mut self, now: Instant) -> Result<ScanResult, SocketError> {
        if self.calls_run > 0 {
            self.time_per_call = now.duration_since(self.scan_started) / self.calls_run;
        }
        (self.scan_started, self.calls_run) = (now, 0);
        let is_quick = self.time_per_call <= QUICK_CALL;
        self.next_scan = now
            + if is_quick {
                QUICK_SCAN_INTERVAL
            } else {
                SCAN_INTERVAL
            };
        let mut ready = std::mem::take(&mut self.ready);
        let expired = self.scheduler.tick(now, &mut ready);
        self.counters.expired.add(expired);
        for delivery in ready.drain(..) {
            self.send(delivery, now);
        }
        self.ready = ready;
        self.probe(now);
        self.answer_duplicates(now);
        let drained = self.receive_batch(now)?;
        let callbacks = self.socket.sources.maintain(now);
        Ok(ScanResult { drained, callbacks })
    }

    /// Probes the peers for which that is due. If a peer turns out to have gone, its calls are cancelled, and its
    /// acknowledgement is no longer waited for.
    fn probe(&mut self, now: Instant) {
        let mut probes = std::mem::take(&mut self.probes);
        self.scheduler.take_probes(now, &mut probes);
        self.socket.draining.take_keep_alives(now, &mut probes);
        for route in probes.drain(..) {
            if let Some(gone) = self.socket.probe(route, &self.counters) {
                let (_, mut admission) = self.split();
                admission.forget_peer(&gone);
            }
        }
        self.probes = probes;
    }

    fn split(&mut self) -> (&mut ServerSocket<R>, Admission<'_>) {
        let admission = Admission {
            scheduler: &mut self.scheduler,
            dispatcher: &self.dispatcher,
            counters: &self.counters,
            stopping: self.stopping,
            closed: self.closed,
        };
        (&mut self.socket, admission)
    }
}
