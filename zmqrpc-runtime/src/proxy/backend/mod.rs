//! The target side of a proxy: its connections to services, and the calls in flight over them.
//!
//! [`CallForwarder`](super::call_forwarder) and [`Deliverer`](super::deliverer) forward calls through a [`Backend`]. The
//! type parameter `O` is the origin of a call, which a [`CallSink`] gets back with the call's outcome.

mod calls;
mod connection;
mod events;
#[cfg(test)]
mod simulation;
mod turn;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::{Link, Liveness, MAX_CALLS};
use crate::dialect::CallFailure;
use crate::error::Error;
use crate::proxy::DIALECT;
use crate::proxy::counters::ProxyCounters;
use crate::socket::{DealerSocket, Endpoint, Frame, Poller, Requester, SocketOptions};
use crate::wire::{Executed, MAX_HOPS, Status};
use calls::{CallStage, ForwardedCall, ForwardedCalls, Redirect};
use connection::{BackendConnection, send};
pub(super) use events::{CallSink, too_many_hops};
use events::{ENDED, failure};

/// A request to forward.
pub(super) struct Outgoing<O> {
    pub(super) origin: O,
    pub(super) request: Frame,
    pub(super) deadline: Option<Instant>,
    pub(super) wants_reply: bool,
}

/// Limits of the calls of one proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackendLimits {
    /// Calls that have not ended, whether they wait or have been sent.
    pub(super) in_flight: usize,
    /// Bytes of the requests that wait for a connection; as many again may be kept for redirects.
    pub(super) waiting_bytes: usize,
    /// How long a request waits for a connection.
    pub(super) connect_timeout: Duration,
}

pub(super) struct Backend<O, S = DealerSocket> {
    connections: Vec<BackendConnection<S>>,
    /// Index of the connection that the next request tries first: round robin.
    next_connection: usize,
    calls: ForwardedCalls<O>,
    limits: BackendLimits,
    counters: Arc<ProxyCounters>,
    /// Whether a request's remaining time is updated to its deadline when the request is sent.
    pub(super) updates_remaining: bool,
    /// When the connections' monitors were last read regardless of signals.
    monitors_checked_at: Instant,
}

/// Size of the buffers into which libzmq receives small frames. A buffer lives as long as any frame in it.
const RECEIVE_BUFFER: usize = 8192;

impl<O> Backend<O> {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        liveness: Liveness,
        limits: BackendLimits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let open = |endpoint: &Endpoint| {
            let dealer = DealerSocket::connect(endpoint, options)
                .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
            counters.watch_unauthenticated(dealer.rejected_logins());
            Ok::<_, Error>(dealer)
        };
        let sockets = endpoints.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self::new(sockets, liveness, limits, counters))
    }

    pub(super) fn pollers(&self) -> impl Iterator<Item = Arc<Poller>> + '_ {
        self.connections
            .iter()
            .map(|connection| connection.socket.poller())
    }
}

impl<O, S: Requester> Backend<O, S> {
    fn new(
        sockets: Vec<S>,
        liveness: Liveness,
        limits: BackendLimits,
        counters: Arc<ProxyCounters>,
    ) -> Self {
        let connection = |socket| BackendConnection {
            socket,
            link: Link::new(liveness),
            in_flight: 0,
            needs_drain: true,
            reconnect_at: None,
        };
        Self {
            connections: sockets.into_iter().map(connection).collect(),
            next_connection: 0,
            calls: ForwardedCalls::default(),
            limits: BackendLimits {
                in_flight: limits.in_flight.min(MAX_CALLS),
                ..limits
            },
            counters,
            updates_remaining: true,
            monitors_checked_at: Instant::now(),
        }
    }

    /// Returns the number of calls that have not ended.
    pub(super) fn in_flight(&self) -> usize {
        self.calls.len()
    }

    /// Returns whether a connected target takes calls, that is, is not draining.
    pub(super) fn is_up(&self) -> bool {
        self.connections.iter().any(BackendConnection::takes_calls)
    }

    /// Sends a call, or queues it until a connection takes it. Returns its id, or its origin and the failure if the proxy
    /// has no room for it or it has passed too many proxies.
    pub(super) fn forward(
        &mut self,
        call: Outgoing<O>,
        now: Instant,
    ) -> Result<u64, (O, CallFailure)> {
        if self.calls.len() >= self.limits.in_flight {
            let detail = format!(
                "the proxy has {} calls in flight, see `max_calls`",
                self.limits.in_flight
            );
            return Err((call.origin, self.overloaded(detail)));
        }
        let Outgoing {
            origin,
            mut request,
            deadline,
            wants_reply,
        } = call;
        // Dereferenced once: asking libzmq for the address of the bytes takes longer than changing them.
        let frame: &mut [u8] = &mut request;
        let hop_count = DIALECT.hops(frame);
        if hop_count >= MAX_HOPS {
            return Err((origin, too_many_hops()));
        }
        let hop_count = hop_count + 1;
        let id = self.calls.next_id(hop_count);
        DIALECT.set_id(frame, id);
        let mut stage = None;
        if !self.calls.has_waiting() {
            if self.updates_remaining {
                update_remaining(frame, deadline, now);
            }
            let redirect = self.copy_for_redirect(&request, wants_reply);
            match send(
                &mut self.connections,
                &mut self.next_connection,
                &[],
                request,
                now,
            ) {
                Ok(connection) => {
                    self.counters.forwarded.increment();
                    if !wants_reply {
                        return Ok(id);
                    }
                    self.connections[connection].in_flight += 1;
                    request = Frame::new();
                    stage = Some(CallStage::Sent {
                        connection,
                        redirect,
                    });
                }
                Err(back) => request = back,
            }
        }
        if stage.is_none() {
            let down = self
                .connections
                .iter_mut()
                .filter(|connection| !connection.link.is_up());
            down.for_each(|connection| connection.socket.retry_login_soon());
        }
        let stage = match stage {
            Some(stage) => stage,
            None => match self.wait_for_connection(request, now) {
                Ok(stage) => stage,
                Err(failure) => return Err((origin, failure)),
            },
        };
        let call = ForwardedCall {
            origin,
            deadline,
            wants_reply,
            stage,
        };
        Ok(self.calls.insert(hop_count, call))
    }

    /// Copies a request so that it can be redirected if its target rejects it; `None` if there is no other target or no
    /// room for the copy.
    fn copy_for_redirect(&self, request: &Frame, wants_reply: bool) -> Option<Box<Redirect>> {
        let free_bytes = self
            .limits
            .waiting_bytes
            .saturating_sub(self.calls.redirect_bytes());
        let may_redirect = wants_reply && self.connections.len() > 1 && request.len() <= free_bytes;
        may_redirect.then(|| Box::new(Redirect::of(request)))
    }

    fn wait_for_connection(&self, request: Frame, now: Instant) -> Result<CallStage, CallFailure> {
        let limit = self.limits.waiting_bytes;
        if self.calls.waiting_bytes().saturating_add(request.len()) > limit {
            let detail = format!(
                "over {limit} bytes of requests wait for a connection of the proxy, see `max_queued_bytes`"
            );
            return Err(self.overloaded(detail));
        }
        // A small frame that waits must not keep alive the whole buffer that it was received in.
        let request = if request.len() < RECEIVE_BUFFER {
            Frame::copy_of(&request)
        } else {
            request
        };
        let until = now + self.limits.connect_timeout;
        Ok(CallStage::Waiting { request, until })
    }

    fn overloaded(&self, detail: String) -> CallFailure {
        self.counters.overloaded.increment();
        CallFailure::new(Status::Overloaded, detail)
    }

    /// Returns the origin of a call that has not ended.
    pub(super) fn origin(&self, id: u64) -> Option<&O> {
        self.calls.get(id).map(|call| &call.origin)
    }

    /// Cancels a call, also at its target. Returns its origin; `None` if it has ended.
    pub(super) fn cancel(&mut self, id: u64) -> Option<O> {
        let call = self.calls.take(id)?;
        if let CallStage::Sent { connection, .. } = call.stage {
            self.connections[connection].in_flight -= 1;
            self.connections[connection].try_send(DIALECT.cancel(id));
        }
        self.counters.cancelled.increment();
        Some(call.origin)
    }

    /// Cancels the calls whose origin satisfies `predicate`, and returns their origins.
    pub(super) fn cancel_where(&mut self, predicate: impl Fn(&O) -> bool) -> Vec<O> {
        let ids = self.calls.ids_where(|call| predicate(&call.origin));
        ids.into_iter().filter_map(|id| self.cancel(id)).collect()
    }

    /// Fails the calls that still wait for a connection.
    pub(super) fn fail_waiting(&mut self, failure: &CallFailure, callers: &mut impl CallSink<O>) {
        for id in self
            .calls
            .ids_where(|call| matches!(call.stage, CallStage::Waiting { .. }))
        {
            if let Some(call) = self.calls.take(id) {
                callers.failed(call.origin, failure.clone());
            }
        }
    }

    /// Fails every call, and cancels those that were sent at their targets.
    pub(super) fn abandon(&mut self, callers: &mut impl CallSink<O>) {
        let failure = failure(Status::Unavailable, ENDED, Executed::No);
        self.fail_waiting(&failure, callers);
        for origin in self.cancel_where(|_| true) {
            callers.failed(origin, failure.clone().with_executed(Executed::Maybe));
        }
    }
}

fn update_remaining(request: &mut [u8], deadline: Option<Instant>, now: Instant) {
    if let Some(deadline) = deadline {
        DIALECT.shorten_remaining(request, deadline.saturating_duration_since(now));
    }
}
