//! REP to PUB and SUB to PUB: publishes what comes in.

use std::sync::Arc;
use std::time::Instant;

use super::DIALECT;
use super::backend::too_many_hops;
use super::counters::ProxyCounters;
use super::event_output::EventOutput;
use super::frontend::{Frontend, FrontendRequest, codec_of};
use super::relay::{Relay, RelayTurn};
use super::sources::{Events, InputSockets, TURN};
use crate::dialect::CallFailure;
use crate::socket::{Frame, Poller, SocketError};
use crate::wire::{HEARTBEAT_TOPIC, Limits, MAX_HOPS, Status, with_hops};

/// The relay from REP to PUB: publishes each request as an event, then acknowledges it.
pub(super) struct Announcing {
    frontend: Frontend,
    output: EventOutput,
    topic: Box<str>,
    stopping: bool,
}

impl Announcing {
    pub(super) fn new(frontend: Frontend, output: EventOutput, topic: Box<str>) -> Self {
        Self {
            frontend,
            output,
            topic,
            stopping: false,
        }
    }
}

impl Relay for Announcing {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        vec![self.frontend.poller(), self.output.poller()]
    }

    fn after_wait(&mut self) {
        self.frontend.after_wait();
        self.output.after_wait();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        let Self {
            frontend,
            output,
            topic,
            stopping,
        } = self;
        let limits = frontend.limits;
        let mut broken = None;
        if frontend.needs_drain() {
            frontend.receive(now, |frontend, request| {
                // A cancellation is ignored: what was published cannot be taken back.
                let FrontendRequest::Request {
                    caller, request, ..
                } = request
                else {
                    return;
                };
                if *stopping {
                    return frontend.reject(caller, &CallFailure::new(Status::ShuttingDown, ""));
                }
                match publish_request(output, topic, &request, &limits) {
                    Ok(Ok(codec)) => frontend.accept(caller, codec),
                    Ok(Err(failure)) => frontend.reject(caller, &failure),
                    Err(error) => broken = Some(error),
                }
            })?;
        }
        if let Some(error) = broken {
            return Err(error);
        }
        drop(frontend.take_disconnected());
        output.serve(now)?;
        if frontend.needs_drain() {
            return Ok(RelayTurn::Again);
        }
        let times = [output.due(now), frontend.due()];
        Ok(RelayTurn::Wait(times.into_iter().flatten().min()))
    }

    fn frontend(&mut self) -> Option<&mut Frontend> {
        Some(&mut self.frontend)
    }

    fn stop(&mut self) {
        self.stopping = true;
    }

    fn is_done(&self) -> bool {
        true
    }

    fn abandon(&mut self) {}

    fn is_flushed(&self) -> bool {
        self.frontend.is_flushed()
    }

    fn close_and_release(self: Box<Self>) {
        self.frontend.close_and_release();
        self.output.close_and_release();
    }
}

/// Publishes a request as an event. Returns the codec of the acknowledgement, or why the request is rejected.
fn publish_request(
    output: &mut EventOutput,
    topic: &str,
    request: &[u8],
    limits: &Limits,
) -> Result<Result<u8, CallFailure>, SocketError> {
    let codec = codec_of(request, limits);
    let hop_count = DIALECT.hops(request);
    if hop_count >= MAX_HOPS {
        return Ok(Err(too_many_hops()));
    }
    let sequence = with_hops(hop_count + 1, output.sequence());
    let event = match DIALECT.request_to_event(request, sequence, output.id, limits) {
        Ok(event) => Frame::from(event),
        // An event is longer than its request, which may have been as long as allowed.
        Err(error) => return Ok(Err(CallFailure::new(error.status(), error.to_string()))),
    };
    if !output.publish(topic.as_bytes(), event)? {
        let detail = "a subscriber of the proxy has no room";
        return Ok(Err(CallFailure::new(Status::Overloaded, detail)));
    }
    output.advance();
    Ok(Ok(codec))
}

/// The relay from SUB to PUB: publishes events under their publisher's id and sequence number; only their count of
/// proxies changes.
pub(super) struct Republishing {
    events: Events,
    output: EventOutput,
    counters: Arc<ProxyCounters>,
    stopping: bool,
}

impl Republishing {
    pub(super) fn new(events: Events, output: EventOutput, counters: Arc<ProxyCounters>) -> Self {
        Self {
            events,
            output,
            counters,
            stopping: false,
        }
    }
}

impl Relay for Republishing {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        let output = std::iter::once(self.output.poller());
        output.chain(self.events.pollers()).collect()
    }

    fn after_wait(&mut self) {
        self.events.after_wait();
        self.output.after_wait();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        if self.stopping {
            self.events.mark_drained();
        }
        for _ in 0..4 * TURN {
            let Some((topic, mut event)) = self.events.next(now)? else {
                break;
            };
            if *topic != *HEARTBEAT_TOPIC {
                self.counters.received.increment();
            }
            event.make_owned();
            if !self.counters.count_hop(&mut event) || !self.output.publish(&topic, event)? {
                self.counters.given_up.increment();
            }
        }
        self.output.serve(now)?;
        if !self.events.needs_drain() {
            self.events.maintain(now, !self.stopping);
        }
        if self.events.needs_drain() {
            return Ok(RelayTurn::Again);
        }
        let times = [self.output.due(now), self.events.due()];
        Ok(RelayTurn::Wait(times.into_iter().flatten().min()))
    }

    fn stop(&mut self) {
        self.stopping = true;
    }

    fn is_done(&self) -> bool {
        true
    }

    fn abandon(&mut self) {}

    fn is_flushed(&self) -> bool {
        true
    }

    fn close_and_release(self: Box<Self>) {
        self.events.close_and_release();
        self.output.close_and_release();
    }
}
