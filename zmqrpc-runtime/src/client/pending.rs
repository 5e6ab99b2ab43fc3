//! Calls that are under way.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::thread;
use std::time::Instant;

use super::DIALECT;
use super::agreements::Repeats;
use super::balancer::Member;
use super::call_info::{CallInfo, Callee};
use super::deadlines::Deadlines;
use super::encoded_call::call_kind;
use super::no_reply::failure;
use super::repeat::KeptRequest;
use super::reply;
use super::retry::{AttemptOutcome, RetryContext, RetryDecision};
use super::state::CallOptions;
use crate::clock::CompactDuration;
use crate::command::Command;
use crate::connection::{CallResult, LimitExceeded};
use crate::error::{Error, UnavailableCause};
use crate::socket::{Frame, SocketError, TaskTimer};
use crate::wire::{Executed, Limits, MethodKey};

/// A call that was begun and whose reply has not been taken yet.
///
/// Replies are taken in only while somebody waits for one: begin many calls, then wait for each. A reply that nobody has
/// waited for is lost if the connection ends, and the call fails as one that may have been executed. A call that nobody
/// waits for holds its place among [`max_calls`](super::ClientBuilder::max_calls).
///
/// # Cancellation
///
/// Dropping it gives the call up: one that was not sent yet never is, of one that was the server is told, and a reply
/// that comes nevertheless is dropped.
#[must_use = "a call that is dropped is cancelled"]
pub struct Pending<C: Command> {
    call: InFlightCall,
    key: MethodKey,
    command: PhantomData<fn() -> C>,
}

impl<C: Command> Pending<C> {
    pub(super) fn new(call: InFlightCall, key: MethodKey) -> Self {
        Self {
            call,
            key,
            command: PhantomData,
        }
    }

    /// Waits for the reply, until the time that the call has is over.
    ///
    /// # Errors
    ///
    /// What the command's method fails with: [`Error`], or [`CallError`](crate::CallError) where it returns a
    /// `Result`.
    pub fn wait(mut self) -> Result<C::Reply, C::Failure> {
        let callee = Callee::Method(const { &C::METHOD }, self.key);
        self.call.outcome(callee, &|| None)
    }
}

impl<C: Command> fmt::Debug for Pending<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("method", &format_args!("{}", C::METHOD))
            .finish_non_exhaustive()
    }
}

/// A call that was begun, whatever its command.
pub(super) struct InFlightCall {
    pub(super) source: ReplySource,
    /// Whether the request is known to have been sent.
    pub(super) written: bool,
    pub(super) timeout: CompactDuration,
    pub(super) oneway: bool,
    /// How often it may be repeated under another key.
    pub(super) repeats: Repeats,
    /// The call's own deadlines.
    pub(super) deadlines: Deadlines,
    /// Until when the present attempt waits for a connection.
    pub(super) connected_by: Instant,
    pub(super) retry: Option<Box<RetryContext>>,
    pub(super) request: KeptRequest,
}

// Up to 128 bytes it is moved inline, beyond that by a call of memcpy; `Pending` has a word more.
const _: () = assert!(size_of::<InFlightCall>() <= 120);

/// Where a call's reply comes from.
pub(super) enum ReplySource {
    /// From a connection, under an id; `None` once it has been taken there.
    Connection(Member, Option<NonZeroU64>),
    /// The call was executed within the process.
    Here(Option<Box<Frame>>),
    /// The call is executed within the process, as this is polled. The timer wakes its task when its time has passed.
    Task(LocalExecution, Option<Box<TaskTimer>>),
}

/// The execution of a call by a service within the process.
type LocalExecution = Pin<Box<dyn Future<Output = Option<Frame>> + Send>>;

impl ReplySource {
    pub(super) fn here(frame: Option<Frame>) -> Self {
        Self::Here(frame.map(Box::new))
    }
}

impl InFlightCall {
    /// Polls for the result.
    #[inline]
    pub(super) fn poll(
        &mut self,
        callee: Callee<'_>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<Option<Frame>, Error>> {
        use std::task::{Poll, ready};
        loop {
            if let ReplySource::Task(task, timer) = &mut self.source {
                if let Poll::Ready(frame) = task.as_mut().poll(cx) {
                    self.source = ReplySource::here(frame);
                    return Poll::Ready(self.end(callee));
                }
                let deadline = self.deadlines.deadline;
                if Instant::now() >= deadline {
                    // Drops the method where it waits.
                    self.source = ReplySource::Here(None);
                    return Poll::Ready(Err(self.info(callee).timed_out(Executed::Maybe)));
                }
                let timer = timer.get_or_insert_with(|| Box::new(TaskTimer::new()));
                let set = timer.set(deadline, cx.waker());
                return set.map_or_else(|error| Poll::Ready(Err(error.into())), |()| Poll::Pending);
            }
            let ReplySource::Connection(connection, Some(id)) = &self.source else {
                return Poll::Ready(self.end(callee));
            };
            let ending = ready!(connection.poll(id.get(), cx.waker(), self.turn()));
            if let Some(result) = self.conclude(ending, callee) {
                return Poll::Ready(result);
            }
        }
    }

    /// Waits for the reply frame.
    #[inline]
    pub(super) fn wait(&mut self, callee: Callee<'_>) -> Result<Frame, Error> {
        self.end(callee)?.ok_or_else(|| {
            self.info(callee)
                .unavailable(UnavailableCause::NoReply, Executed::Maybe)
        })
    }

    /// Waits until the request has been sent, if it has not.
    #[inline]
    pub(super) fn depart(&mut self, callee: Callee<'_>) -> Result<(), Error> {
        while !self.written
            && let ReplySource::Connection(connection, Some(id)) = &self.source
        {
            let Err(reason) = connection.hand_over(id.get(), self.turn()) else {
                break;
            };
            if let Some(result) = self.conclude(Err(reason), callee) {
                result?;
            }
        }
        Ok(())
    }

    /// Waits until a notification has been sent.
    pub(super) fn hand_over(&mut self, callee: Callee<'_>) -> Result<(), Error> {
        self.end(callee).map(drop)
    }

    fn end(&mut self, callee: Callee<'_>) -> Result<Option<Frame>, Error> {
        while let ReplySource::Connection(connection, Some(id)) = &self.source {
            let ending = connection.wait(id.get(), self.turn());
            if let Some(result) = self.conclude(ending, callee) {
                return result;
            }
        }
        match &mut self.source {
            // A plain handler cannot be interrupted; the caller learns that it took too long.
            ReplySource::Here(frame) if Instant::now() > self.deadlines.deadline => {
                let executed = frame.as_deref().map_or(Executed::Maybe, reply::executed);
                Err(self.info(callee).timed_out(executed))
            }
            ReplySource::Here(frame) => Ok(frame.take().map(|frame| *frame)),
            ReplySource::Connection(..) | ReplySource::Task(..) => Ok(None),
        }
    }

    /// Starts the time of an attempt: that of the call, but where there are other connections to turn to, less time to
    /// connect.
    pub(super) fn start_turn(&mut self, now: Instant) {
        self.connected_by = self.deadlines.connected_by;
        if let Some(retry) = &self.retry {
            let connected_by = retry
                .connections
                .turn(self.deadlines.connect_timeout.get(), now);
            self.connected_by = connected_by.min(self.deadlines.connected_by);
        }
    }

    /// Returns the deadlines of the present attempt.
    fn turn(&self) -> Deadlines {
        Deadlines {
            connected_by: self.connected_by,
            ..self.deadlines
        }
    }

    /// Returns the result of an attempt; `None` if another one has begun.
    #[inline]
    fn conclude(
        &mut self,
        ending: CallResult,
        callee: Callee<'_>,
    ) -> Option<Result<Option<Frame>, Error>> {
        if let ReplySource::Connection(_, id) = &mut self.source {
            *id = None;
        }
        match ending {
            Ok(frame) if self.retry.is_none() => Some(Ok(frame)),
            ending => self.conclude_or_retry(ending, callee),
        }
    }

    fn conclude_or_retry(
        &mut self,
        ending: CallResult,
        callee: Callee<'_>,
    ) -> Option<Result<Option<Frame>, Error>> {
        if self.try_again(&ending) {
            return None;
        }
        Some(ending.map_err(|reason| {
            let blocked_by = match &self.source {
                ReplySource::Connection(connection, _) => connection.blocked_by(&reason),
                ReplySource::Task(..) | ReplySource::Here(_) => None,
            };
            let info = self.info(callee);
            let error = failure(reason, &info, self.deadlines, blocked_by);
            info.in_all(error)
        }))
    }

    /// Begins a retry if there is to be one. Returns whether it did.
    fn try_again(&mut self, ending: &CallResult) -> bool {
        let (Some(retry), ReplySource::Connection(connection, _)) = (&mut self.retry, &self.source)
        else {
            return false;
        };
        let connections = &retry.connections;
        let by = || connection.number();
        let Some(end) = AttemptOutcome::of(ending, by, || !connection.takes_calls()) else {
            return false;
        };
        let now = Instant::now();
        let next = match retry.attempts.next(end, &self.deadlines, now) {
            RetryDecision::Stop => return false,
            RetryDecision::Anywhere => connections.pick().map(|(connection, _)| connection),
            RetryDecision::Elsewhere => connections.pick_another(&retry.attempts.refused),
            RetryDecision::ElsewhereOrLater => {
                let another = connections.pick_another(&retry.attempts.refused);
                another.or_else(|| Some(connections.pick()?.0))
            }
        };
        let Some(connection) = next else { return false };
        let frame = retry.frame.clone();
        if end != AttemptOutcome::Unsent {
            self.restart_connecting(now);
        }
        self.attempt(connection, frame, now).is_ok()
    }

    /// Gives the call its whole time to connect once more: the server was there, and what counts is how long it takes to
    /// come back.
    pub(super) fn restart_connecting(&mut self, now: Instant) {
        self.deadlines.connected_by = now + self.deadlines.connect_timeout.get();
    }

    /// Begins another attempt, with this request.
    ///
    /// # Errors
    ///
    /// The connection has no room for it; nothing has changed then.
    pub(super) fn attempt(
        &mut self,
        connection: Member,
        mut frame: Frame,
        now: Instant,
    ) -> Result<(), LimitExceeded> {
        let retry = self.retry.as_ref();
        let options = CallOptions {
            kind: call_kind(self.oneway),
            movable: retry.is_some_and(|retry| retry.connections.has_several()),
            task: false,
        };
        let left = self.deadlines.deadline.saturating_duration_since(now);
        DIALECT.shorten_remaining(&mut frame, left);
        let call = connection.begin(frame, options, now)?;
        self.source = ReplySource::Connection(connection, NonZeroU64::new(call.id));
        self.written = call.written;
        self.start_turn(now);
        Ok(())
    }

    pub(super) fn info<'a>(&'a self, callee: Callee<'a>) -> CallInfo<'a> {
        let (endpoint, limits) = match &self.source {
            ReplySource::Connection(connection, _) => {
                (Some(connection.endpoint()), connection.limits())
            }
            ReplySource::Here(_) | ReplySource::Task(..) => (None, &Limits::DEFAULT),
        };
        CallInfo {
            callee,
            endpoint,
            limits,
            timeout: self.timeout.get(),
            tried: self
                .retry
                .as_ref()
                .is_some_and(|retry| retry.attempts.tried),
        }
    }
}

/// Waits until the requests of all calls have been sent or have failed, for each on a thread of its own: a connection
/// makes progress only while somebody waits for it, so one that does not connect would use up the time of the next.
pub(super) fn depart_together(
    calls: Vec<Result<InFlightCall, Error>>,
    callee: Callee<'_>,
) -> Vec<Result<InFlightCall, Error>> {
    if calls.iter().flatten().all(|call| call.written) {
        return calls;
    }
    thread::scope(|scope| {
        let start = |mut call: InFlightCall| {
            let at = call.info(callee).target();
            thread::Builder::new()
                .spawn_scoped(scope, move || call.depart(callee).map(|()| call))
                .map_err(|error| Error::Unavailable {
                    at,
                    cause: UnavailableCause::Socket(SocketError::thread(&error)),
                    // It may have been sent.
                    executed: Executed::Maybe,
                })
        };
        let departing: Vec<_> = calls.into_iter().map(|call| call.and_then(start)).collect();
        departing
            .into_iter()
            .map(|thread| thread?.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

impl Drop for InFlightCall {
    fn drop(&mut self) {
        if let ReplySource::Connection(connection, Some(id)) = &self.source {
            connection.forget(id.get());
        }
    }
}
