//! A server's socket and what belongs under its lock.

use std::time::{Duration, Instant};

use super::counters::Counters;
use super::outbox::Outbox;
use super::responder::{Asked, Job, Responder};
use super::sources::Sources;
use crate::command::Refusal;
use crate::socket::{Arrival, Delivery, Route, Router, SocketError};

pub(super) struct Port {
    router: Router,
    pub(super) sources: Sources,
    outbox: Outbox,
    /// The leader has just waited: something has arrived, but hardly more than one message.
    pub(super) waited: bool,
    /// How long peers may take to accept their last replies, and until when that is.
    linger: Duration,
    flush_limit: Option<Instant>,
    /// When replies were last handed over.
    sent: Option<Instant>,
    /// Reused from one exchange with the queue of replies to the next.
    pub(super) outgoing: Vec<Delivery>,
}

/// Messages that are taken in before the next requests run: a peer that never stops sending keeps the server neither
/// from its work nor from its end.
const TURN: usize = 256;

/// How often replies that a peer had no room for are tried again at least.
const RETRY: Duration = Duration::from_millis(10);

/// How long replies may take from libzmq to the network, and on the other side to those who wait for them. Leaving an
/// endpoint loses what libzmq has not written by then, and a client's libzmq drops what has not been taken from it when
/// the connection ends; neither tells.
const PARTING: Duration = Duration::from_millis(50);

/// What is asked of those who execute, by what has arrived.
pub(super) trait Intake {
    /// Why a request cannot be taken on, if it cannot.
    fn refusal(&self, job: &Job) -> Option<Refusal>;
    fn take_on(&mut self, route: Route, job: Job);
    fn cancel(&mut self, route: &Route, id: u64);
    fn forget_peer(&mut self, route: &Route);
}

impl Port {
    pub(super) fn new(router: Router, sources: Sources, linger: Duration) -> Self {
        Self {
            router,
            sources,
            outbox: Outbox::default(),
            waited: false,
            linger,
            sent: None,
            flush_limit: None,
            outgoing: Vec::new(),
        }
    }

    pub(super) fn router(&mut self) -> &mut Router {
        &mut self.router
    }

    /// When to try again what peers had no room for, whatever the socket signals: the last receive before the wait may
    /// have taken the signal.
    pub(super) fn next_try(&self, now: Instant) -> Option<Instant> {
        (!self.outbox.is_empty()).then(|| now + RETRY)
    }

    /// Until when the server, whose work is done, waits for its last replies to leave, and for peers that have no room
    /// for theirs; nothing if it waits no longer.
    pub(super) fn flushed_by(&mut self, now: Instant) -> Option<Instant> {
        let parted = self.sent.map(|sent| sent + PARTING.min(self.linger));
        if let Some(parted) = parted.filter(|parted| now < *parted) {
            return Some(parted);
        }
        // A limit that the clock cannot express is as good as a year.
        let until = now
            .checked_add(self.linger)
            .unwrap_or(now + Duration::from_secs(365 * 24 * 3600));
        let until = *self.flush_limit.get_or_insert(until);
        (!self.outbox.is_empty() && now < until).then_some(until)
    }

    /// Closes the sockets and frees their endpoints.
    pub(super) fn shut(self) {
        self.sources.shut();
        self.router.shut();
    }

    /// Sends what is in `outgoing`. Answers the callers that turned out to have gone.
    pub(super) fn flush(&mut self, counters: &Counters, now: Instant) -> Vec<Route> {
        if !self.outgoing.is_empty() {
            self.sent = Some(now);
        }
        let Self {
            router,
            outbox,
            outgoing,
            ..
        } = self;
        let mut gone = Vec::new();
        for delivery in outgoing.drain(..) {
            gone.extend(outbox.send(delivery, router, counters));
        }
        gone
    }

    /// Takes in what has arrived by `now`. `true` if that was all: the socket may be waited on then.
    pub(super) fn take_in(
        &mut self,
        responder: &Responder,
        intake: &mut impl Intake,
        counters: &Counters,
        now: Instant,
    ) -> Result<bool, SocketError> {
        let mut drained = false;
        // After a wait there is mostly one request. It is run before the socket is asked for more, which would cost a
        // system call for nothing.
        let turn = if std::mem::take(&mut self.waited) {
            1
        } else {
            TURN
        };
        let Self {
            router,
            outbox,
            sent,
            ..
        } = self;
        let (mut taken, mut refused) = (0, false);
        while taken < turn {
            let Some(arrival) = router.receive()? else {
                if outbox.is_empty() || refused {
                    drained = true;
                    break;
                }
                // A send can swallow the signal of an arrival, one that fails too, and a receive the signal of new
                // room. So one pass is not enough, and the last operation is a receive in any case.
                let retried = outbox.retry(router, counters);
                refused = !retried.moved;
                if retried.moved {
                    *sent = Some(now);
                }
                for gone in &retried.gone {
                    intake.forget_peer(gone);
                }
                continue;
            };
            taken += 1;
            refused = false;
            let Arrival::Message(Delivery { route, message }) = arrival else {
                counters.malformed.increment();
                // It may have had any number of frames. With a turn of these under the lock, others would hardly ever
                // get it.
                break;
            };
            let (route, answer) = match responder.read(message, now) {
                Asked::Nothing => continue,
                Asked::Answer(answer) => (route, Some(answer)),
                Asked::Cancel(id) => {
                    intake.cancel(&route, id);
                    continue;
                }
                Asked::Run(job) => {
                    let Some(refusal) = intake.refusal(&job) else {
                        intake.take_on(route, job);
                        continue;
                    };
                    (route, job.refuse(&refusal))
                }
            };
            if let Some(message) = answer {
                outbox.send(Delivery { route, message }, router, counters);
            }
        }
        if !drained {
            // Those who have no room must not wait for a peer that never stops sending.
            for gone in &outbox.retry(router, counters).gone {
                intake.forget_peer(gone);
            }
        }
        Ok(drained)
    }
}
