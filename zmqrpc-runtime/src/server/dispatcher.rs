//! From a request frame to its reply frame, without a socket.
//!
//! Reading is separate from running: reading is quick and runs no code of a service, so that the thread at the socket
//! can refuse, answer pings and take cancellations while services work.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::authorize::Authorize;
use super::counters::ServerCounters;
use super::deduplicator::{
    DedupGuard, Deduplicator, DeliveryResult, Duplicate, answer_repeat, under_way,
};
use super::execution::{self, CallRecord, Execution, Progress};
use super::executor::{Executor, TaskEnd};
use super::method_index::{MethodIndex, MethodMatch};
use super::rejection::Rejection;
use super::scheduler::Cancel;
use crate::codec::Codec;
use crate::command::{
    Call, CallBuffer, CallFailure, InProcess, InProcessResult, Method, ReplyContext, reply_frame,
};
use crate::log;
use crate::socket::Message;
use crate::wire::{
    DeliveryId, Dialect, Incoming, Limits, MethodRef, ReplyBody, Request, RequestKind, Status,
    WireError,
};

/// Reads requests and runs them.
pub(crate) struct Dispatcher {
    methods: MethodIndex,
    executor: Executor,
    limits: Limits,
    counters: Arc<ServerCounters>,
    deduplicator: Arc<Deduplicator>,
    authorize: Option<Authorize>,
}

/// What it takes to read a message, whichever socket it came from.
pub(super) trait FrameReader {
    fn dispatcher(&self) -> &Dispatcher;
    fn counters(&self) -> &ServerCounters;
}

/// What a frame asks for.
pub(super) enum Decoded {
    /// To be sent back at once.
    Answer(Box<Message>),
    Nothing,
    Run(ReadyCall),
    /// To be answered with a pong of this id.
    Ping(u64),
    /// The call with this id of the same peer is not wanted any more.
    Cancel(u64),
}

impl Decoded {
    fn answer(frame: Message) -> Self {
        Self::Answer(Box::new(frame))
    }

    fn refusal(request: &Request<'_>, refusal: &CallFailure) -> Self {
        match request.kind {
            RequestKind::Call => Self::answer(refusal.encode(request.id)),
            RequestKind::Notify => Self::Nothing,
        }
    }
}

/// A request that is ready to run. Two words, which fit into registers: it is handed on often.
pub(crate) struct ReadyCall {
    call: Call,
    /// Its name, if it came out of a queue.
    delivery: Option<Box<DeliveryId>>,
}

impl ReadyCall {
    /// Whether a proxy holds it until it is answered: then its end counts, whoever waits for it.
    pub(super) fn is_delivery(&self) -> bool {
        self.delivery.is_some()
    }

    pub(super) fn id(&self) -> u64 {
        self.call.id()
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

    /// Bytes of the request's frame.
    pub(super) fn bytes(&self) -> usize {
        self.call.bytes()
    }

    /// The reply that tells of a refusal; nothing for a notification.
    pub(super) fn refuse(&self, refusal: &CallFailure) -> Option<Message> {
        self.wants_reply().then(|| refusal.encode(self.id()))
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

    /// Reads a frame that arrived at `now`. It is taken if there is something to run.
    pub(super) fn read(&self, buffer: &mut CallBuffer, now: Instant) -> Decoded {
        let frame: &Message = buffer.frame();
        let bytes: &[u8] = frame;
        let request = match Incoming::decode(bytes, &self.limits) {
            Ok(Incoming::Request(request)) => request,
            Ok(Incoming::Ping(id)) => return Decoded::Ping(id),
            Ok(Incoming::Cancel(id)) => return Decoded::Cancel(id),
            Err(error) => return self.reject(frame, &error),
        };
        let delivery = self.deduplicator.name(request.metadata);
        match self.admit(&request, bytes.len(), now) {
            Ok(prepared) => {
                self.counters.requests.increment();
                Decoded::Run(prepared.with(buffer.take(now), None, delivery))
            }
            Err(refusal) => Decoded::refusal(&request, &refusal),
        }
    }

    fn reject(&self, frame: &Message, error: &WireError) -> Decoded {
        self.counters.malformed.increment();
        if let Some(hidden) = self.counters.log.admit("malformed") {
            log::line!(
                warn,
                peer = frame.peer_address().map(log::text),
                bytes = frame.len(),
                dialect = log::text(format_args!("{:?}", Dialect::sniff(frame))),
                error = log::text(error),
                hidden;
                "a message is no request; `hidden` more were before this one"
            );
        }
        CallFailure::for_unreadable(frame, error, &self.limits)
            .map_or(Decoded::Nothing, Decoded::answer)
    }

    /// Finds out what a request asks for, whose frame has so many bytes; counts a refusal.
    #[inline]
    pub(super) fn admit(
        &self,
        request: &Request<'_>,
        bytes: usize,
        now: Instant,
    ) -> Result<RequestHead, CallFailure> {
        self.prepare(request, bytes, now)
            .map_err(|reason| self.refuse(request, reason))
    }

    #[cold]
    fn refuse(&self, request: &Request<'_>, reason: Rejection) -> CallFailure {
        let refusal = reason.refusal(request);
        self.counters.refused.increment();
        if let Some(hidden) = self.counters.log.admit("refused") {
            log::line!(
                warn,
                method = log::text(request.method),
                refusal = log::text(&refusal),
                hidden;
                "a request was refused; `hidden` more were before this one"
            );
        }
        refusal
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn counters(&self) -> &ServerCounters {
        &self.counters
    }

    #[expect(
        clippy::inline_always,
        reason = "what it makes is large: handing it over takes longer than making it"
    )]
    #[inline(always)]
    fn prepare(
        &self,
        request: &Request<'_>,
        bytes: usize,
        now: Instant,
    ) -> Result<RequestHead, Rejection> {
        let codec = Codec::from_id(request.codec).ok_or(Rejection::Codec)?;
        if matches!(request.method, MethodRef::Name(_)) && codec == Codec::Postcard {
            return Err(Rejection::Untyped);
        }
        let found = self.methods.find(request.method);
        let found = found.map_err(Rejection::Method)?;
        Ok(RequestHead {
            method: self.methods.method(found),
            since: now,
            // A time so long that the clock cannot express it is no limit.
            deadline: request
                .remaining
                .and_then(|remaining| now.checked_add(remaining)),
            envelope: ReplyContext {
                id: request.id,
                entry: found.number(),
                codec,
                bytes,
                body: bytes - request.body.len(),
                wants_reply: request.kind == RequestKind::Call,
                reply_limit: self.limits.message,
            },
        })
    }

    /// Runs a job at `now`: a plain method to its end, an `async` one as far as it goes without waiting. Never panics.
    pub(super) fn run(&self, job: ReadyCall, now: Instant) -> Progress {
        let (id, wants_reply, deadline) = (job.id(), job.wants_reply(), job.deadline());
        let ReadyCall { call, delivery } = job;
        let found = MethodMatch::of(&call);
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.counters.expired.increment();
            let refusal =
                CallFailure::new(Status::Expired, "its time was over before it was executed");
            return Progress::Ended(wants_reply.then(|| Box::new(refusal.encode(id))));
        }
        if let Some(authorize) = &self.authorize
            && let Err(reason) = authorize.ask(call.context(), &self.counters)
        {
            self.counters.refused.increment();
            let refusal = CallFailure::new(Status::Unauthenticated, reason);
            return Progress::Ended(wants_reply.then(|| Box::new(refusal.encode(id))));
        }
        // Behind `authorize`: who may not call learns nothing of what others have called.
        let guard = match delivery {
            None => None,
            Some(name) => match self.admit_delivery(*name, &call) {
                Ok(guard) => Some(guard),
                Err(step) => return step,
            },
        };
        let report = CallRecord {
            method: self.methods.method(found),
            id,
            wants_reply,
            deadline,
            guard,
        };
        let is_blocking = self.executor.is_blocked_by(call.context());
        let call = || self.methods.start(found, call);
        match execution::start(call, report, &self.counters, &self.executor) {
            Progress::Suspended(execution) if is_blocking => {
                Progress::Ended(execution.deadlocked())
            }
            step => step,
        }
    }

    /// Whether `async` methods go on on no other thread than this one.
    pub(super) fn needs_this_thread(&self) -> bool {
        self.executor.needs_this_thread()
    }

    #[cold]
    fn admit_delivery(&self, name: DeliveryId, call: &Call) -> Result<Box<DedupGuard>, Progress> {
        let identity = self.deduplicator.identify(name, call);
        let repeat = match self.deduplicator.admit(identity) {
            Ok(guard) => return Ok(guard),
            Err(repeat) => repeat,
        };
        Err(match repeat {
            Duplicate::UnderWay if call.wants_reply() => Progress::Repeated(identity),
            Duplicate::UnderWay => Progress::Ended(None),
            Duplicate::Ended(fate) => {
                if fate == DeliveryResult::Done {
                    self.counters.repeated.increment();
                }
                let answer = || answer_repeat(call.id(), call.codec(), fate);
                Progress::Ended(call.wants_reply().then(|| Box::new(answer())))
            }
        })
    }

    pub(super) fn deduplicator(&self) -> &Deduplicator {
        &self.deduplicator
    }

    /// Lets an `async` method go on elsewhere; or to its end here, where there is no runtime for it.
    pub(super) fn spawn(&self, execution: Execution, end: impl TaskEnd) -> Option<Box<dyn Cancel>> {
        self.executor.spawn(execution, end)
    }
}

/// A request without its frame, which it was read from.
pub(super) struct RequestHead {
    method: &'static Method,
    since: Instant,
    deadline: Option<Instant>,
    envelope: ReplyContext,
}

impl RequestHead {
    /// `topic` is that of an event.
    #[expect(
        clippy::inline_always,
        reason = "what it makes is large: handing it over takes longer than making it"
    )]
    #[inline(always)]
    pub(super) fn with(
        self,
        buffer: CallBuffer,
        topic: Option<Box<str>>,
        delivery: Option<Box<DeliveryId>>,
    ) -> ReadyCall {
        let Self {
            method,
            since,
            deadline,
            envelope,
        } = self;
        ReadyCall {
            call: buffer.fill(method, since, deadline, topic, envelope),
            delivery,
        }
    }
}

impl Dispatcher {
    /// Executes a request on this thread, as far as it goes without waiting.
    fn exchange_now(&self, request: Message) -> Progress {
        let now = Instant::now();
        let mut buffer = CallBuffer::new(now);
        *buffer.frame() = request;
        let asked = self.read(&mut buffer, now);
        buffer.recycle();
        match asked {
            Decoded::Answer(frame) => Progress::Ended(Some(frame)),
            Decoded::Ping(id) => Progress::Ended(Some(Box::new(reply_frame(id, ReplyBody::Pong)))),
            Decoded::Run(job) => {
                let id = job.id();
                match self.run(job, now) {
                    // There is no connection over which an answer could come later.
                    Progress::Repeated(_) => {
                        Progress::Ended(Some(Box::new(under_way().encode(id))))
                    }
                    step => step,
                }
            }
            Decoded::Nothing | Decoded::Cancel(_) => Progress::Ended(None),
        }
    }
}

impl InProcess for Dispatcher {
    fn exchange(&self, request: Message) -> Option<Message> {
        match self.exchange_now(request) {
            Progress::Ended(frame) => frame.map(|frame| *frame),
            Progress::Suspended(execution) => execution.finish(&self.executor).map(|frame| *frame),
            Progress::Repeated(_) => None,
        }
    }

    fn start(self: Arc<Self>, request: Message) -> InProcessResult {
        match self.exchange_now(request) {
            Progress::Ended(frame) => InProcessResult::Done(frame.map(|frame| *frame)),
            Progress::Repeated(_) => InProcessResult::Done(None),
            Progress::Suspended(mut execution) => {
                InProcessResult::Task(Box::pin(poll_fn(move |cx| {
                    let _runtime = self.executor.enter();
                    let polled = Pin::new(&mut execution).poll(cx);
                    polled.map(|frame| frame.map(|frame| *frame))
                })))
            }
        }
    }
}
