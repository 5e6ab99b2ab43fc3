//! What comes in is published: REP to PUB, SUB to PUB.

use std::sync::Arc;
use std::time::Instant;

use super::backend::going_round;
use super::counters::ProxyCounters;
use super::event_output::EventOutput;
use super::frontend::{Frontend, FrontendRequest};
use super::relay::{Relay, RelayTurn};
use super::sources::{Events, InputSockets, TURN};
use crate::command::CallFailure;
use crate::socket::{Message, Poller, SocketError};
use crate::wire::{
    HEARTBEAT_TOPIC, Incoming, Limits, MAX_HOPS, Request, Status, hops, numbered, peek_id,
    request_to_event,
};

/// Requests become events, and are answered when they have been published.
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

    fn wake(&mut self) {
        self.frontend.wake();
        self.output.wake();
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
        if frontend.is_used() {
            frontend.take_in(now, |frontend, asked| {
                // What was published cannot be taken back.
                let FrontendRequest::Request {
                    caller, request, ..
                } = asked
                else {
                    return;
                };
                if *stopping {
                    return frontend.refuse(caller, &CallFailure::new(Status::ShuttingDown, ""));
                }
                match announce(output, topic, &request, &limits) {
                    Ok(Ok(codec)) => frontend.accept(caller, codec),
                    Ok(Err(refusal)) => frontend.refuse(caller, &refusal),
                    Err(error) => broken = Some(error),
                }
            })?;
        }
        if let Some(error) = broken {
            return Err(error);
        }
        drop(frontend.take_gone());
        output.serve(now)?;
        if frontend.is_used() {
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

/// Publishes a request; answers the codec to accept it in.
fn announce(
    output: &mut EventOutput,
    topic: &str,
    request: &[u8],
    limits: &Limits,
) -> Result<Result<u8, CallFailure>, SocketError> {
    let codec = match Incoming::decode(request, limits) {
        Ok(Incoming::Request(Request { codec, .. })) => codec,
        _ => 0,
    };
    let passed = peek_id(request).map_or(0, hops);
    if passed >= MAX_HOPS {
        return Ok(Err(going_round()));
    }
    let sequence = numbered(passed + 1, output.sequence());
    let event = match request_to_event(request, sequence, output.id, limits) {
        Ok(event) => Message::from(event),
        // It is longer than the request, and that one was as long as may be.
        Err(error) => return Ok(Err(CallFailure::new(error.status(), error.to_string()))),
    };
    if !output.publish(topic.as_bytes(), event)? {
        let detail = "a subscriber of the proxy has no room";
        return Ok(Err(CallFailure::new(Status::Overloaded, detail)));
    }
    output.advance();
    Ok(Ok(codec))
}

/// Events are published again as they came, under their publisher's name and number, but for the count of proxies.
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

    fn wake(&mut self) {
        self.events.wake();
        self.output.wake();
    }

    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError> {
        if self.stopping {
            self.events.leave();
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
        if !self.events.is_used() {
            self.events.look(now, !self.stopping);
        }
        if self.events.is_used() {
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
