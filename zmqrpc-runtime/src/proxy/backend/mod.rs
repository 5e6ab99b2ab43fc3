//! The target side of a proxy: its connections to services, and the calls in flight over them.
//!
//! [`CallForwarder`](super::call_forwarder) and [`Deliverer`](super::deliverer) forward calls through a [`Backend`]. The
//! type parameter `O` is the origin of a call, which a [`CallSink`] gets back with the call's outcome.

mod outcomes;
#[cfg(test)]
mod simulation;
mod targets;
mod turn;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connection::{CallKind, CallSettings, LimitExceeded, Liveness, Multiplexer, NewCall};
use crate::dialect::CallFailure;
use crate::error::Error;
use crate::proxy::DIALECT;
use crate::proxy::counters::ProxyCounters;
use crate::socket::{DealerSocket, Endpoint, Frame, Poller, Requester, SocketOptions};
use crate::wire::{Executed, MAX_HOPS, Status};
pub(super) use outcomes::{CallSink, too_many_hops};
use outcomes::{ENDED, SentAtOnce, failure};
#[cfg(test)]
pub(crate) use simulation::SimulatedProxy;
use targets::{TargetSocket, Targets};

/// A request to forward.
pub(super) struct Outgoing<O> {
    pub(super) origin: O,
    pub(super) request: Frame,
    pub(super) deadline: Option<Instant>,
    pub(super) wants_reply: bool,
}

/// How the calls of a proxy are treated.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackendSettings {
    /// Calls that have not ended, whether they wait or have been sent.
    pub(super) in_flight: usize,
    /// Bytes of the requests that wait for a connection; as many again may be kept for redirects.
    pub(super) waiting_bytes: usize,
    /// How long a request waits for a connection.
    pub(super) connect_timeout: Duration,
}

pub(super) struct Backend<O, S = DealerSocket> {
    calls: Multiplexer<Option<O>>,
    targets: Targets<S>,
    counters: Arc<ProxyCounters>,
    /// When the sockets' monitors were last read regardless of signals.
    monitors_checked_at: Instant,
}

impl<O> Backend<O> {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        liveness: Liveness,
        settings: BackendSettings,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let open = |endpoint: &Endpoint| {
            let dealer = DealerSocket::connect(endpoint, options)
                .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
            counters.watch_unauthenticated(dealer.rejected_logins());
            Ok::<_, Error>(dealer)
        };
        let sockets = endpoints.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self::new(sockets, liveness, settings, counters))
    }

    pub(super) fn pollers(&self) -> impl Iterator<Item = Arc<Poller>> + '_ {
        self.targets.0.iter().map(|target| target.socket.poller())
    }
}

impl<O, S: Requester> Backend<O, S> {
    fn new(
        sockets: Vec<S>,
        liveness: Liveness,
        settings: BackendSettings,
        counters: Arc<ProxyCounters>,
    ) -> Self {
        let settings = CallSettings {
            max_calls: settings.in_flight,
            max_queued_bytes: settings.waiting_bytes,
            connect_timeout: Some(settings.connect_timeout),
            shortens_remaining: true,
            // A target knows how much time a call has.
            cancels_expired: false,
        };
        Self {
            calls: Multiplexer::new(sockets.len(), liveness, settings),
            targets: Targets(sockets.into_iter().map(TargetSocket::new).collect()),
            counters,
            monitors_checked_at: Instant::now(),
        }
    }

    /// Has requests keep the remaining time that they come with.
    pub(super) fn keep_remaining(&mut self) {
        self.calls.keep_remaining();
    }

    /// Returns the number of calls that have not ended.
    pub(super) fn in_flight(&self) -> usize {
        self.calls.len()
    }

    /// Returns whether a connected target takes calls, that is, is not draining.
    pub(super) fn is_up(&self) -> bool {
        self.calls.takes_calls()
    }

    /// Sends a call, or queues it until a connection takes it. Returns its id, or its origin and the failure if the proxy
    /// has no room for it or it has passed too many proxies.
    pub(super) fn forward(
        &mut self,
        call: Outgoing<O>,
        now: Instant,
    ) -> Result<u64, (O, CallFailure)> {
        let hops = DIALECT.hops(&call.request);
        if hops >= MAX_HOPS {
            return Err((call.origin, too_many_hops()));
        }
        let Outgoing {
            origin,
            mut request,
            deadline,
            wants_reply,
        } = call;
        let call = NewCall {
            kind: if wants_reply {
                CallKind::Call
            } else {
                CallKind::Notification
            },
            hops: hops + 1,
            deadline,
            movable: false,
        };
        let targets = &mut self.targets;
        let begun = match self
            .calls
            .begin(&mut request, call, now, targets, &mut SentAtOnce)
        {
            Ok(begun) => begun,
            Err(exceeded) => return Err((origin, self.overloaded(exceeded))),
        };
        if let Some(kept) = self.calls.origin_mut(begun.id) {
            *kept = Some(origin);
        }
        if begun.written {
            self.counters.forwarded.increment();
        } else {
            for (at, target) in self.targets.0.iter_mut().enumerate() {
                if !self.calls.link(at).is_up() {
                    target.socket.retry_login_soon();
                }
            }
        }
        Ok(begun.id)
    }

    fn overloaded(&self, exceeded: LimitExceeded) -> CallFailure {
        self.counters.overloaded.increment();
        let detail = match exceeded {
            LimitExceeded::Calls(limit) => {
                format!("the proxy has {limit} calls in flight, see `max_calls`")
            }
            LimitExceeded::QueuedBytes(limit) => format!(
                "over {limit} bytes of requests wait for a connection of the proxy, see `max_queued_bytes`"
            ),
        };
        CallFailure::new(Status::Overloaded, detail)
    }

    /// Returns the origin of a call that has not ended.
    pub(super) fn origin(&self, id: u64) -> Option<&O> {
        self.calls.origin(id)?.as_ref()
    }

    /// Cancels a call, also at its target. Returns its origin; `None` if it has ended.
    pub(super) fn cancel(&mut self, id: u64) -> Option<O> {
        let call = self.calls.cancel(id, &mut self.targets)?;
        self.counters.cancelled.increment();
        call.origin
    }

    /// Cancels the calls whose origin satisfies `predicate`, and returns their origins.
    pub(super) fn cancel_where(&mut self, predicate: impl Fn(&O) -> bool) -> Vec<O> {
        let is_meant = |origin: &Option<O>| origin.as_ref().is_some_and(&predicate);
        let ids = self.calls.ids_where(is_meant);
        ids.into_iter().filter_map(|id| self.cancel(id)).collect()
    }

    /// Fails the calls that still wait for a connection.
    pub(super) fn fail_waiting(&mut self, failure: &CallFailure, callers: &mut impl CallSink<O>) {
        for id in self.calls.waiting_ids() {
            let call = self.calls.cancel(id, &mut self.targets);
            if let Some(origin) = call.and_then(|call| call.origin) {
                callers.failed(origin, failure.clone());
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
