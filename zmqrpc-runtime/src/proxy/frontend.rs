//! The caller side of a proxy: receives requests, sends replies.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::DIALECT;
use super::counters::ProxyCounters;
use crate::callers::{Draining, Outbox};
use crate::dialect::{
    CallControl, CallFailure, CallId, Inbound, Outbound, OutboundFrame, Reply, ReplyTo, Request,
    RequestKind,
};
use crate::error::Error;
use crate::log;
use crate::publish::open_all;
use crate::socket::{
    Arrival, Endpoint, Frame, Poller, RETRY_INTERVAL, Replier, Route, RouterSocket, SocketError,
    SocketOptions, Upkeep,
};
use crate::wire::{ACCEPTED_KEY, Executed, Limits, MetadataBuf, Status};

/// The ROUTER socket that callers connect to.
pub(super) struct Frontend {
    router: RouterSocket,
    poller: Arc<Poller>,
    outbox: Outbox,
    draining: Draining,
    pub(super) limits: Limits,
    counters: Arc<ProxyCounters>,
    hasher: RandomState,
    /// Whether the socket was used since its last drain, so that waiting on it could miss a message.
    needs_drain: bool,
    /// Routes to callers that turned out to have disconnected.
    disconnected: Vec<Route>,
}

/// The caller of a call.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) route: Route,
    /// The caller's id of the call, and its dialect.
    pub(super) to: ReplyTo,
    /// A hash of route and id, under which the call is found.
    pub(super) hash: u64,
    pub(super) wants_reply: bool,
}

impl Caller {
    /// Returns whether both are the same caller's same call.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.to == other.to && self.route.is_same(&other.route)
    }
}

/// What a caller asks for.
pub(super) enum FrontendRequest {
    /// A call or a notification with a valid header.
    Request {
        caller: Caller,
        request: Frame,
        deadline: Option<Instant>,
    },
    /// What the caller says about this call, which is under way.
    Control(Caller, CallControl),
}

/// Bytes that are received at a time.
const TURN_BYTES: usize = 16 << 20;

/// Messages that are received at a time: callers that never stop sending delay neither the targets nor a shutdown.
const TURN: usize = 256;
/// By how much each proxy shortens a call's time limit at least.
const HOP: Duration = Duration::from_millis(1);

impl Frontend {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        limits: Limits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let mut router = RouterSocket::new(options)?;
        open_all(endpoints, |endpoint| router.open(endpoint))?;
        counters.watch_unauthenticated(router.rejected_logins());
        Ok(Self {
            poller: router.poller(),
            router,
            outbox: Outbox::default(),
            draining: Draining::new(Instant::now()),
            limits,
            counters,
            hasher: RandomState::new(),
            needs_drain: true,
            disconnected: Vec::new(),
        })
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    pub(super) fn endpoints(&self) -> Vec<String> {
        self.router.endpoints().map(str::to_owned).collect()
    }

    pub(super) fn needs_drain(&self) -> bool {
        self.needs_drain
    }

    /// Returns when to run again even if the socket does not signal: to reconnect to a hub, or to retry replies that a
    /// caller had no room for.
    pub(super) fn due(&self) -> Option<Instant> {
        let retry = (!self.outbox.is_empty()).then(|| Instant::now() + RETRY_INTERVAL);
        self.router.due().into_iter().chain(retry).min()
    }

    /// Marks the socket for draining if it has signalled since the last wait, or if there is something to retry.
    pub(super) fn after_wait(&mut self) {
        let connects = self.router.due().is_some_and(|due| due <= Instant::now());
        self.needs_drain |= self.poller.take_ready() || !self.outbox.is_empty() || connects;
    }

    /// Returns whether every reply has been handed to libzmq or dropped.
    pub(super) fn is_flushed(&self) -> bool {
        !self.outbox.needs_flush()
    }

    /// Tells callers that the proxy shuts down within `limit`, and sends them keep-alive frames until then. Returns whether
    /// every caller has confirmed or had its time to: requests that arrive later are to be rejected.
    pub(super) fn drain(&mut self, limit: Duration, now: Instant) -> bool {
        for notice in self.draining.start(limit, now) {
            self.send_best_effort(notice);
        }
        let mut routes = Vec::new();
        self.draining.take_keep_alives(now, &mut routes);
        for route in routes {
            // Where replies already wait for room, retrying them reveals whether the caller has gone.
            if !self.outbox.is_blocked(&route) {
                let keep_alive = ReplyTo::nobody().encode(Outbound::Pong);
                self.send_best_effort(OutboundFrame::ending_none(route, keep_alive));
            }
        }
        self.draining.is_rejecting(now)
    }

    /// Returns when to call [`drain`](Self::drain) again; `None` while the proxy does not shut down.
    pub(super) fn next_drain(&self) -> Option<Instant> {
        self.draining.due()
    }

    pub(super) fn close_and_release(self) {
        self.router.close_and_release();
    }

    /// Receives what has arrived, [`TURN`] messages at most, and passes each request to `on`.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        mut on: impl FnMut(&mut Self, FrontendRequest),
    ) -> Result<(), SocketError> {
        let (mut received, mut bytes, mut retried) = (0, 0, false);
        while received < TURN && bytes < TURN_BYTES {
            let mut message = Frame::new();
            let Some(arrival) = self.router.receive(&mut message)? else {
                // As in a server: the last operation before a wait must be a receive, which shows that the socket is empty.
                if self.outbox.is_empty() || retried {
                    self.needs_drain = false;
                    return Ok(());
                }
                retried = !self.retry();
                continue;
            };
            (received, bytes, retried) = (received + 1, bytes + message.len(), false);
            let Arrival::Message(route) = arrival else {
                self.counters.frontend.malformed.increment();
                continue;
            };
            if let Some(notice) = self.draining.heard(&route, now) {
                self.send_best_effort(notice);
            }
            if let Some(request) = self.decode(route, message, now) {
                on(self, request);
            }
        }
        self.needs_drain = true;
        // Callers whose replies wait for room must not be starved by a peer that never stops sending.
        self.retry();
        Ok(())
    }

    /// Retries the replies that callers had no room for. Returns whether any was sent or dropped.
    fn retry(&mut self) -> bool {
        let retried = self.outbox.retry(&mut self.router, &self.counters.frontend);
        for route in &retried.gone {
            self.draining.forget(route);
        }
        self.disconnected.extend(retried.gone);
        retried.progressed
    }

    /// Takes the routes to callers that have disconnected, whose calls are to be cancelled.
    pub(super) fn take_disconnected(&mut self) -> Vec<Route> {
        std::mem::take(&mut self.disconnected)
    }

    fn decode(&mut self, route: Route, message: Frame, now: Instant) -> Option<FrontendRequest> {
        let (id, wants_reply, deadline) = match DIALECT.decode_inbound(&message, &self.limits) {
            Ok(Inbound::Request(Request {
                kind,
                id,
                remaining,
                ..
            })) => {
                // Forwarding takes time, at least `HOP`. A limit that the clock cannot express is none.
                let deadline = remaining
                    .and_then(|remaining| now.checked_add(remaining.saturating_sub(HOP).max(HOP)));
                (id, kind == RequestKind::Call, deadline)
            }
            Ok(Inbound::Control(id, control)) => {
                return Some(FrontendRequest::Control(
                    self.caller(route, id, false),
                    control,
                ));
            }
            Ok(Inbound::Ping(id)) => {
                self.draining.acknowledge(&route, &id);
                let pong = ReplyTo::new(DIALECT, id).encode(Outbound::Pong);
                self.send_best_effort(OutboundFrame::ending_none(route, pong));
                return None;
            }
            Err(error) => {
                self.counters.frontend.malformed.increment();
                if let Some(hidden) = self.counters.frontend.log.admit("malformed") {
                    log::line!(
                        warn,
                        peer = message.peer().address().map(log::text),
                        bytes = message.len(),
                        error = log::text(error),
                        hidden;
                        "a message to a proxy is not a request; `hidden` more came before this one"
                    );
                }
                let rejection = DIALECT.rejection_of(&message, &error, &self.limits);
                if let Some((to, failure)) = rejection {
                    let frame = to.fail(&failure);
                    self.send_best_effort(OutboundFrame::reply(route, to, frame));
                }
                return None;
            }
        };
        self.counters.received.increment();
        Some(FrontendRequest::Request {
            caller: self.caller(route, id, wants_reply),
            request: message,
            deadline,
        })
    }

    fn caller(&self, route: Route, id: CallId, wants_reply: bool) -> Caller {
        Caller {
            hash: self.hasher.hash_one((&route, &id)),
            route,
            to: ReplyTo::new(DIALECT, id),
            wants_reply,
        }
    }

    /// Returns a number for a caller's connection that differs from that of any other, also of other processes.
    pub(super) fn connection_id(&self, route: &Route) -> u64 {
        self.hasher.hash_one(route)
    }

    /// Sends a target's reply to the caller.
    pub(super) fn send_reply(&mut self, caller: Caller, mut reply: Frame) {
        if !caller.wants_reply {
            return;
        }
        let limit = self.limits.message;
        if reply.len() > limit {
            let failure = CallFailure::new(Status::TooLarge, limit.to_string());
            return self.reject(caller, &failure.with_executed(Executed::Yes));
        }
        caller.to.readdress(&mut reply);
        self.send(OutboundFrame::reply(caller.route, caller.to, reply));
    }

    /// Sends a caller a frame of its call that does not end it.
    pub(super) fn send_interim(&mut self, caller: &Caller, mut frame: Frame) {
        // A REQ socket takes the first message that arrives for the reply.
        if caller.wants_reply && !caller.route.ends_with_delimiter() {
            caller.to.readdress(&mut frame);
            self.send(OutboundFrame::ending_none(caller.route.clone(), frame));
        }
    }

    /// Sends a caller a failure; does nothing for a notification.
    pub(super) fn reject(&mut self, caller: Caller, failure: &CallFailure) {
        if caller.wants_reply {
            let frame = caller.to.fail(failure);
            self.send(OutboundFrame::reply(caller.route, caller.to, frame));
        }
    }

    /// Sends a caller an empty reply marked as accepted: the proxy has taken responsibility for its request.
    pub(super) fn accept(&mut self, caller: Caller, codec: u8) {
        if caller.wants_reply {
            let mut metadata = MetadataBuf::new();
            metadata.set(ACCEPTED_KEY, "");
            let (metadata, body) = (metadata.as_metadata(), &[][..]);
            let accepted = Reply::Value {
                codec,
                metadata,
                body,
            };
            let frame = caller.to.encode(accepted);
            self.send(OutboundFrame::reply(caller.route, caller.to, frame));
        }
    }

    fn send(&mut self, frame: OutboundFrame) {
        let counters = &self.counters.frontend;
        let disconnected = self.outbox.send(frame, &mut self.router, counters);
        self.after_send(disconnected);
    }

    /// Sends a message that [`is_flushed`](Self::is_flushed) does not wait for.
    fn send_best_effort(&mut self, frame: OutboundFrame) {
        let counters = &self.counters.frontend;
        let disconnected = self.outbox.send_optional(frame, &mut self.router, counters);
        self.after_send(disconnected);
    }

    fn after_send(&mut self, disconnected: Option<Route>) {
        self.needs_drain = true;
        if let Some(route) = disconnected {
            self.draining.forget(&route);
            self.disconnected.push(route);
        }
    }
}

/// Returns the codec of a request, which its acknowledgement repeats.
pub(super) fn codec_of(request: &[u8], limits: &Limits) -> u8 {
    match DIALECT.decode_inbound(request, limits) {
        Ok(Inbound::Request(Request { codec, .. })) => codec,
        _ => 0,
    }
}
