//! The services that a proxy passes calls on to: its connections to them, and the calls that are under way there.
//!
//! Every way to forward calls goes through here; `O` is where a call came from, which is told what became of it.

mod calls;
mod connection;
mod events;
mod turn;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::client::{DrainState, Liveness};
use crate::command::CallFailure;
use crate::error::Error;
use crate::proxy::counters::ProxyCounters;
use crate::socket::{DealerSocket, Endpoint, Message, Poller, SocketOptions};
use crate::wire::{
    Executed, MAX_HOPS, Status, encode_cancel, hops, patch_id, peek_id, shorten_remaining,
};
use calls::{CallStage, ForwardedCall, ForwardedCalls, MOST, Redirect};
use connection::{BackendConnection, send};
pub(super) use events::{CallSink, going_round};
use events::{ENDED, refusal};

/// A request on its way out.
pub(super) struct Outgoing<O> {
    pub(super) origin: O,
    pub(super) request: Message,
    pub(super) deadline: Option<Instant>,
    pub(super) wants_reply: bool,
}

/// What the calls of one proxy may take up.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackendLimits {
    pub(super) in_flight: usize,
    /// Bytes of the requests that wait for a connection.
    pub(super) waiting_bytes: usize,
    /// How long they wait.
    pub(super) connect_timeout: Duration,
}

pub(super) struct Backend<O> {
    connections: Vec<BackendConnection>,
    /// The link whose turn it is.
    turn: usize,
    calls: ForwardedCalls<O>,
    bounds: BackendLimits,
    counters: Arc<ProxyCounters>,
    /// What a request says of its remaining time is written anew when it goes.
    pub(super) counts_down: bool,
    /// When the monitors were asked last.
    looked: Instant,
}

/// libzmq receives small frames in common buffers of this size, each of which lives as long as one of its frames.
const RECEIVE_BUFFER: usize = 8192;

impl<O> Backend<O> {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        liveness: Liveness,
        bounds: BackendLimits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let open = |endpoint: &Endpoint| {
            let dealer = DealerSocket::connect(endpoint, options)
                .map_err(|error| Error::unopened(endpoint, &error))?;
            counters.watch_refused(dealer.rejected_logins());
            Ok::<_, Error>(BackendConnection {
                poller: dealer.poller(),
                dealer,
                up: false,
                drain: DrainState::default(),
                liveness,
                in_flight: 0,
                used: true,
                renew_at: None,
            })
        };
        Ok(Self {
            connections: endpoints.iter().map(open).collect::<Result<_, _>>()?,
            turn: 0,
            calls: ForwardedCalls::default(),
            bounds: BackendLimits {
                in_flight: bounds.in_flight.min(MOST),
                ..bounds
            },
            counters,
            counts_down: true,
            looked: Instant::now(),
        })
    }

    pub(super) fn pollers(&self) -> impl Iterator<Item = Arc<Poller>> + '_ {
        self.connections
            .iter()
            .map(|connection| Arc::clone(&connection.poller))
    }

    /// Calls that have not ended.
    pub(super) fn in_flight(&self) -> usize {
        self.calls.len()
    }

    /// Whether a target is connected that is not about to end.
    pub(super) fn is_up(&self) -> bool {
        self.connections.iter().any(BackendConnection::takes_calls)
    }

    /// Passes a call on, or keeps it until it can be. Answers its number; or gives it back when there is no room for it,
    /// and says so.
    pub(super) fn begin(
        &mut self,
        call: Outgoing<O>,
        now: Instant,
    ) -> Result<u64, (O, CallFailure)> {
        if self.calls.len() >= self.bounds.in_flight {
            let detail = format!(
                "the proxy has {} calls under way, see `max_calls`",
                self.bounds.in_flight
            );
            return Err((call.origin, self.overloaded(detail)));
        }
        let Outgoing {
            origin,
            mut request,
            deadline,
            wants_reply,
        } = call;
        // Once: asking libzmq where the bytes are takes longer than changing them.
        let frame: &mut [u8] = &mut request;
        let passed = peek_id(frame).map_or(0, hops);
        if passed >= MAX_HOPS {
            return Err((origin, going_round()));
        }
        let passed = passed + 1;
        let id = self.calls.next_id(passed);
        patch_id(frame, id);
        let mut stage = None;
        if !self.calls.has_waiting() {
            if self.counts_down {
                shorten(frame, deadline, now);
            }
            let again = self.keep(&request, wants_reply);
            match send(&mut self.connections, &mut self.turn, &[], request, now) {
                Ok(connection) => {
                    self.counters.forwarded.increment();
                    if !wants_reply {
                        return Ok(id);
                    }
                    self.connections[connection].in_flight += 1;
                    request = Message::new();
                    stage = Some(CallStage::Sent { connection, again });
                }
                Err(back) => request = back,
            }
        }
        if stage.is_none() {
            let down = self
                .connections
                .iter_mut()
                .filter(|connection| !connection.up);
            down.for_each(|connection| connection.dealer.retry_login_soon());
        }
        let stage = match stage {
            Some(stage) => stage,
            None => match self.room_for(request, now) {
                Ok(stage) => stage,
                Err(refusal) => return Err((origin, refusal)),
            },
        };
        let call = ForwardedCall {
            origin,
            deadline,
            wants_reply,
            stage,
        };
        Ok(self.calls.insert(passed, call))
    }

    /// A copy of a request for another target, should the first one refuse it: if there are others, and room.
    fn keep(&self, request: &Message, wants_reply: bool) -> Option<Box<Redirect>> {
        let left = self
            .bounds
            .waiting_bytes
            .saturating_sub(self.calls.kept_bytes());
        let kept = wants_reply && self.connections.len() > 1 && request.len() <= left;
        kept.then(|| Box::new(Redirect::of(request)))
    }

    fn room_for(&self, request: Message, now: Instant) -> Result<CallStage, CallFailure> {
        let limit = self.bounds.waiting_bytes;
        if self.calls.waiting_bytes().saturating_add(request.len()) > limit {
            let detail = format!(
                "over {limit} bytes of requests wait for a connection of the proxy, see `max_queued_bytes`"
            );
            return Err(self.overloaded(detail));
        }
        // A frame that waits must not keep the whole buffer that it was received in.
        let request = if request.len() < RECEIVE_BUFFER {
            Message::copy_of(&request)
        } else {
            request
        };
        let until = now + self.bounds.connect_timeout;
        Ok(CallStage::Waiting { request, until })
    }

    fn overloaded(&self, detail: String) -> CallFailure {
        self.counters.overloaded.increment();
        CallFailure::new(Status::Overloaded, detail)
    }

    /// Where a call came from.
    pub(super) fn origin(&self, id: u64) -> Option<&O> {
        self.calls.get(id).map(|call| &call.origin)
    }

    /// Gives a call up, and tells the target. Answers where it came from.
    pub(super) fn cancel(&mut self, id: u64) -> Option<O> {
        let call = self.calls.take(id)?;
        if let CallStage::Sent { connection, .. } = call.stage {
            self.connections[connection].in_flight -= 1;
            self.connections[connection].tell(&encode_cancel(id));
        }
        self.counters.cancelled.increment();
        Some(call.origin)
    }

    /// Gives up the calls that `which` picks.
    pub(super) fn cancel_all(&mut self, which: impl Fn(&O) -> bool) -> Vec<O> {
        let picked = self.calls.pick(|call| which(&call.origin));
        picked
            .into_iter()
            .filter_map(|id| self.cancel(id))
            .collect()
    }

    /// Fails the calls that have not been handed over.
    pub(super) fn fail_waiting(&mut self, failure: &CallFailure, callers: &mut impl CallSink<O>) {
        for id in self
            .calls
            .pick(|call| matches!(call.stage, CallStage::Waiting { .. }))
        {
            if let Some(call) = self.calls.take(id) {
                callers.failed(call.origin, failure.clone());
            }
        }
    }

    /// Fails every call, and tells the targets that nobody waits.
    pub(super) fn abandon(&mut self, callers: &mut impl CallSink<O>) {
        let failure = refusal(Status::Unavailable, ENDED, Executed::No);
        self.fail_waiting(&failure, callers);
        for origin in self.cancel_all(|_| true) {
            callers.failed(origin, failure.clone().surely(Executed::Maybe));
        }
    }
}

fn shorten(request: &mut [u8], deadline: Option<Instant>, now: Instant) {
    if let Some(deadline) = deadline {
        shorten_remaining(request, deadline.saturating_duration_since(now));
    }
}
