//! The input of a [`Deliverer`](super::deliverer): requests of callers, or events and jobs.

use std::sync::Arc;
use std::time::Instant;

use super::DIALECT;
use super::counters::ProxyCounters;
use super::delivery_schedule::Origin;
use super::frontend::{Caller, Frontend, FrontendRequest, codec_of};
use super::queue::Stored;
use super::sources::{InputSockets, TURN};
use super::spool::{Spool, millis_now};
use crate::dialect::{CallFailure, Inbound, Request};
use crate::socket::{Poller, SocketError};
use crate::wire::{DELIVERY_KEY, Limits, Metadata, Status};

/// What an [`Intake`] does with the messages that it receives.
pub(super) enum Accepting<'a> {
    /// Puts them into the spool.
    Into(&'a mut Spool),
    /// Rejects them: the proxy shuts down.
    Stopped,
}

/// A source of requests to deliver. Its methods are called by the proxy's thread.
pub(super) trait Intake: Send {
    /// Returns the pollers of its sockets.
    fn pollers(&self) -> Vec<Arc<Poller>>;
    /// Marks for draining the sockets that have signalled since the last wait.
    fn after_wait(&mut self);
    /// Returns whether a socket was used since its last drain, so that waiting on it could miss a message.
    fn needs_drain(&self) -> bool;
    /// Returns whether its sockets may stay unread while the spool is full, so that messages wait in them.
    fn may_pause(&self) -> bool;
    /// Receives what has arrived, up to a limit.
    fn receive(&mut self, now: Instant, accepting: Accepting<'_>) -> Result<(), SocketError>;
    /// The oldest `count` requests of those put into the spool have been committed to the queue.
    fn accepted(&mut self, count: usize);
    /// The oldest `count` of them, or all if they are fewer, were not.
    fn rejected(&mut self, count: usize, failure: &CallFailure);
    /// Maintains connections while messages stay unread.
    fn maintain_unread(&mut self) -> Result<(), SocketError> {
        Ok(())
    }
    /// Maintains connections; `is_reading` is false while messages stay unread.
    fn maintain(&mut self, _now: Instant, _is_reading: bool) {}
    /// Returns when to run again even if no socket signals.
    fn due(&self) -> Option<Instant> {
        None
    }
    /// Returns the socket that callers connect to, if there is one.
    fn frontend(&mut self) -> Option<&mut Frontend> {
        None
    }
    /// Returns whether every reply has been handed to libzmq or dropped.
    fn is_flushed(&self) -> bool;
    /// Closes the sockets and frees their endpoints.
    fn close_and_release(self);
}

/// Requests of callers, each of which is acknowledged when its request is in the queue.
pub(super) struct CallerIntake {
    frontend: Frontend,
    /// The callers whose requests are not committed yet, oldest first, and the codecs of the requests.
    unacknowledged: Vec<(Caller, u8)>,
}

/// Bytes by which the delivery's name lengthens a request at most: key, value and their lengths.
const MAX_NAME_BYTES: usize = DELIVERY_KEY.len() + 16 + 1 + 20 + 2;

impl CallerIntake {
    pub(super) fn new(frontend: Frontend) -> Self {
        let unacknowledged = Vec::new();
        Self {
            frontend,
            unacknowledged,
        }
    }
}

impl Intake for CallerIntake {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        vec![self.frontend.poller()]
    }

    fn after_wait(&mut self) {
        self.frontend.after_wait();
    }

    fn needs_drain(&self) -> bool {
        self.frontend.needs_drain()
    }

    fn may_pause(&self) -> bool {
        // A caller whose request finds no room gets a failure at once.
        false
    }

    fn receive(&mut self, now: Instant, mut accepting: Accepting<'_>) -> Result<(), SocketError> {
        let Self {
            frontend,
            unacknowledged,
        } = self;
        let limits = frontend.limits;
        frontend.receive(now, |frontend, request| {
            // A cancellation is ignored: the request may have been accepted, and is delivered then.
            let FrontendRequest::Request {
                caller, request, ..
            } = request
            else {
                return;
            };
            let Accepting::Into(spool) = &mut accepting else {
                return frontend.reject(caller, &CallFailure::new(Status::ShuttingDown, ""));
            };
            let failure = check_room_for_name(&request, &limits)
                .or_else(|| spool.check_room(request.len(), now));
            if let Some(failure) = failure {
                return frontend.reject(caller, &failure);
            }
            let origin = Origin {
                connection: frontend.connection_id(&caller.route),
                address: request.peer().address().unwrap_or_default().into(),
            };
            let stored = Stored {
                origin: Some(origin),
                accepted: millis_now(),
                frame: request.to_vec(),
            };
            spool.push(stored, now);
            unacknowledged.push((caller, codec_of(&request, &limits)));
        })?;
        // Accepted requests are delivered although their callers have disconnected.
        drop(self.frontend.take_disconnected());
        Ok(())
    }

    fn accepted(&mut self, count: usize) {
        for (caller, codec) in self.unacknowledged.drain(..count) {
            self.frontend.accept(caller, codec);
        }
    }

    fn rejected(&mut self, count: usize, failure: &CallFailure) {
        let count = count.min(self.unacknowledged.len());
        for (caller, _) in self.unacknowledged.drain(..count) {
            self.frontend.reject(caller, failure);
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

/// Returns the failure of a request that has no room for the delivery's name; `None` if it has.
fn check_room_for_name(request: &[u8], limits: &Limits) -> Option<CallFailure> {
    let metadata = match DIALECT.decode_inbound(request, limits) {
        Ok(Inbound::Request(Request { metadata, .. })) => metadata,
        _ => Metadata::EMPTY,
    };
    if metadata.get(DELIVERY_KEY).is_some() {
        return None;
    }
    if request.len() + MAX_NAME_BYTES > limits.message {
        let limit = limits.message - MAX_NAME_BYTES;
        return Some(
            CallFailure::new(Status::TooLarge, limit.to_string())
                .with_executed(crate::wire::Executed::No),
        );
    }
    let full = metadata.len() >= limits.metadata_entries
        || metadata.as_bytes().len() + MAX_NAME_BYTES > limits.metadata_bytes;
    full.then(|| {
        let detail = "the metadata leaves no room for the entry that the proxy's queue adds";
        CallFailure::new(Status::Malformed, detail)
    })
}

/// Events and jobs, whose senders expect no reply.
pub(super) struct MessageIntake<S> {
    sockets: S,
    limits: Limits,
    counters: Arc<ProxyCounters>,
}

impl<S: InputSockets> MessageIntake<S> {
    pub(super) fn new(sockets: S, limits: Limits, counters: Arc<ProxyCounters>) -> Self {
        Self {
            sockets,
            limits,
            counters,
        }
    }
}

impl<S: InputSockets> Intake for MessageIntake<S> {
    fn pollers(&self) -> Vec<Arc<Poller>> {
        self.sockets.pollers()
    }

    fn after_wait(&mut self) {
        self.sockets.after_wait();
    }

    fn needs_drain(&self) -> bool {
        self.sockets.needs_drain()
    }

    fn may_pause(&self) -> bool {
        true
    }

    fn receive(&mut self, now: Instant, accepting: Accepting<'_>) -> Result<(), SocketError> {
        let Accepting::Into(spool) = accepting else {
            self.sockets.mark_drained();
            return Ok(());
        };
        for _ in 0..4 * TURN {
            if !spool.has_room() {
                break;
            }
            let Some(item) = self.sockets.next(now)? else {
                break;
            };
            let Some(frame) = S::call_frame(&item, &self.limits) else {
                continue;
            };
            self.counters.received.increment();
            let stored = Stored {
                origin: None,
                accepted: millis_now(),
                frame,
            };
            spool.push(stored, now);
        }
        Ok(())
    }

    fn accepted(&mut self, _: usize) {}

    fn rejected(&mut self, _: usize, _: &CallFailure) {}

    fn maintain_unread(&mut self) -> Result<(), SocketError> {
        self.sockets.maintain_unread()
    }

    fn maintain(&mut self, now: Instant, is_reading: bool) {
        self.sockets.maintain(now, is_reading);
    }

    fn due(&self) -> Option<Instant> {
        self.sockets.due()
    }

    fn is_flushed(&self) -> bool {
        true
    }

    fn close_and_release(self) {
        self.sockets.close_and_release();
    }
}
