//! A server's socket and what belongs under its lock.

use std::time::{Duration, Instant};

use super::counters::ServerCounters;
use super::dispatcher::{Decoded, FrameReader, ReadyCall};
use super::draining::Draining;
use super::outbox::Outbox;
use super::sources::Sources;
use crate::clock::deadline;
use crate::command::{CallBuffer, CallFailure, reply_frame};
use crate::socket::{Arrival, RETRY_INTERVAL, Route, RoutedMessage, RouterSocket, SocketError};
use crate::wire::{NO_ID, ReplyBody};

pub(super) struct ServerSocket {
    router: RouterSocket,
    /// What the next request is received into.
    buffer: CallBuffer,
    pub(super) sources: Sources,
    outbox: Outbox,
    pub(super) draining: Draining,
    /// The leader waits at the socket: whoever uses it now leaves it drained, and wakes the leader if that brought
    /// work.
    pub(super) polled: bool,
    /// When the last thing that was done with the socket was a receive that found nothing: another one in the same pass
    /// would cost a system call for nothing.
    quiet: Option<Instant>,
    /// How long peers may take to accept their last replies, and until when that is.
    linger: Duration,
    flush_limit: Option<Instant>,
    /// When replies were last handed over.
    sent: Option<Instant>,
}

/// Messages that are taken in before the next requests run: a peer that never stops sending keeps the server neither
/// from its work nor from its end.
pub(super) const TURN: usize = 256;

/// How long replies may take from libzmq to the network, and on the other side to those who wait for them. Leaving an
/// endpoint loses what libzmq has not written by then, and a client's libzmq drops what has not been taken from it when
/// the connection ends; neither tells.
const PARTING: Duration = Duration::from_millis(50);

/// How long what has arrived when a server has no work any more may take to be refused. Peers take turns, so that one who
/// sends without end does not use up the time of the others.
const REFUSING: Duration = Duration::from_millis(50);

/// What a message turned out to be.
pub(super) enum ReceivedFrame {
    /// There was none.
    Nothing,
    /// A request to run.
    Job(Route, ReadyCall),
    /// It has been dealt with.
    Something,
    /// It has no body, or an absurd route.
    Odd,
}

/// What is asked of those who execute, by what has arrived.
pub(super) trait RequestSink: FrameReader {
    /// Why a request cannot be taken on, if it cannot.
    fn refusal(&self, job: &ReadyCall) -> Option<CallFailure>;
    /// What is refused in its place, if something is.
    fn displace(&mut self, route: &Route, job: &ReadyCall) -> Option<(Route, ReadyCall)>;
    fn take_on(&mut self, route: Route, job: ReadyCall);
    fn cancel(&mut self, route: &Route, id: u64);
    fn forget_peer(&mut self, route: &Route);
}

impl ServerSocket {
    pub(super) fn new(router: RouterSocket, sources: Sources, linger: Duration) -> Self {
        Self {
            router,
            buffer: CallBuffer::new(Instant::now()),
            sources,
            outbox: Outbox::default(),
            draining: Draining::new(Instant::now()),
            polled: false,
            quiet: None,
            linger,
            sent: None,
            flush_limit: None,
        }
    }

    pub(super) fn router(&mut self) -> &mut RouterSocket {
        self.quiet = None;
        &mut self.router
    }

    /// The leader waits no longer. Whether it did.
    pub(super) fn stop_polling(&mut self) -> bool {
        self.quiet = None;
        std::mem::take(&mut self.polled)
    }

    /// When to make a connection to a hub again.
    pub(super) fn next_connection(&self) -> Option<Instant> {
        self.router.due()
    }

    /// When to try again what peers had no room for, whatever the socket signals: the last receive before the wait may
    /// have taken the signal.
    pub(super) fn next_try(&self, now: Instant) -> Option<Instant> {
        (!self.outbox.is_empty()).then(|| now + RETRY_INTERVAL)
    }

    /// Until when the server, whose work is done, waits for its last replies to leave, and for peers that have no room
    /// for theirs; nothing if it waits no longer.
    pub(super) fn flushed_by(&mut self, now: Instant) -> Option<Instant> {
        let parted = self.sent.map(|sent| sent + PARTING.min(self.linger));
        if let Some(parted) = parted.filter(|parted| now < *parted) {
            return Some(parted);
        }
        let until = deadline(now, self.linger);
        let until = *self.flush_limit.get_or_insert(until);
        (self.outbox.owes() && now < until).then_some(until)
    }

    /// Closes the sockets and frees their endpoints.
    pub(super) fn close_and_release(self) {
        self.sources.close_and_release();
        self.router.close_and_release();
    }

    /// Sends a reply, or keeps it until its peer has room. Answers the way to a peer that turned out to have gone.
    pub(super) fn send(
        &mut self,
        delivery: RoutedMessage,
        counters: &ServerCounters,
        now: Instant,
    ) -> Option<Route> {
        self.sent = Some(now);
        self.quiet = None;
        self.outbox.send(delivery, &mut self.router, counters)
    }

    /// Takes one message in.
    pub(super) fn take(
        &mut self,
        intake: &mut impl RequestSink,
        now: Instant,
    ) -> Result<ReceivedFrame, SocketError> {
        let arrival = self.router.receive(self.buffer.frame())?;
        self.quiet = arrival.is_none().then_some(now);
        let Some(arrival) = arrival else {
            return Ok(ReceivedFrame::Nothing);
        };
        let Arrival::Message(route) = arrival else {
            self.buffer.frame().clear();
            intake.counters().malformed.increment();
            return Ok(ReceivedFrame::Odd);
        };
        if let Some(question) = self.draining.hear(&route, now) {
            self.answer(question, intake.counters());
        }
        let answer = match intake.dispatcher().read(&mut self.buffer, now) {
            Decoded::Nothing => None,
            Decoded::Answer(answer) => Some(*answer),
            Decoded::Ping(id) => {
                self.draining.answer(&route, id);
                Some(reply_frame(id, ReplyBody::Pong))
            }
            Decoded::Cancel(id) => {
                intake.cancel(&route, id);
                None
            }
            Decoded::Run(job) => match self.make_room(&route, &job, intake) {
                None => return Ok(ReceivedFrame::Job(route, job)),
                Some(refusal) => job.refuse(&refusal),
            },
        };
        // It must not be kept until the next one comes, as long as it may be.
        self.buffer.frame().clear();
        if let Some(message) = answer {
            self.answer(RoutedMessage { route, message }, intake.counters());
        }
        Ok(ReceivedFrame::Something)
    }

    /// Answers at once what is not executed, or asks. Answers the way to a peer that turned out to have gone.
    ///
    /// Not one of the last replies that the end waits for: callers that never stop asking would put it off for ever.
    fn answer(&mut self, delivery: RoutedMessage, counters: &ServerCounters) -> Option<Route> {
        self.quiet = None;
        let gone = self.outbox.answer(delivery, &mut self.router, counters);
        if let Some(gone) = &gone {
            self.draining.forget(gone);
        }
        gone
    }

    /// The end was asked for, within so long: callers are told, and what comes from them is taken until they have
    /// answered.
    pub(super) fn drain(&mut self, limit: Duration, counters: &ServerCounters, now: Instant) {
        for question in self.draining.start(limit, now) {
            self.answer(question, counters);
        }
    }

    /// Whether what still arrives has had its time to be refused: callers that never stop do not hold up the end.
    pub(super) fn is_past_refusing(&self, now: Instant) -> bool {
        let since = self.draining.over_since();
        since.is_some_and(|since| now >= since + REFUSING)
    }

    /// Why a request cannot be taken on; where others have more waiting, the last of theirs are refused instead.
    #[inline]
    fn make_room(
        &mut self,
        route: &Route,
        job: &ReadyCall,
        intake: &mut impl RequestSink,
    ) -> Option<CallFailure> {
        let mut refusal = intake.refusal(job)?;
        // As many as are taken in at once: a large one has the place of many.
        for _ in 0..TURN {
            let Some((route, last)) = intake.displace(route, job) else {
                return Some(refusal);
            };
            if let Some(message) = last.refuse(&refusal) {
                self.answer(RoutedMessage { route, message }, intake.counters());
            }
            refusal = intake.refusal(job)?;
        }
        Some(refusal)
    }

    /// Asks a peer whether it is still there: sends it what nobody waits for. Answers its way if it has gone.
    pub(super) fn ask(&mut self, route: Route, counters: &ServerCounters) -> Option<Route> {
        // What has no room there is tried again, and finds out by itself.
        if self.outbox.is_blocked(&route) {
            return None;
        }
        let message = reply_frame(NO_ID, ReplyBody::Pong);
        self.answer(RoutedMessage { route, message }, counters)
    }

    /// Takes in what has arrived by `now`. `true` if that was all: the socket may be waited on then.
    pub(super) fn take_in(
        &mut self,
        intake: &mut impl RequestSink,
        now: Instant,
    ) -> Result<bool, SocketError> {
        if self.quiet == Some(now) && self.outbox.is_empty() {
            return Ok(true);
        }
        let mut drained = false;
        let (mut taken, mut refused) = (0, false);
        while taken < TURN {
            match self.take(intake, now)? {
                ReceivedFrame::Nothing => {
                    if self.outbox.is_empty() || refused {
                        drained = true;
                        break;
                    }
                    // A send can swallow the signal of an arrival, one that fails too, and a receive the signal of new
                    // room. So one pass is not enough, and the last operation is a receive in any case.
                    let moved = self.retry(intake);
                    refused = !moved;
                    if moved {
                        self.sent = Some(now);
                    }
                    continue;
                }
                ReceivedFrame::Job(route, job) => intake.take_on(route, job),
                ReceivedFrame::Something => {}
                // It may have had any number of frames. With a turn of these under the lock, others would hardly ever
                // get it.
                ReceivedFrame::Odd => break,
            }
            taken += 1;
            refused = false;
        }
        if !drained {
            // Those who have no room must not wait for a peer that never stops sending.
            self.retry(intake);
        }
        Ok(drained)
    }

    /// Tries again what peers had no room for. Whether anything came of it.
    fn retry(&mut self, intake: &mut impl RequestSink) -> bool {
        self.quiet = None;
        let retried = self.outbox.retry(&mut self.router, intake.counters());
        for gone in &retried.gone {
            self.draining.forget(gone);
            intake.forget_peer(gone);
        }
        retried.moved
    }
}
