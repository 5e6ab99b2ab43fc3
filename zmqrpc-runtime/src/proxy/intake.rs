//! Where a proxy that keeps what it accepts gets it from.

use std::sync::Arc;
use std::time::Instant;

use super::counters::ProxyCounters;
use super::delivery_schedule::Origin;
use super::frontend::{Caller, Frontend, FrontendRequest};
use super::queue::Stored;
use super::sources::{InputSockets, TURN};
use super::spool::{Spool, millis_now};
use crate::command::CallFailure;
use crate::socket::{Poller, SocketError};
use crate::wire::{DELIVERY_KEY, Incoming, Limits, Metadata, Request, Status};

/// What becomes of what comes in.
pub(super) enum Accepting<'a> {
    Into(&'a mut Spool),
    /// The proxy ends.
    Stopped,
}

pub(super) trait Intake: Send {
    /// What to wait for.
    fn pollers(&self) -> Vec<Arc<Poller>>;
    /// Something may have happened.
    fn wake(&mut self);
    /// A socket was used since it was drained: it must not be waited on.
    fn is_used(&self) -> bool;
    /// It can be left alone while there is no room: what comes meanwhile waits in the socket.
    fn may_wait(&self) -> bool;
    fn take_in(&mut self, now: Instant, accepting: Accepting<'_>) -> Result<(), SocketError>;
    /// So many of those that were put into the queue are in it for good.
    fn accepted(&mut self, count: usize);
    /// So many of them, or all if they are fewer, are not.
    fn refused(&mut self, count: usize, refusal: &CallFailure);
    /// Looks after connections while it is left alone.
    fn settle(&mut self) -> Result<(), SocketError> {
        Ok(())
    }
    /// Looks after connections; `heard` is false while nobody listens.
    fn look(&mut self, _now: Instant, _heard: bool) {}
    /// When to look next.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// Where callers come in.
    fn frontend(&mut self) -> Option<&mut Frontend> {
        None
    }
    fn is_flushed(&self) -> bool;
    fn close_and_release(self);
}

/// Requests of callers, who are told when theirs are accepted.
pub(super) struct CallerIntake {
    frontend: Frontend,
    /// Those whose requests are not committed yet, and their codecs.
    waiting: Vec<(Caller, u8)>,
}

/// Bytes that the name of a delivery adds to a request at most: key, value and their lengths.
const NAME_ROOM: usize = DELIVERY_KEY.len() + 16 + 1 + 20 + 2;

impl CallerIntake {
    pub(super) fn new(frontend: Frontend) -> Self {
        let waiting = Vec::new();
        Self { frontend, waiting }
    }
}

impl Intake for CallerIntake {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        vec![self.frontend.poller()]
    }

    fn wake(&mut self) {
        self.frontend.wake();
    }

    fn is_used(&self) -> bool {
        self.frontend.is_used()
    }

    fn may_wait(&self) -> bool {
        // Who finds no room is told so.
        false
    }

    fn take_in(&mut self, now: Instant, mut accepting: Accepting<'_>) -> Result<(), SocketError> {
        let Self { frontend, waiting } = self;
        let limits = frontend.limits;
        frontend.take_in(now, |frontend, asked| {
            // A request that was given up may have been accepted by now, and is delivered then.
            let FrontendRequest::Request {
                caller, request, ..
            } = asked
            else {
                return;
            };
            let Accepting::Into(spool) = &mut accepting else {
                return frontend.refuse(caller, &CallFailure::new(Status::ShuttingDown, ""));
            };
            let refusal = unfit(&request, &limits).or_else(|| spool.refusal(request.len(), now));
            if let Some(refusal) = refusal {
                return frontend.refuse(caller, &refusal);
            }
            let origin = Origin {
                connection: frontend.connection(&caller.route),
                address: request.peer_address().unwrap_or_default().into(),
            };
            let stored = Stored {
                origin: Some(origin),
                accepted: millis_now(),
                frame: request.to_vec(),
            };
            spool.put(stored, now);
            waiting.push((caller, codec_of(&request, &limits)));
        })?;
        // What they asked for has been accepted: it is delivered all the same.
        drop(self.frontend.take_gone());
        Ok(())
    }

    fn accepted(&mut self, count: usize) {
        for (caller, codec) in self.waiting.drain(..count) {
            self.frontend.accept(caller, codec);
        }
    }

    fn refused(&mut self, count: usize, refusal: &CallFailure) {
        let count = count.min(self.waiting.len());
        for (caller, _) in self.waiting.drain(..count) {
            self.frontend.refuse(caller, refusal);
        }
    }

    fn due(&self) -> Option<Instant> {
        self.frontend.due()
    }

    fn frontend(&mut self) -> Option<&mut Frontend> {
        Some(&mut self.frontend)
    }

    fn is_flushed(&self) -> bool {
        self.frontend.is_flushed()
    }

    fn close_and_release(self) {
        self.frontend.close_and_release();
    }
}

fn codec_of(request: &[u8], limits: &Limits) -> u8 {
    match Incoming::decode(request, limits) {
        Ok(Incoming::Request(Request { codec, .. })) => codec,
        _ => 0,
    }
}

/// Why a request has no room for the name that it is delivered under, if it has none.
fn unfit(request: &[u8], limits: &Limits) -> Option<CallFailure> {
    let metadata = match Incoming::decode(request, limits) {
        Ok(Incoming::Request(Request { metadata, .. })) => metadata,
        _ => Metadata::EMPTY,
    };
    if metadata.get(DELIVERY_KEY).is_some() {
        return None;
    }
    if request.len() + NAME_ROOM > limits.message {
        let limit = limits.message - NAME_ROOM;
        return Some(
            CallFailure::new(Status::TooLarge, limit.to_string())
                .with_executed(crate::wire::Executed::No),
        );
    }
    let full = metadata.len() >= limits.metadata_entries
        || metadata.as_bytes().len() + NAME_ROOM > limits.metadata_bytes;
    full.then(|| {
        let detail = "the metadata leaves no room for the entry that the proxy's queue adds";
        CallFailure::new(Status::Malformed, detail)
    })
}

/// Events and jobs, which nobody waits for.
pub(super) struct MessageIntake<S> {
    stream: S,
    limits: Limits,
    counters: Arc<ProxyCounters>,
}

impl<S: InputSockets> MessageIntake<S> {
    pub(super) fn new(stream: S, limits: Limits, counters: Arc<ProxyCounters>) -> Self {
        Self {
            stream,
            limits,
            counters,
        }
    }
}

impl<S: InputSockets> Intake for MessageIntake<S> {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        self.stream.pollers()
    }

    fn wake(&mut self) {
        self.stream.wake();
    }

    fn is_used(&self) -> bool {
        self.stream.is_used()
    }

    fn may_wait(&self) -> bool {
        true
    }

    fn take_in(&mut self, now: Instant, accepting: Accepting<'_>) -> Result<(), SocketError> {
        let Accepting::Into(spool) = accepting else {
            self.stream.leave();
            return Ok(());
        };
        for _ in 0..4 * TURN {
            if !spool.has_room() {
                break;
            }
            let Some(item) = self.stream.next(now)? else {
                break;
            };
            let Some(frame) = S::call(&item, &self.limits) else {
                continue;
            };
            self.counters.received.increment();
            let stored = Stored {
                origin: None,
                accepted: millis_now(),
                frame,
            };
            spool.put(stored, now);
        }
        Ok(())
    }

    fn accepted(&mut self, _: usize) {}

    fn refused(&mut self, _: usize, _: &CallFailure) {}

    fn settle(&mut self) -> Result<(), SocketError> {
        self.stream.settle()
    }

    fn look(&mut self, now: Instant, heard: bool) {
        self.stream.look(now, heard);
    }

    fn due(&self) -> Option<Instant> {
        self.stream.due()
    }

    fn is_flushed(&self) -> bool {
        true
    }

    fn close_and_release(self) {
        self.stream.close_and_release();
    }
}
