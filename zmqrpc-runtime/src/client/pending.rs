//! Calls that are on their way.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::link::{Link, Obstacle};
use super::reply;
use super::retry::{End, Next, Retry};
use super::subject::{Callee, Subject};
use super::table::{Ending, Loss, Manner, Patience};
use crate::command::Command;
use crate::error::Error;
use crate::socket::{Message, SocketError, TaskTimer};
use crate::wire::{Executed, Limits, shorten_remaining};

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
    call: Begun,
    command: PhantomData<fn() -> C>,
}

impl<C: Command> Pending<C> {
    pub(super) fn new(call: Begun) -> Self {
        Self {
            call,
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
        let callee = Callee::Method(const { &C::METHOD });
        let frame = self.call.wait(callee)?;
        reply::decode(&frame, &self.call.subject(callee))
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
pub(super) struct Begun {
    pub(super) way: Way,
    /// Known to have been handed over.
    pub(super) written: bool,
    pub(super) timeout: Duration,
    pub(super) oneway: bool,
    /// Of the call.
    pub(super) patience: Patience,
    /// Until when the present try waits for a connection.
    pub(super) connected_by: Instant,
    pub(super) retry: Option<Box<Retry>>,
}

// Up to here it is moved in place, above by a call.
const _: () = assert!(size_of::<Begun>() <= 128);

/// Where a call's reply comes from.
pub(super) enum Way {
    /// From a link, under an id.
    Link(Arc<Link>, u64),
    /// From a link that has told already.
    Ended(Arc<Link>),
    /// It is here: the call was executed within the process.
    Here(Option<Box<Message>>),
    /// The call is executed within the process, whenever this is polled. What is set wakes it when its time is over.
    Task(Execution, Option<Box<TaskTimer>>),
}

/// Of a call, by a service within the process.
type Execution = Pin<Box<dyn Future<Output = Option<Message>> + Send>>;

impl Way {
    pub(super) fn here(frame: Option<Message>) -> Self {
        Self::Here(frame.map(Box::new))
    }
}

impl Begun {
    /// Asks for the ending as a task does.
    pub(super) fn poll(
        &mut self,
        callee: Callee<'_>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<Option<Message>, Error>> {
        use std::task::{Poll, ready};
        loop {
            if let Way::Task(task, alarm) = &mut self.way {
                if let Poll::Ready(frame) = task.as_mut().poll(cx) {
                    self.way = Way::here(frame);
                    return Poll::Ready(self.end(callee));
                }
                let deadline = self.patience.deadline;
                if Instant::now() >= deadline {
                    // Drops the method where it waits.
                    self.way = Way::Here(None);
                    return Poll::Ready(Err(self.subject(callee).timed_out(Executed::Maybe)));
                }
                let alarm = alarm.get_or_insert_with(|| Box::new(TaskTimer::new()));
                let set = alarm.set(deadline, cx.waker());
                return set.map_or_else(|error| Poll::Ready(Err(error.into())), |()| Poll::Pending);
            }
            let Way::Link(link, id) = &self.way else {
                return Poll::Ready(self.end(callee));
            };
            let ending = ready!(link.poll(*id, cx.waker(), self.turn()));
            if let Some(result) = self.conclude(ending, callee) {
                return Poll::Ready(result);
            }
        }
    }

    /// Waits for the reply frame.
    pub(super) fn wait(&mut self, callee: Callee<'_>) -> Result<Message, Error> {
        self.end(callee)?.ok_or_else(|| {
            self.subject(callee)
                .unavailable("there is no reply", Executed::Maybe)
        })
    }

    /// Waits until the call has been handed over, if it is not yet.
    pub(super) fn depart(mut self, callee: Callee<'_>) -> Result<Self, Error> {
        while !self.written
            && let Way::Link(link, id) = &self.way
        {
            let Err(loss) = link.hand_over(*id, self.turn()) else {
                break;
            };
            if let Some(result) = self.conclude(Err(loss), callee) {
                result?;
            }
        }
        Ok(self)
    }

    /// Waits until a notification has been handed over.
    pub(super) fn hand_over(&mut self, callee: Callee<'_>) -> Result<(), Error> {
        self.end(callee).map(drop)
    }

    fn end(&mut self, callee: Callee<'_>) -> Result<Option<Message>, Error> {
        while let Way::Link(link, id) = &self.way {
            let ending = link.wait(*id, self.turn());
            if let Some(result) = self.conclude(ending, callee) {
                return result;
            }
        }
        match &mut self.way {
            // A plain handler cannot be interrupted; the caller learns that it took too long.
            Way::Here(frame) if Instant::now() > self.patience.deadline => {
                let executed = frame.as_deref().map_or(Executed::Maybe, reply::executed);
                Err(self.subject(callee).timed_out(executed))
            }
            Way::Here(frame) => Ok(frame.take().map(|frame| *frame)),
            Way::Link(..) | Way::Ended(_) | Way::Task(..) => Ok(None),
        }
    }

    /// Starts to count the time of a try: as long as the call has, but where there are other links to turn to, not as
    /// long to connect.
    pub(super) fn start_turn(&mut self, now: Instant) {
        self.connected_by = self.patience.connected_by;
        if let Some(retry) = &self.retry {
            let connected_by = retry.links.turn(self.patience.connect_timeout, now);
            self.connected_by = connected_by.min(self.patience.connected_by);
        }
    }

    /// The patience of the present try.
    fn turn(&self) -> Patience {
        Patience {
            connected_by: self.connected_by,
            ..self.patience
        }
    }

    /// What came of a try; nothing if another one has begun.
    fn conclude(
        &mut self,
        ending: Ending,
        callee: Callee<'_>,
    ) -> Option<Result<Option<Message>, Error>> {
        self.way = match std::mem::replace(&mut self.way, Way::Here(None)) {
            Way::Link(link, _) => Way::Ended(link),
            other => other,
        };
        if self.try_again(&ending) {
            return None;
        }
        Some(ending.map_err(|loss| {
            let obstacle = match &self.way {
                Way::Link(link, _) | Way::Ended(link) => link.obstacle(&loss),
                Way::Task(..) | Way::Here(_) => None,
            };
            let subject = self.subject(callee);
            let error = failure(loss, &subject, self.patience, obstacle);
            subject.in_all(error)
        }))
    }

    /// Begins another try, if there is to be one after this one.
    fn try_again(&mut self, ending: &Ending) -> bool {
        let (Some(retry), Way::Ended(link)) = (&mut self.retry, &self.way) else {
            return false;
        };
        let links = &retry.links;
        let by = || links.position(link).unwrap_or_default();
        let Some(end) = End::of(ending, by, || !link.takes_calls()) else {
            return false;
        };
        let now = Instant::now();
        let next = match retry.course.next(end, &self.patience, now) {
            Next::Stop => return false,
            Next::Anywhere => Some(links.pick()),
            Next::Elsewhere => links.pick_another(&retry.course.refused),
            Next::ElsewhereOrLater => {
                let another = links.pick_another(&retry.course.refused);
                Some(another.unwrap_or_else(|| links.pick()))
            }
        };
        let manner = Manner {
            oneway: self.oneway,
            movable: links.all().len() > 1,
            ping: false,
            task: false,
        };
        let Some(link) = next else { return false };
        let mut frame = retry.frame.clone();
        let left = self.patience.deadline.saturating_duration_since(now);
        shorten_remaining(&mut frame, left);
        let Ok(call) = link.begin(frame, manner) else {
            return false;
        };
        if end != End::Unsent {
            // The server was there: what counts is how long it takes to come back.
            self.patience.connected_by = now + self.patience.connect_timeout;
        }
        self.way = Way::Link(Arc::clone(link), call.id);
        self.written = call.written;
        self.start_turn(now);
        true
    }

    pub(super) fn subject<'a>(&'a self, callee: Callee<'a>) -> Subject<'a> {
        let (endpoint, limits) = match &self.way {
            Way::Link(link, _) | Way::Ended(link) => (Some(link.endpoint()), link.limits()),
            Way::Here(_) | Way::Task(..) => (None, &Limits::DEFAULT),
        };
        Subject {
            callee,
            endpoint,
            limits,
            timeout: self.timeout,
            tried: self.retry.as_ref().is_some_and(|retry| retry.course.tried),
        }
    }
}

/// Waits until all of the calls have been handed over or have failed, for each on its own: nobody looks after a link
/// that nobody waits for, so one that does not connect would use up the time of those behind it.
pub(super) fn depart_together(
    calls: Vec<Result<Begun, Error>>,
    callee: Callee<'_>,
) -> Vec<Result<Begun, Error>> {
    if calls.iter().flatten().all(|call| call.written) {
        return calls;
    }
    thread::scope(|scope| {
        let start = |call: Begun| {
            let at = call.subject(callee).site();
            thread::Builder::new()
                .spawn_scoped(scope, move || call.depart(callee))
                .map_err(|error| Error::Unavailable {
                    at,
                    reason: SocketError::thread(&error).to_string().into(),
                    // It has been handed over, or somebody else may have done it just now.
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

impl Drop for Begun {
    fn drop(&mut self) {
        if let Way::Link(link, id) = &self.way {
            link.forget(*id);
        }
    }
}

/// `obstacle` is why the request could not be handed over, if that is known.
pub(super) fn failure(
    loss: Loss,
    subject: &Subject<'_>,
    patience: Patience,
    obstacle: Option<Obstacle>,
) -> Error {
    match loss {
        Loss::TimedOut { written: true } => subject.timed_out(Executed::Maybe),
        Loss::TimedOut { written: false } | Loss::NotConnected => {
            let waited = patience.connect_timeout.min(subject.timeout);
            let reason = match obstacle {
                Some(Obstacle::Name(why)) => format!("no connection within {waited:?}: {why}"),
                Some(Obstacle::Full) => format!(
                    "no room for the request within {waited:?}, the server takes nothing in"
                ),
                Some(Obstacle::Ending) => {
                    format!("the server is shutting down, and no other one came within {waited:?}")
                }
                None => format!("no connection within {waited:?}, is the server running there?"),
            };
            subject.unavailable(reason, Executed::No)
        }
        Loss::Silent(limit) => subject.unavailable(
            format!("the server has shown no sign of life for {limit:?}"),
            Executed::Maybe,
        ),
        Loss::Disconnected => subject.unavailable(
            "the connection broke before the reply came",
            Executed::Maybe,
        ),
        Loss::Drained => subject.unavailable("the server is shutting down", Executed::No),
        Loss::Foreign => {
            let reason = "what listens there speaks another protocol";
            subject.unavailable(reason, Executed::No)
        }
        Loss::NoServer { returned } => {
            let reason = "what listens there is no server: it sends requests";
            let executed = if returned {
                Executed::No
            } else {
                Executed::Maybe
            };
            subject.unavailable(reason, executed)
        }
        Loss::Denied(denial) => Error::Unauthenticated {
            at: subject.site(),
            reason: denial.reason().into(),
        },
        Loss::Broken(error) => {
            subject.unavailable(format!("the socket failed: {error}"), Executed::Maybe)
        }
    }
}
