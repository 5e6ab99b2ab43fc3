//! The workers that have come to a client that is bound.
//!
//! Each is a link of its own. A worker that has gone is found out when something is sent to it; when a connection was lost,
//! those that calls wait for are asked, since no event names the one whose it was.

use std::collections::HashMap;
use std::time::Duration;

use super::DIALECT;
use super::peers::{Peers, Received};
use super::waiter::{Waiter, Waiters};
use crate::clock::Instant;
use crate::connection::{Arrivals, Multiplexer, Transmit};
use crate::dialect::{FrameKind, WorkerOffer};
use crate::log;
use crate::socket::{
    Arrival, ConnectionEvent, Frame, PeerId, Replier, Route, RoutedMessage, RouterSocket,
    SendError, SocketError,
};
use crate::wire::Limits;

/// The most workers at a time. Who comes beyond that gets no calls.
const MAX_WORKERS: usize = 4096;

/// Messages that one turn takes in at most.
const MAX_MESSAGES: usize = 1024;

/// When those that calls wait for are asked after a connection was lost: at once, since the loss may be known before the
/// socket knows whose it was again, and then less and less often.
const FIRST_PROBE: Duration = Duration::from_millis(2);
const LAST_PROBE: Duration = Duration::from_millis(200);

pub(super) struct Workers<R = RouterSocket> {
    router: R,
    limits: Limits,
    /// `None` where a worker has gone, for the next one that comes.
    by_link: Vec<Option<Worker>>,
    links: HashMap<PeerId, usize>,
    /// The links of workers that turned out to have gone.
    gone: Vec<usize>,
    /// When to ask next who has gone, and how long to wait after that.
    probe: Option<(Instant, Duration)>,
    buffer: Frame,
}

struct Worker {
    route: Route,
    offer: WorkerOffer,
    /// Whether it was silent for too long, and has not been heard since.
    is_silent: bool,
}

impl<R: Replier> Workers<R> {
    pub(super) fn new(router: R, limits: Limits) -> Self {
        Self {
            router,
            limits,
            by_link: Vec::new(),
            links: HashMap::new(),
            gone: Vec::new(),
            probe: None,
            buffer: Frame::new(),
        }
    }

    /// Takes in what has arrived. Returns whether more may be left.
    fn take_in(&mut self, events: &mut Vec<(usize, ConnectionEvent)>) -> Result<bool, SocketError> {
        for _ in 0..MAX_MESSAGES {
            match self.router.receive(&mut self.buffer)? {
                None => return Ok(false),
                Some(Arrival::Malformed) => {}
                Some(Arrival::Message(route)) => self.hear(&route, events),
            }
        }
        Ok(true)
    }

    fn hear(&mut self, route: &Route, events: &mut Vec<(usize, ConnectionEvent)>) {
        // Behind a device there is no telling whose connection is lost.
        let Some(peer) = route.direct_peer() else {
            return;
        };
        let frame = std::mem::take(&mut self.buffer);
        let known = self.links.get(peer).copied();
        if DIALECT.classify(&frame) == FrameKind::Worker {
            if let Some(link) = known {
                events.push((link, ConnectionEvent::Down));
            }
            match DIALECT.decode_worker(&frame, &self.limits) {
                Ok(offer) => self.hire(route, offer, events),
                Err(error) => {
                    log::line!(warn, error = log::text(error); "what a worker says of itself cannot be read; it gets no calls");
                }
            }
        } else if let Some(link) = known
            && let Some(worker) = &mut self.by_link[link]
        {
            if std::mem::take(&mut worker.is_silent) {
                events.push((link, ConnectionEvent::Up));
            }
            events.push((link, ConnectionEvent::Received(frame)));
        }
        // Who has not said that it is a worker is none.
    }

    fn hire(
        &mut self,
        route: &Route,
        offer: WorkerOffer,
        events: &mut Vec<(usize, ConnectionEvent)>,
    ) {
        let peer = route.peer();
        let link = match self.links.get(peer) {
            Some(link) => *link,
            None => match self.by_link.iter().position(Option::is_none) {
                Some(free) => free,
                None if self.by_link.len() < MAX_WORKERS => {
                    self.by_link.push(None);
                    self.by_link.len() - 1
                }
                None => {
                    log::line!(warn, limit = MAX_WORKERS; "more than `limit` workers have come; one gets no calls");
                    return;
                }
            },
        };
        self.links.insert(peer.clone(), link);
        self.by_link[link] = Some(Worker {
            route: route.clone(),
            offer,
            is_silent: false,
        });
        events.push((link, ConnectionEvent::Up));
    }

    fn dismiss(&mut self, link: usize) {
        if let Some(worker) = self.by_link[link].take() {
            self.links.remove(worker.route.peer());
        }
    }

    /// Asks those that calls wait for whether they have gone, if a connection was lost.
    fn ask(&mut self, calls: &mut Multiplexer<Waiter>, now: Instant) {
        if self.router.take_losses() {
            self.probe = Some((now, FIRST_PROBE));
        }
        if let Some((at, pause)) = self.probe
            && at <= now
        {
            calls.ping_busy(self);
            self.probe = (pause <= LAST_PROBE).then(|| (now + pause, pause * 2));
        }
    }
}

impl<R: Replier> Transmit for Workers<R> {
    fn send(&mut self, link: usize, frame: &mut Frame) -> bool {
        let Some(worker) = self.by_link.get(link).and_then(Option::as_ref) else {
            return false;
        };
        let message = RoutedMessage {
            route: worker.route.clone(),
            message: std::mem::take(frame),
        };
        match self.router.send(message) {
            Ok(()) => return true,
            Err(SendError::Full(message)) => *frame = message.message,
            Err(SendError::Gone(message)) => {
                *frame = message.message;
                self.gone.push(link);
            }
            Err(SendError::Broken(error)) => {
                log::line!(error, error = log::text(&error); "a request could not be sent to a worker");
                // What was to be sent is gone with it, and so the worker counts as gone.
                self.gone.push(link);
                return true;
            }
        }
        false
    }
}

impl<R: Replier> Peers for Workers<R> {
    fn receive(
        &mut self,
        calls: &mut Multiplexer<Waiter>,
        waiters: &mut Waiters,
        now: Instant,
    ) -> Result<Received, SocketError> {
        let mut events = Vec::new();
        let more = self.take_in(&mut events)?;
        self.ask(calls, now);
        self.gone.sort_unstable();
        self.gone.dedup();
        for link in std::mem::take(&mut self.gone) {
            self.dismiss(link);
            events.push((link, ConnectionEvent::Down));
        }
        let mut received = Received {
            any: !events.is_empty(),
            more,
            lost: Vec::new(),
        };
        for (link, event) in events {
            let mut arrivals = Arrivals::default();
            calls.handle_event(link, event, &mut arrivals, waiters);
            if let Some(reason) = calls.settle(link, arrivals, now, self, waiters) {
                received.lost.push((link, reason));
            }
        }
        Ok(received)
    }

    /// Gives a worker no calls until it is heard again: it may have stood still, and does not know.
    fn replace(&mut self, link: usize) -> Result<(), SocketError> {
        if let Some(worker) = &mut self.by_link[link] {
            worker.is_silent = true;
        }
        Ok(())
    }

    fn expect_events(&mut self) {
        self.router.expect_events();
    }

    fn expects_events(&self) -> bool {
        self.router.expects_events()
    }

    fn retry_login_soon(&mut self) {}

    fn resolve_failure(&self) -> Option<String> {
        None
    }

    fn due(&self) -> Option<Instant> {
        let probe = self.probe.map(|(at, _)| at);
        self.router.due().into_iter().chain(probe).min()
    }

    fn needs_polling(&self) -> bool {
        self.probe.is_some()
    }

    fn is_inproc(&self) -> bool {
        false
    }

    fn come_by_themselves(&self) -> bool {
        true
    }

    fn offers(&self) -> Vec<WorkerOffer> {
        let workers = self.by_link.iter().flatten();
        workers
            .filter(|worker| !worker.is_silent)
            .map(|worker| worker.offer.clone())
            .collect()
    }
}
