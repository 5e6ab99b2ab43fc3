//! Where a proxy gets what nobody waits for: subscriptions, and endpoints that it pulls from.

use std::sync::Arc;
use std::time::Instant;

use super::counters::ProxyCounters;
use crate::auth::EachWay;
use crate::error::Error;
use crate::log;
use crate::server::{CallbackThread, CommandSource, SubscriptionSource, ValidSubscription};
use crate::socket::{Arrival, Endpoint, Message, Poller, PullSocket, SocketError, SocketOptions};
use crate::wire::{
    Incoming, Limits, NO_ID, Request, RequestKind, encode_ping, event_to_request, hops, numbered,
    peek_id,
};

/// Messages that are taken from one socket before the others have their turn.
pub(super) const TURN: usize = 64;

/// Sockets that only receive.
pub(super) trait InputSockets: Send + Sized {
    /// What comes out of it.
    type Item;

    fn pollers(&self) -> Vec<Arc<Poller>>;
    fn endpoints(&self) -> Vec<String>;
    fn wake(&mut self);
    /// Something may be left: it must not be waited on.
    fn is_used(&self) -> bool;
    /// Nobody is to wait for it any more.
    fn leave(&mut self);
    /// The next good message of a turn; nothing if there is none, or others have their turn.
    fn next(&mut self, now: Instant) -> Result<Option<Self::Item>, SocketError>;
    /// Looks after connections while messages are left where they are.
    fn settle(&mut self) -> Result<(), SocketError>;
    /// Looks after connections. Only right when everything has been taken in; `heard` is false while nobody listens.
    fn look(&mut self, now: Instant, heard: bool);
    fn due(&self) -> Option<Instant>;
    /// The call that an item asks for; nothing if it is a sign of life.
    fn call(item: &Self::Item, limits: &Limits) -> Option<Vec<u8>>;
    fn close_and_release(self);
}

/// Subscriptions.
pub(super) struct Events {
    feeds: Vec<(SubscriptionSource, bool)>,
    /// Whose turn it is, and how much of it is left.
    turn: (usize, usize),
    /// What a program wants to do when one is silent: on a thread of its own, however long that takes.
    callbacks: CallbackThread,
    limits: Limits,
    counters: Arc<ProxyCounters>,
}

impl Events {
    pub(super) fn open(
        subscriptions: Vec<ValidSubscription>,
        options: &SocketOptions,
        logins: &EachWay,
        limits: Limits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let open = |subscription: ValidSubscription| {
            let options = subscription.options(options, logins);
            let feed = SubscriptionSource::open(subscription, &options)?;
            let (denied, refused) = feed.logins();
            counters.watch_denied(denied);
            counters.watch_refused(refused);
            Ok::<_, Error>((feed, true))
        };
        Ok(Self {
            feeds: subscriptions
                .into_iter()
                .map(open)
                .collect::<Result<_, _>>()?,
            turn: (0, TURN),
            callbacks: CallbackThread::default(),
            limits,
            counters,
        })
    }
}

impl InputSockets for Events {
    /// Topic and event.
    type Item = (Message, Message);

    fn pollers(&self) -> Vec<Arc<Poller>> {
        self.feeds.iter().map(|(feed, _)| feed.poller()).collect()
    }

    fn endpoints(&self) -> Vec<String> {
        let endpoints = self
            .feeds
            .iter()
            .map(|(feed, _)| feed.endpoint().to_owned());
        endpoints.collect()
    }

    fn wake(&mut self) {
        for (feed, used) in &mut self.feeds {
            *used |= feed.poller().take_ready();
        }
    }

    fn is_used(&self) -> bool {
        self.feeds.iter().any(|(_, used)| *used)
    }

    fn leave(&mut self) {
        self.feeds.iter_mut().for_each(|(_, used)| *used = false);
    }

    fn next(&mut self, now: Instant) -> Result<Option<Self::Item>, SocketError> {
        while let Some((feed, used)) = self.feeds.get_mut(self.turn.0) {
            while *used && self.turn.1 > 0 {
                self.turn.1 -= 1;
                match feed.pass(&self.limits, now)? {
                    None => *used = false,
                    Some(Arrival::Malformed) => self.counters.frontend.malformed.increment(),
                    Some(Arrival::Message(message)) => return Ok(Some(message)),
                }
            }
            self.turn = (self.turn.0 + 1, TURN);
        }
        self.turn = (0, TURN);
        Ok(None)
    }

    fn settle(&mut self) -> Result<(), SocketError> {
        self.feeds.iter_mut().try_for_each(|(feed, used)| {
            // It may have taken the signal of what it leaves.
            *used = true;
            feed.settle()
        })
    }

    fn look(&mut self, now: Instant, heard: bool) {
        for (feed, used) in &mut self.feeds {
            if !heard {
                feed.excuse(now);
            } else if !*used && feed.due().is_some_and(|due| due <= now) {
                *used = true;
                self.callbacks.make(feed.look(now));
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.feeds.iter().filter_map(|(feed, _)| feed.due()).min()
    }

    fn call((_, event): &Self::Item, limits: &Limits) -> Option<Vec<u8>> {
        // The count of proxies goes on.
        let passed = peek_id(event).map_or(0, hops);
        let id = if passed == 0 {
            NO_ID
        } else {
            numbered(passed, 0)
        };
        event_to_request(event, RequestKind::Call, id, limits).ok()?
    }

    fn close_and_release(self) {
        self.callbacks.end();
        for (feed, _) in self.feeds {
            feed.close_and_release();
        }
    }
}

/// Endpoints to pull from.
pub(super) struct Jobs {
    pulls: Vec<(PullSocket, bool)>,
    turn: (usize, usize),
    limits: Limits,
    counters: Arc<ProxyCounters>,
}

impl Jobs {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        logins: &EachWay,
        limits: Limits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let open = |endpoint: &Endpoint| {
            let options = SocketOptions {
                receive_high_water: PullSocket::HIGH_WATER,
                security: logins.of(endpoint.direction()),
                ..options.clone()
            };
            let pull = PullSocket::open(endpoint, &options)
                .map_err(|error| Error::unopened(endpoint, &error))?;
            counters.watch_refused(pull.rejected_logins());
            Ok::<_, Error>((pull, true))
        };
        Ok(Self {
            pulls: endpoints.iter().map(open).collect::<Result<_, _>>()?,
            turn: (0, TURN),
            limits,
            counters,
        })
    }
}

impl InputSockets for Jobs {
    /// A notification.
    type Item = Message;

    fn pollers(&self) -> Vec<Arc<Poller>> {
        self.pulls.iter().map(|(pull, _)| pull.poller()).collect()
    }

    fn endpoints(&self) -> Vec<String> {
        let endpoints = self
            .pulls
            .iter()
            .map(|(pull, _)| pull.endpoint().to_owned());
        endpoints.collect()
    }

    fn wake(&mut self) {
        for (pull, used) in &mut self.pulls {
            *used |= pull.poller().take_ready();
        }
    }

    fn is_used(&self) -> bool {
        self.pulls.iter().any(|(_, used)| *used)
    }

    fn leave(&mut self) {
        self.pulls.iter_mut().for_each(|(_, used)| *used = false);
    }

    fn next(&mut self, _: Instant) -> Result<Option<Message>, SocketError> {
        while let Some((pull, used)) = self.pulls.get_mut(self.turn.0) {
            while *used && self.turn.1 > 0 {
                self.turn.1 -= 1;
                let mut job = Message::new();
                match pull.receive(&mut job)? {
                    None => *used = false,
                    Some(Arrival::Message(())) if is_notification(&job, &self.limits) => {
                        return Ok(Some(job));
                    }
                    // Its pusher finds out whether what it has pushed has left.
                    Some(Arrival::Message(())) if *job == encode_ping(NO_ID) => {}
                    Some(Arrival::Malformed | Arrival::Message(())) => {
                        self.counters.frontend.malformed.increment();
                    }
                }
            }
            self.turn = (self.turn.0 + 1, TURN);
        }
        self.turn = (0, TURN);
        Ok(None)
    }

    fn settle(&mut self) -> Result<(), SocketError> {
        self.pulls.iter_mut().try_for_each(|(pull, used)| {
            *used = true;
            pull.maintain()
        })
    }

    fn look(&mut self, now: Instant, _: bool) {
        for (pull, used) in &mut self.pulls {
            pull.advance_dial();
            if pull.reconnect_due().is_some_and(|due| due <= now) {
                *used = true;
                if let Err(error) = pull.reconnect() {
                    log::line!(error, error = log::text(&error); "a proxy cannot pull any more, it tries again");
                }
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.pulls
            .iter()
            .flat_map(|(pull, _)| [pull.reconnect_due(), pull.dial_due()])
            .flatten()
            .min()
    }

    fn call(job: &Message, _: &Limits) -> Option<Vec<u8>> {
        Some(job.to_vec())
    }

    fn close_and_release(self) {
        for (pull, _) in self.pulls {
            pull.close_and_release();
        }
    }
}

fn is_notification(job: &[u8], limits: &Limits) -> bool {
    matches!(
        Incoming::decode(job, limits),
        Ok(Incoming::Request(Request {
            kind: RequestKind::Notify,
            ..
        }))
    )
}
