//! A server's ROUTER socket, its sources and its outbox, which the server's mutex protects.

use std::time::{Duration, Instant};

use super::dispatcher::{Decoded, FrameReader, ReadyCall};
use super::server_router::ServerRouter;
use super::sources::Sources;
use crate::callers::Draining;
use crate::callers::Outbox;
use crate::callers::ServerCounters;
use crate::clock::deadline;
use crate::command::CallBuffer;
use crate::dialect::{CallControl, CallFailure, CallId, Outbound, OutboundFrame, ReplyTo};
use crate::socket::{Arrival, RETRY_INTERVAL, Replier, Route, SocketError};

pub(super) struct ServerSocket<R = ServerRouter> {
    router: R,
    /// The buffer that the next request is received into.
    buffer: CallBuffer,
    pub(super) sources: Sources,
    outbox: Outbox,
    pub(super) draining: Draining,
    /// The leader waits for the sockets. A thread that uses them meanwhile has to drain them again, and to wake the
    /// leader if there is something for it.
    pub(super) leader_waits: bool,
    /// Set if the last operation on the socket was a receive that found nothing: another receive in the same pass would
    /// cost a system call for nothing.
    found_empty: Option<Instant>,
    /// How long peers may take to accept their last replies, and the deadline for that.
    linger: Duration,
    linger_deadline: Option<Instant>,
    /// When a reply was last handed to the socket.
    last_sent: Option<Instant>,
}

/// Messages that are received in one batch before calls run: a peer that never stops sending must delay neither other
/// calls nor the end.
pub(super) const BATCH: usize = 256;

/// How long replies may take from libzmq to the network, and in the peer from libzmq to the caller. To leave an
/// endpoint loses what libzmq has not written by then, and a client's libzmq drops what the client has not read when
/// the connection ends. Neither reports it.
const SEND_GRACE: Duration = Duration::from_millis(50);

/// How long an idle server goes on rejecting what has arrived before it closes. The ROUTER takes turns among peers, so
/// a peer that sends without end does not use up the time of the others.
const REJECTING_TIME: Duration = Duration::from_millis(50);

/// What a received message was.
pub(super) enum ReceivedFrame {
    /// There was no message.
    Nothing,
    /// A request to run.
    Call(Route, ReadyCall),
    /// A message that needs no further work.
    Handled,
    /// A message without a body, or with a malformed route.
    Malformed,
}

/// Takes what the socket has received. Implemented by the server's [`Admission`](super::admission::Admission).
pub(super) trait RequestSink: FrameReader {
    /// Returns the failure to reject a call with, or `None` if the call can be taken on.
    fn admission_failure(&self, call: &ReadyCall) -> Option<CallFailure>;
    /// Removes a waiting call of another peer that has more waiting, to be rejected instead of this one.
    fn displace(&mut self, route: &Route, call: &ReadyCall) -> Option<(Route, ReadyCall)>;
    fn enqueue(&mut self, route: Route, call: ReadyCall);
    fn control(&mut self, route: &Route, id: &CallId, control: CallControl);
    fn forget_peer(&mut self, route: &Route);
}

impl ServerSocket {
    /// Closes the sockets and frees their endpoints.
    pub(super) fn close_and_release(self) {
        self.sources.close_and_release();
        self.router.close_and_release();
    }
}

impl<R: Replier> ServerSocket<R> {
    pub(super) fn new(router: R, sources: Sources, linger: Duration, now: Instant) -> Self {
        Self {
            router,
            buffer: CallBuffer::new(now),
            sources,
            outbox: Outbox::default(),
            draining: Draining::new(now),
            leader_waits: false,
            found_empty: None,
            linger,
            last_sent: None,
            linger_deadline: None,
        }
    }

    pub(super) fn router(&mut self) -> &mut R {
        self.found_empty = None;
        &mut self.router
    }

    /// Marks that the leader no longer waits. Returns whether it did.
    pub(super) fn stop_polling(&mut self) -> bool {
        self.found_empty = None;
        std::mem::take(&mut self.leader_waits)
    }

    /// Returns when a connection to a hub is to be made again.
    pub(super) fn next_connection(&self) -> Option<Instant> {
        self.router.due()
    }

    /// Returns when to retry what peers had no room for, whether the socket signals or not: the last receive before the
    /// wait may have consumed the edge.
    pub(super) fn next_retry(&self, now: Instant) -> Option<Instant> {
        (!self.outbox.is_empty()).then(|| now + RETRY_INTERVAL)
    }

    /// Returns until when the server, whose work is done, waits for its last replies to be sent and for peers to make
    /// room for theirs. `None` if it need not wait any longer.
    pub(super) fn flush_deadline(&mut self, now: Instant) -> Option<Instant> {
        let grace_end = self
            .last_sent
            .map(|sent| sent + SEND_GRACE.min(self.linger));
        if let Some(grace_end) = grace_end.filter(|grace_end| now < *grace_end) {
            return Some(grace_end);
        }
        let until = deadline(now, self.linger);
        let until = *self.linger_deadline.get_or_insert(until);
        (self.outbox.needs_flush() && now < until).then_some(until)
    }

    /// Sends a reply, or queues it until its peer has room. Returns the route if the peer turns out to have gone.
    pub(super) fn send(
        &mut self,
        frame: OutboundFrame,
        counters: &ServerCounters,
        now: Instant,
    ) -> Option<Route> {
        self.last_sent = Some(now);
        self.found_empty = None;
        self.outbox.send(frame, &mut self.router, counters)
    }

    /// Receives one message.
    pub(super) fn receive(
        &mut self,
        sink: &mut impl RequestSink,
        now: Instant,
    ) -> Result<ReceivedFrame, SocketError> {
        let arrival = self.router.receive(self.buffer.frame())?;
        self.found_empty = arrival.is_none().then_some(now);
        let Some(arrival) = arrival else {
            return Ok(ReceivedFrame::Nothing);
        };
        let Arrival::Message(route) = arrival else {
            self.buffer.frame().clear();
            sink.counters().malformed.increment();
            return Ok(ReceivedFrame::Malformed);
        };
        self.buffer.trust_user(self.router.trusts_users(&route));
        if let Some(notice) = self.draining.heard(&route, now)
            && let Some(gone) = self.send_optional(notice, sink.counters())
        {
            sink.forget_peer(&gone);
        }
        let outgoing = match sink.dispatcher().read(&mut self.buffer, now) {
            Decoded::Nothing => None,
            Decoded::Rejected(rejected) => {
                let (to, failure) = *rejected;
                let frame = to.fail(&failure);
                Some(OutboundFrame::reply(route, to, frame))
            }
            Decoded::Ping(to) => {
                self.draining.acknowledge(&route, to.id());
                Some(OutboundFrame::ending_none(route, to.encode(Outbound::Pong)))
            }
            Decoded::Control(id, control) => {
                sink.control(&route, &id, control);
                None
            }
            Decoded::Run(call) => match self.make_room(&route, &call, sink) {
                None => return Ok(ReceivedFrame::Call(route, call)),
                Some(failure) => call.reject(route, &failure),
            },
        };
        // Frees the message, which may be large, before the next one comes.
        self.buffer.frame().clear();
        if let Some(frame) = outgoing
            && let Some(gone) = self.send_optional(frame, sink.counters())
        {
            sink.forget_peer(&gone);
        }
        Ok(ReceivedFrame::Handled)
    }

    /// Sends a frame that the end does not wait for: pongs, notices and rejections, which a caller that never stops
    /// sending could ask for without end. Returns the route if the peer turns out to have gone.
    fn send_optional(&mut self, frame: OutboundFrame, counters: &ServerCounters) -> Option<Route> {
        self.found_empty = None;
        let gone = self.outbox.send_optional(frame, &mut self.router, counters);
        if let Some(gone) = &gone {
            self.draining.forget(gone);
        }
        gone
    }

    /// Starts to drain within `limit`: notifies the callers, whose requests are executed until they acknowledge.
    pub(super) fn start_draining(
        &mut self,
        limit: Duration,
        sink: &mut impl RequestSink,
        now: Instant,
    ) {
        for route in self.router.outward() {
            // Told in any case: it may send something after having been quiet for long.
            let _ = self.draining.heard(&route, now);
        }
        for notice in self.draining.start(limit, now) {
            if let Some(gone) = self.send_optional(notice, sink.counters()) {
                sink.forget_peer(&gone);
            }
        }
    }

    /// Returns whether the time to reject what still arrives is over, so that callers that never stop sending do not
    /// delay the end.
    pub(super) fn is_done_rejecting(&self, now: Instant) -> bool {
        let since = self.draining.rejecting_since();
        since.is_some_and(|since| now >= since + REJECTING_TIME)
    }

    /// Makes room for a call by rejecting the last calls of peers that have more waiting. Returns the failure to reject
    /// this call with if that is not enough.
    #[inline]
    fn make_room(
        &mut self,
        route: &Route,
        call: &ReadyCall,
        sink: &mut impl RequestSink,
    ) -> Option<CallFailure> {
        let mut failure = sink.admission_failure(call)?;
        // At most as many as one batch: a large call may displace many small ones.
        for _ in 0..BATCH {
            let Some((route, last)) = sink.displace(route, call) else {
                return Some(failure);
            };
            if let Some(frame) = last.reject(route, &failure)
                && let Some(gone) = self.send_optional(frame, sink.counters())
            {
                sink.forget_peer(&gone);
            }
            failure = sink.admission_failure(call)?;
        }
        Some(failure)
    }

    /// Probes whether a peer is still there, with a keep-alive frame. Returns the route if the peer has gone.
    pub(super) fn probe(&mut self, route: Route, counters: &ServerCounters) -> Option<Route> {
        // The retry of the queued replies finds out, too.
        if self.outbox.is_blocked(&route) {
            return None;
        }
        let frame = ReplyTo::nobody().encode(Outbound::Pong);
        self.send_optional(OutboundFrame::ending_none(route, frame), counters)
    }

    /// Receives what has arrived by `now`. Returns `true` if that was everything: the leader may wait for the socket
    /// then.
    pub(super) fn receive_batch(
        &mut self,
        sink: &mut impl RequestSink,
        now: Instant,
    ) -> Result<bool, SocketError> {
        if self.found_empty == Some(now) && self.outbox.is_empty() {
            return Ok(true);
        }
        let mut drained = false;
        let (mut received, mut retry_failed) = (0, false);
        while received < BATCH {
            match self.receive(sink, now)? {
                ReceivedFrame::Nothing => {
                    if self.outbox.is_empty() || retry_failed {
                        drained = true;
                        break;
                    }
                    // A send, even one that fails, can consume the edge of an arrival, and a receive the edge of new
                    // room. So one pass is not enough, and the last operation has to be a receive.
                    let progressed = self.retry(sink);
                    retry_failed = !progressed;
                    if progressed {
                        self.last_sent = Some(now);
                    }
                    continue;
                }
                ReceivedFrame::Call(route, call) => sink.enqueue(route, call),
                ReceivedFrame::Handled => {}
                // It may have had any number of frames. A batch of these under the lock would keep other threads from
                // it.
                ReceivedFrame::Malformed => break,
            }
            received += 1;
            retry_failed = false;
        }
        if !drained {
            // Replies that wait for room must not depend on a peer that never stops sending.
            self.retry(sink);
        }
        Ok(drained)
    }

    /// Retries what peers had no room for. Returns whether any reply was sent or dropped.
    fn retry(&mut self, sink: &mut impl RequestSink) -> bool {
        self.found_empty = None;
        let retried = self.outbox.retry(&mut self.router, sink.counters());
        for gone in &retried.gone {
            self.draining.forget(gone);
            sink.forget_peer(gone);
        }
        retried.progressed
    }
}
