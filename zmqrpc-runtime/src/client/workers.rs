//! The workers that have come to a client that is bound.
//!
//! Each is a link of its own, for as long as the connection is there over which it said that it is a worker. Of connections
//! within the process no event tells that one has gone: what is sent to it does.

use std::collections::HashMap;
use std::time::Duration;

use super::DIALECT;
use super::peers::{Peers, ReceiveOutcome};
use super::waiter::{Waiter, Waiters};
use crate::clock::Instant;
use crate::connection::{Arrivals, Multiplexer, Transmit};
use crate::dialect::{FrameKind, NO_ID, WorkerOfferBuf};
use crate::log;
use crate::socket::{
    Arrival, ConnectionEvent, Frame, PeerId, Replier, Route, RoutedMessage, RouterSocket,
    SendError, SocketError, Upkeep, WatchedConnection,
};
use crate::wire::Limits;

/// The most workers at a time. Who comes beyond that gets no calls.
const MAX_WORKERS: usize = 4096;

/// Messages that one turn takes in at most.
const MAX_MESSAGES: usize = 1024;

/// How often one turn looks whether further connections were lost while it took in what the last ones have brought.
const MAX_ROUNDS: usize = 16;

/// How often those within the process are pinged, if it is looked so often.
const PROBE_INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct Workers<R = RouterSocket> {
    router: R,
    limits: Limits,
    /// `None` where a worker has gone, for the next one that comes.
    by_link: Vec<Option<Worker>>,
    links: HashMap<PeerId, usize>,
    /// The links of those whose connections the socket watches.
    links_by_connection: HashMap<u64, usize>,
    /// The links of workers that turned out to have gone.
    gone: Vec<usize>,
    /// Connections that were lost, of which there may be more to take in.
    lost: Vec<u64>,
    /// When those whose connections are not watched were pinged last.
    probed: Option<Instant>,
    buffer: Frame,
    /// Limits how often the log tells of peers that get no calls.
    log: log::Throttle,
}

struct Worker {
    route: Route,
    offer: WorkerOfferBuf,
    /// `None` if the socket does not watch it.
    connection: Option<u64>,
    /// Whether it was silent for too long, and has not been heard since.
    is_silent: bool,
}

/// What happened to links, in order.
type LinkEvents = Vec<(usize, ConnectionEvent)>;

impl<R: Replier> Workers<R> {
    pub(super) fn new(router: R, limits: Limits) -> Self {
        Self {
            router,
            limits,
            by_link: Vec::new(),
            links: HashMap::new(),
            links_by_connection: HashMap::new(),
            gone: Vec::new(),
            lost: Vec::new(),
            probed: None,
            buffer: Frame::new(),
            log: log::Throttle::default(),
        }
    }

    /// Takes in what has arrived, and the ends of connections. Returns whether more may be left.
    fn take_in(&mut self, now: Instant, events: &mut LinkEvents) -> Result<bool, SocketError> {
        for _ in 0..MAX_ROUNDS {
            if self.take_in_messages(events)? {
                return Ok(true);
            }
            for link in std::mem::take(&mut self.gone) {
                self.dismiss(link, events);
            }
            for connection in std::mem::take(&mut self.lost) {
                if let Some(link) = self.links_by_connection.get(&connection) {
                    self.dismiss(*link, events);
                }
            }
            // What those have said who turn out to have gone is there by now, and is taken in first.
            self.lost = self.router.take_losses();
            self.probe(now);
            if self.lost.is_empty() && self.gone.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_in_messages(&mut self, events: &mut LinkEvents) -> Result<bool, SocketError> {
        for _ in 0..MAX_MESSAGES {
            match self.router.receive(&mut self.buffer)? {
                None => return Ok(false),
                Some(Arrival::Malformed) => {}
                Some(Arrival::Message(route)) => self.hear(&route, events)?,
            }
        }
        Ok(true)
    }

    fn hear(&mut self, route: &Route, events: &mut LinkEvents) -> Result<(), SocketError> {
        // Behind a device there is no telling whose connection is lost.
        let Some(peer) = route.direct_peer() else {
            return Ok(());
        };
        let frame = std::mem::take(&mut self.buffer);
        let known = self.links.get(peer).copied();
        if DIALECT.classify(&frame) == FrameKind::Worker {
            if let Some(link) = known {
                // It has connected anew, under the same name.
                self.dismiss(link, events);
            }
            match DIALECT.decode_worker(&frame, &self.limits) {
                Ok(offer) => self.hire(route, &frame, offer, events)?,
                Err(error) => {
                    if let Some(hidden) = self.log.admit("offer") {
                        log::line!(warn, error = log::text(error), hidden; "what a worker says of itself cannot be read; it gets no calls");
                    }
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
        Ok(())
    }

    fn hire(
        &mut self,
        route: &Route,
        frame: &Frame,
        offer: WorkerOfferBuf,
        events: &mut LinkEvents,
    ) -> Result<(), SocketError> {
        let connection = match self.router.connection_of(frame)? {
            WatchedConnection::Open(connection) => Some(connection),
            WatchedConnection::Unwatched => None,
            WatchedConnection::Lost => return Ok(()),
        };
        if let Some(connection) = connection
            && let Some(link) = self.links_by_connection.get(&connection)
        {
            // The former one has gone, and its number was used again before its last words were read.
            self.dismiss(*link, events);
        }
        let free = self.by_link.iter().position(Option::is_none);
        let link = free.unwrap_or(self.by_link.len());
        if link == MAX_WORKERS {
            if let Some(hidden) = self.log.admit("number") {
                log::line!(warn, limit = MAX_WORKERS, hidden; "more than `limit` workers have come; one gets no calls");
            }
            return Ok(());
        }
        self.links.insert(route.peer().clone(), link);
        self.links_by_connection
            .extend(connection.map(|connection| (connection, link)));
        let worker = Worker {
            route: route.clone(),
            offer,
            connection,
            is_silent: false,
        };
        match self.by_link.get_mut(link) {
            Some(place) => *place = Some(worker),
            None => self.by_link.push(Some(worker)),
        }
        events.push((link, ConnectionEvent::Up));
        Ok(())
    }

    /// A send has told that the worker of a link has gone. It is dismissed when what it has said has been taken in.
    fn mark_gone(&mut self, link: usize) {
        // Once, however many calls find it out before.
        if !self.gone.contains(&link) {
            self.gone.push(link);
        }
    }

    fn dismiss(&mut self, link: usize, events: &mut LinkEvents) {
        if let Some(worker) = self.by_link[link].take() {
            self.links.remove(worker.route.peer());
            if let Some(connection) = worker.connection {
                self.links_by_connection.remove(&connection);
            }
            // What was found out of this one does not concern the next.
            self.gone.retain(|gone| *gone != link);
            events.push((link, ConnectionEvent::Down));
        }
    }

    /// Returns the links of the workers whose connections nobody watches.
    fn unwatched(&self) -> impl Iterator<Item = usize> {
        let workers = self.by_link.iter().enumerate();
        workers.filter_map(|(link, worker)| {
            let is_unwatched = worker.as_ref()?.connection.is_none();
            is_unwatched.then_some(link)
        })
    }

    /// Pings those whose connections nobody watches, to find out who has gone. Those that drain, too: a ping that is lost
    /// does no harm, and within the process nothing else is lost with it.
    fn probe(&mut self, now: Instant) {
        let is_due = self
            .probed
            .is_none_or(|probed| now >= probed + PROBE_INTERVAL);
        if is_due {
            for link in self.unwatched().collect::<Vec<_>>() {
                self.probed = Some(now);
                // There may be no room: then it is there.
                let _ = self.send(link, &mut DIALECT.ping(NO_ID));
            }
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
                self.mark_gone(link);
            }
            Err(SendError::Broken(error)) => {
                log::line!(error, error = log::text(&error); "a request could not be sent to a worker");
                // What was to be sent is gone with it, and so the worker counts as gone.
                self.mark_gone(link);
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
    ) -> Result<ReceiveOutcome, SocketError> {
        let mut events = LinkEvents::new();
        // What was taken in before the socket failed has happened nevertheless: a worker that has come is a link.
        let taken_in = self.take_in(now, &mut events);
        let mut received = ReceiveOutcome {
            any: !events.is_empty(),
            ..ReceiveOutcome::default()
        };
        for (link, event) in events {
            let mut arrivals = Arrivals::default();
            calls.handle_event(link, event, &mut arrivals, waiters);
            if let Some(reason) = calls.settle(link, arrivals, now, self, waiters) {
                received.lost.push((link, reason));
            }
        }
        received.more = taken_in?;
        Ok(received)
    }

    /// Gives a worker no calls until it is heard again: it may have stood still, and does not know.
    fn replace(&mut self, link: usize) -> Result<(), SocketError> {
        if let Some(worker) = &mut self.by_link[link] {
            worker.is_silent = true;
        }
        Ok(())
    }

    fn come_by_themselves(&self) -> bool {
        true
    }

    fn offers(&self) -> Vec<(usize, WorkerOfferBuf)> {
        let workers = self.by_link.iter().enumerate();
        workers
            .filter_map(|(link, worker)| Some((link, worker.as_ref()?.offer.clone())))
            .collect()
    }
}

impl<R: Replier> Upkeep for Workers<R> {
    fn expect_events(&mut self) {
        self.router.expect_events();
    }

    fn expects_events(&self) -> bool {
        self.router.expects_events()
    }

    fn due(&self) -> Option<Instant> {
        self.router.due()
    }

    fn needs_polling(&self) -> bool {
        self.unwatched().next().is_some()
    }
}

#[cfg(test)]
mod tests;
