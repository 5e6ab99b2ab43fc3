//! A server's socket and what belongs under its lock.

use std::time::Instant;

use super::counters::Counters;
use super::outbox::Outbox;
use super::responder::{Asked, Job, Responder};
use super::work::Outgoing;
use crate::command::Refusal;
use crate::socket::{Delivery, Message, Route, Router, SocketError};

pub(super) struct Port {
    router: Router,
    outbox: Outbox,
    /// The leader waits at the socket: whoever uses it now leaves it drained, and wakes the leader if that brought
    /// work.
    pub(super) polled: bool,
    /// Reused from one exchange with the queue of replies to the next.
    pub(super) outgoing: Vec<Outgoing>,
}

/// What is asked of those who execute, by what has arrived.
pub(super) trait Intake {
    /// Why a request cannot be taken on, if it cannot.
    fn refusal(&self, job: &Job) -> Option<Refusal>;
    fn take_on(&mut self, route: Route, job: Job);
    fn cancel(&mut self, route: &Route, id: u64);
    fn forget_peer(&mut self, route: &Route);
}

impl Port {
    pub(super) fn new(router: Router) -> Self {
        Self {
            router,
            outbox: Outbox::default(),
            polled: false,
            outgoing: Vec::new(),
        }
    }

    pub(super) fn router(&mut self) -> &mut Router {
        &mut self.router
    }

    /// Every reply has been handed over.
    pub(super) fn is_flushed(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Sends what is in `outgoing`. Answers the callers that turned out to have gone.
    pub(super) fn flush(&mut self, counters: &Counters) -> Vec<Route> {
        let Self {
            router,
            outbox,
            outgoing,
            ..
        } = self;
        let mut gone = Vec::new();
        for (route, message) in outgoing.drain(..).map(Outgoing::into_message) {
            gone.extend(outbox.send(Delivery { route, message }, router, counters));
        }
        gone
    }

    /// Takes in everything that has arrived. Afterwards the socket may be waited on.
    pub(super) fn take_in(
        &mut self,
        responder: &Responder,
        intake: &mut impl Intake,
        counters: &Counters,
    ) -> Result<(), SocketError> {
        let Self { router, outbox, .. } = self;
        let mut now = None;
        while let Some(Delivery { route, message }) =
            router.receive(|| counters.malformed.increment())?
        {
            let now = *now.get_or_insert_with(Instant::now);
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
            if let Some(answer) = answer {
                let message = Message::from(answer);
                outbox.send(Delivery { route, message }, router, counters);
            }
        }
        for gone in outbox.retry(router, counters) {
            intake.forget_peer(&gone);
        }
        Ok(())
    }
}
