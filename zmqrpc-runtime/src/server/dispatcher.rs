//! Turns a request frame into a call, and a call into its reply frame, without a socket.
//!
//! The server's threads use it, and so do in-process clients and the sources. Reading is separate from running: reading
//! is quick and runs no code of a service, so that the leader can reject calls, reply to pings and process
//! cancellations while the worker threads are busy.

mod in_process;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::authorize::Authorize;
use super::deduplicator::{DedupGuard, Deduplicator, DeliveryResult, Duplicate, duplicate_reply};
use super::execution::{self, CallRecord, Execution, Progress};
use super::executor::{Executor, TaskCompletion};
use super::method_index::{MethodIndex, MethodMatch};
use super::rejection::Rejection;
use super::scheduler::Cancel;
use crate::callers::ServerCounters;
use crate::codec::Codec;
use crate::command::{Call, CallBuffer, Method, ReplyContext};
use crate::dialect::{
    CallControl, CallFailure, CallId, Dialect, Inbound, MethodRef, OutboundFrame, ReplyTo, Request,
    RequestKind, SniffedDialect,
};
use crate::log;
use crate::socket::{Frame, Route};
use crate::wire::{DELIVERY_KEY, DeliveryId, Limits, Status, WireError};

/// Reads requests and runs calls.
pub(crate) struct Dispatcher {
    methods: MethodIndex,
    executor: Executor,
    limits: Limits,
    counters: Arc<ServerCounters>,
    deduplicator: Arc<Deduplicator>,
    authorize: Option<Authorize>,
}

/// What a socket needs to read a message, whichever socket it is.
pub(super) trait FrameReader {
    fn dispatcher(&self) -> &Dispatcher;
    fn counters(&self) -> &ServerCounters;
}

/// What a frame means to the server.
pub(super) enum Decoded {
    /// The failure to reply with at once.
    Rejected(Box<(ReplyTo, CallFailure)>),
    Nothing,
    Run(ReadyCall),
    /// A ping, to be replied to with a pong.
    Ping(ReplyTo),
    /// What the same peer says about the call with this id.
    Control(CallId, CallControl),
}

impl Decoded {
    fn rejected(to: ReplyTo, failure: CallFailure) -> Self {
        Self::Rejected(Box::new((to, failure)))
    }
}

/// A call whose method is known. Two words, which fit into registers, since it is moved often.
pub(crate) struct ReadyCall {
    call: Call,
    /// Set if the call came out of a proxy's queue.
    delivery: Option<Box<DeliveryId>>,
}

impl ReadyCall {
    /// Returns whether a proxy keeps the call until it gets a reply. Such a call runs to its end even if nobody waits.
    pub(super) fn is_delivery(&self) -> bool {
        self.delivery.is_some()
    }

    pub(super) fn id(&self) -> &CallId {
        self.call.id()
    }

    pub(super) fn reply_to(&self) -> &ReplyTo {
        self.call.reply_to()
    }

    pub(super) fn wants_reply(&self) -> bool {
        self.call.wants_reply()
    }

    pub(super) fn received(&self) -> Instant {
        self.call.context().received_at()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.call.context().deadline()
    }

    /// Returns the size of the request's frame in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.call.bytes()
    }

    /// Returns the reply that reports `failure`, or `None` for a notification.
    pub(super) fn reject(&self, route: Route, failure: &CallFailure) -> Option<OutboundFrame> {
        let to = self.reply_to();
        self.wants_reply()
            .then(|| OutboundFrame::reply(route, to.clone(), to.fail(failure)))
    }
}

impl Dispatcher {
    pub(super) fn new(
        methods: MethodIndex,
        limits: Limits,
        counters: Arc<ServerCounters>,
        deduplicator: Arc<Deduplicator>,
        authorize: Option<Authorize>,
    ) -> Self {
        Self {
            methods,
            executor: Executor::new(),
            limits,
            counters,
            deduplicator,
            authorize,
        }
    }

    /// Returns the names of the services, each with its version.
    pub(super) fn services(&self) -> Vec<(&'static str, u32)> {
        self.methods.services()
    }

    /// Reads a frame that arrived at `now`. Takes the frame out of `buffer` only if it becomes a call.
    pub(super) fn read(&self, buffer: &mut CallBuffer, now: Instant) -> Decoded {
        let frame: &Frame = buffer.frame();
        let bytes: &[u8] = frame;
        let dialect = Dialect::of_request(bytes);
        let request = match dialect.decode_inbound(bytes, &self.limits) {
            Ok(Inbound::Request(request)) => request,
            Ok(Inbound::Ping(id)) => return Decoded::Ping(ReplyTo::new(dialect, id)),
            Ok(Inbound::Control(id, control)) => return Decoded::Control(id, control),
            Err(error) => return self.reject_malformed(dialect, frame, &error),
        };
        let delivery = self.deduplicator.delivery_id(request.metadata);
        let to = ReplyTo::new(dialect, request.id.clone());
        match self.resolve(&request, to.clone(), bytes, now) {
            Ok(head) => {
                self.counters.requests.increment();
                Decoded::Run(head.into_call(buffer.take(now), None, delivery))
            }
            Err(_) if request.kind == RequestKind::Notify => Decoded::Nothing,
            Err(failure) => Decoded::rejected(to, failure),
        }
    }

    fn reject_malformed(&self, dialect: Dialect, frame: &Frame, error: &WireError) -> Decoded {
        self.counters.malformed.increment();
        if let Some(hidden) = self.counters.log.admit("malformed") {
            log::line!(
                warn,
                peer = frame.peer().address().map(log::text),
                bytes = frame.len(),
                dialect = log::text(format_args!("{:?}", SniffedDialect::of(frame))),
                error = log::text(error),
                hidden;
                "a message is not a request; `hidden` more were before this one"
            );
        }
        dialect
            .rejection_of(frame, error, &self.limits)
            .map_or(Decoded::Nothing, |(to, failure)| {
                Decoded::rejected(to, failure)
            })
    }

    /// Resolves the method of a request that was decoded from `frame`. Counts and logs a rejection.
    #[inline]
    pub(super) fn resolve(
        &self,
        request: &Request<'_>,
        to: ReplyTo,
        frame: &[u8],
        now: Instant,
    ) -> Result<RequestHead, CallFailure> {
        self.look_up(request, to, frame, now)
            .map_err(|reason| self.reject(request, reason))
    }

    #[cold]
    fn reject(&self, request: &Request<'_>, reason: Rejection) -> CallFailure {
        let failure = reason.into_failure(request, self.methods.tells_shapes());
        self.counters.refused.increment();
        if let Some(hidden) = self.counters.log.admit("refused") {
            log::line!(
                warn,
                method = log::text(request.method),
                failure = log::text(&failure),
                hidden;
                "a request was rejected; `hidden` more were before this one"
            );
        }
        failure
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn counters(&self) -> &ServerCounters {
        &self.counters
    }

    #[expect(
        clippy::inline_always,
        reason = "the value is large: to move it takes longer than to build it"
    )]
    #[inline(always)]
    fn look_up(
        &self,
        request: &Request<'_>,
        to: ReplyTo,
        frame: &[u8],
        now: Instant,
    ) -> Result<RequestHead, Rejection> {
        let codec = Codec::from_id(request.codec).ok_or(Rejection::Codec)?;
        if matches!(request.method, MethodRef::Name(_)) && !codec.is_self_describing() {
            return Err(Rejection::Untyped);
        }
        let wants_reply = request.kind == RequestKind::Call;
        // What a buffered proxy delivers was answered when it was accepted.
        let is_read = || wants_reply && request.metadata.get(DELIVERY_KEY).is_none();
        let matched = self.methods.find(request.method, is_read);
        let matched = matched.map_err(Rejection::Method)?;
        Ok(RequestHead {
            method: self.methods.method(matched),
            received: now,
            // A time beyond the clock's range means no deadline.
            deadline: request
                .remaining
                .and_then(|remaining| now.checked_add(remaining)),
            reply_context: ReplyContext {
                to,
                entry: matched.number(),
                codec,
                body: range_within(frame, request.body),
                wants_reply,
                reply_limit: self.limits.message,
            },
        })
    }

    /// Runs a call at `now`: a plain method to its end, an `async` one until it first waits. Never panics.
    pub(super) fn run(&self, call: ReadyCall, now: Instant) -> Progress {
        let (wants_reply, deadline) = (call.wants_reply(), call.deadline());
        let ReadyCall { call, delivery } = call;
        let to = call.reply_to().clone();
        let matched = MethodMatch::of(&call);
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.counters.expired.increment();
            let failure = CallFailure::new(
                Status::Expired,
                "its deadline passed before it was executed",
            );
            return Progress::Completed(wants_reply.then(|| to.fail(&failure)));
        }
        if let Some(authorize) = &self.authorize
            && let Err(reason) = authorize.check(call.context(), &self.counters)
        {
            self.counters.refused.increment();
            let failure = CallFailure::new(Status::Unauthenticated, reason);
            return Progress::Completed(wants_reply.then(|| to.fail(&failure)));
        }
        // After `authorize`: a caller without permission must not learn what others have called.
        let guard = match delivery {
            None => None,
            Some(id) => match self.admit_delivery(*id, &call) {
                Ok(guard) => Some(guard),
                Err(progress) => return progress,
            },
        };
        let record = CallRecord {
            method: self.methods.method(matched),
            to,
            wants_reply,
            deadline,
            guard,
        };
        let is_blocking = self.executor.is_blocked_by(call.context());
        let call = || self.methods.start(matched, call);
        match execution::start(call, record, &self.counters, &self.executor) {
            Progress::Suspended(execution) if is_blocking => {
                Progress::Completed(execution.deadlock_reply())
            }
            progress => progress,
        }
    }

    /// Returns whether suspended `async` methods can make progress on this thread only.
    pub(super) fn needs_this_thread(&self) -> bool {
        self.executor.needs_this_thread()
    }

    #[cold]
    fn admit_delivery(&self, id: DeliveryId, call: &Call) -> Result<Box<DedupGuard>, Progress> {
        let key = self.deduplicator.key(id, call);
        let duplicate = match self.deduplicator.admit(key) {
            Ok(guard) => return Ok(guard),
            Err(duplicate) => duplicate,
        };
        Err(match duplicate {
            Duplicate::InFlight if call.wants_reply() => Progress::Duplicate(key),
            Duplicate::InFlight => Progress::Completed(None),
            Duplicate::Ended(result) => {
                if result == DeliveryResult::Done {
                    self.counters.repeated.increment();
                }
                let reply = || duplicate_reply(call.reply_to(), call.codec(), result);
                Progress::Completed(call.wants_reply().then(reply))
            }
        })
    }

    pub(super) fn deduplicator(&self) -> &Deduplicator {
        &self.deduplicator
    }

    /// Spawns a suspended `async` method on the runtime, or runs it to its end on this thread if there is none.
    pub(super) fn spawn(
        &self,
        execution: Execution,
        completion: impl TaskCompletion,
    ) -> Option<Box<dyn Cancel>> {
        self.executor.spawn(execution, completion)
    }
}

/// Returns where a part of a frame is.
#[inline]
fn range_within(frame: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(frame.as_ptr().addr());
    let range = start..start.wrapping_add(part.len());
    debug_assert!(frame.get(range.clone()).is_some(), "a body is in its frame");
    range
}

/// What a request's header says, without the frame that it was read from.
pub(super) struct RequestHead {
    method: &'static Method,
    received: Instant,
    deadline: Option<Instant>,
    reply_context: ReplyContext,
}

impl RequestHead {
    /// Combines the header with the frame; `topic` is an event's.
    #[expect(
        clippy::inline_always,
        reason = "the value is large: to move it takes longer than to build it"
    )]
    #[inline(always)]
    pub(super) fn into_call(
        self,
        buffer: CallBuffer,
        topic: Option<Box<str>>,
        delivery: Option<Box<DeliveryId>>,
    ) -> ReadyCall {
        let Self {
            method,
            received,
            deadline,
            reply_context,
        } = self;
        ReadyCall {
            call: buffer.fill(method, received, deadline, topic, reply_context),
            delivery,
        }
    }
}
