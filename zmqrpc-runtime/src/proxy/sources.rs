//! The input sockets of SUB and PULL: subscriptions, and endpoints that jobs are pulled from.

use std::sync::Arc;
use std::time::Instant;

use super::DIALECT;
use super::counters::ProxyCounters;
use crate::dialect::{Inbound, NO_ID, Request, RequestKind};
use crate::error::Error;
use crate::log;
use crate::logins::SecurityByDirection;
use crate::socket::{Arrival, Endpoint, Frame, Poller, PullSocket, SocketError, SocketOptions};
use crate::subscription::{CallbackThread, SourceSocket, SubscriptionSocket, ValidSubscription};
use crate::wire::{Limits, with_hops};

/// Messages that are received from one socket before the next one has its turn.
pub(super) const TURN: usize = 64;

/// Sockets that only receive.
pub(super) trait InputSockets: Send + Sized {
    /// A received message.
    type Item;

    fn pollers(&self) -> Vec<Arc<Poller>>;
    fn endpoints(&self) -> Vec<String>;
    /// Marks for draining the sockets that have signalled since the last wait.
    fn after_wait(&mut self);
    /// Returns whether a socket was used since its last drain, so that waiting on it could miss a message.
    fn needs_drain(&self) -> bool;
    /// Treats every socket as drained: messages that are left stay unread.
    fn mark_drained(&mut self);
    /// Returns the next valid message; `None` if there is none, or if every socket has had its turn.
    fn next(&mut self, now: Instant) -> Result<Option<Self::Item>, SocketError>;
    /// Maintains connections while messages stay unread.
    fn maintain_unread(&mut self) -> Result<(), SocketError>;
    /// Maintains connections, once the sockets have been drained or marked so; `is_reading` is false while messages stay
    /// unread, when a silent publisher must not count as dead.
    fn maintain(&mut self, now: Instant, is_reading: bool);
    /// Returns when to run again even if no socket signals.
    fn due(&self) -> Option<Instant>;
    /// Returns the frame of the call that an item asks for; `None` for a heartbeat.
    fn call_frame(item: &Self::Item, limits: &Limits) -> Option<Vec<u8>>;
    fn close_and_release(self);
}

/// Subscriptions to publishers.
pub(super) struct Events {
    /// The subscriptions, each with whether it needs a drain.
    sources: Vec<(SubscriptionSocket, bool)>,
    /// The index of the source whose turn it is, and the messages that are left of its turn.
    turn: (usize, usize),
    /// Calls the program's `on_silence` callbacks on a thread of its own, since they may take long.
    callbacks: CallbackThread,
    limits: Limits,
    counters: Arc<ProxyCounters>,
}

impl Events {
    pub(super) fn open(
        subscriptions: Vec<ValidSubscription>,
        options: &SocketOptions,
        logins: &SecurityByDirection,
        limits: Limits,
        counters: Arc<ProxyCounters>,
    ) -> Result<Self, Error> {
        let open = |subscription: ValidSubscription| {
            let options = subscription.options(options, logins);
            let source = SubscriptionSocket::open(subscription, &options)?;
            let (denied, refused) = source.rejected_logins();
            counters.watch_denied(denied);
            counters.watch_unauthenticated(refused);
            Ok::<_, Error>((source, true))
        };
        Ok(Self {
            sources: subscriptions
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
    type Item = (Frame, Frame);

    fn pollers(&self) -> Vec<Arc<Poller>> {
        self.sources
            .iter()
            .map(|(source, _)| source.poller())
            .collect()
    }

    fn endpoints(&self) -> Vec<String> {
        let endpoints = self
            .sources
            .iter()
            .map(|(source, _)| source.endpoint().to_owned());
        endpoints.collect()
    }

    fn after_wait(&mut self) {
        for (source, needs_drain) in &mut self.sources {
            *needs_drain |= source.poller().take_ready();
        }
    }

    fn needs_drain(&self) -> bool {
        self.sources.iter().any(|(_, needs_drain)| *needs_drain)
    }

    fn mark_drained(&mut self) {
        self.sources
            .iter_mut()
            .for_each(|(_, needs_drain)| *needs_drain = false);
    }

    fn next(&mut self, now: Instant) -> Result<Option<Self::Item>, SocketError> {
        while let Some((source, needs_drain)) = self.sources.get_mut(self.turn.0) {
            while *needs_drain && self.turn.1 > 0 {
                self.turn.1 -= 1;
                match source.receive_raw(&self.limits, now)? {
                    None => *needs_drain = false,
                    Some(Arrival::Malformed) => self.counters.frontend.malformed.increment(),
                    Some(Arrival::Message(message)) => return Ok(Some(message)),
                }
            }
            self.turn = (self.turn.0 + 1, TURN);
        }
        self.turn = (0, TURN);
        Ok(None)
    }

    fn maintain_unread(&mut self) -> Result<(), SocketError> {
        self.sources
            .iter_mut()
            .try_for_each(|(source, needs_drain)| {
                // It may have consumed the signal of messages that stay unread.
                *needs_drain = true;
                source.settle()
            })
    }

    fn maintain(&mut self, now: Instant, is_reading: bool) {
        for (source, needs_drain) in &mut self.sources {
            if !is_reading {
                source.reset_silence(now);
            } else if !*needs_drain && source.due().is_some_and(|due| due <= now) {
                *needs_drain = true;
                self.callbacks.run(source.maintain(now));
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        self.sources
            .iter()
            .filter_map(|(source, _)| source.due())
            .min()
    }

    fn call_frame((_, event): &Self::Item, limits: &Limits) -> Option<Vec<u8>> {
        // The request keeps the event's count of proxies.
        let hop_count = DIALECT.hops(event);
        let id = if hop_count == 0 {
            NO_ID
        } else {
            with_hops(hop_count, 0)
        };
        DIALECT.event_to_call(event, id, limits).ok()?
    }

    fn close_and_release(self) {
        self.callbacks.end();
        for (source, _) in self.sources {
            source.close_and_release();
        }
    }
}

/// Sockets that jobs are pulled from.
pub(super) struct Jobs {
    /// The sockets, each with whether it needs a drain.
    pulls: Vec<(PullSocket, bool)>,
    /// As in [`Events`].
    turn: (usize, usize),
    limits: Limits,
    counters: Arc<ProxyCounters>,
}

impl Jobs {
    pub(super) fn open(
        endpoints: &[Endpoint],
        options: &SocketOptions,
        logins: &SecurityByDirection,
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
                .map_err(|error| Error::endpoint_error(endpoint.as_str(), error))?;
            counters.watch_unauthenticated(pull.rejected_logins());
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
    /// A job: the frame of a notification.
    type Item = Frame;

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

    fn after_wait(&mut self) {
        for (pull, needs_drain) in &mut self.pulls {
            *needs_drain |= pull.poller().take_ready();
        }
    }

    fn needs_drain(&self) -> bool {
        self.pulls.iter().any(|(_, needs_drain)| *needs_drain)
    }

    fn mark_drained(&mut self) {
        self.pulls
            .iter_mut()
            .for_each(|(_, needs_drain)| *needs_drain = false);
    }

    fn next(&mut self, _: Instant) -> Result<Option<Frame>, SocketError> {
        while let Some((pull, needs_drain)) = self.pulls.get_mut(self.turn.0) {
            while *needs_drain && self.turn.1 > 0 {
                self.turn.1 -= 1;
                let mut job = Frame::new();
                match pull.receive(&mut job)? {
                    None => *needs_drain = false,
                    Some(Arrival::Message(())) if is_notification(&job, &self.limits) => {
                        return Ok(Some(job));
                    }
                    // A ping with which a pusher finds out whether its jobs have left its process.
                    Some(Arrival::Message(())) if DIALECT.is_ping_without_id(&job) => {}
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

    fn maintain_unread(&mut self) -> Result<(), SocketError> {
        self.pulls.iter_mut().try_for_each(|(pull, needs_drain)| {
            *needs_drain = true;
            pull.maintain()
        })
    }

    fn maintain(&mut self, now: Instant, _: bool) {
        for (pull, needs_drain) in &mut self.pulls {
            pull.advance_dial();
            if pull.reconnect_due().is_some_and(|due| due <= now) {
                *needs_drain = true;
                if let Err(error) = pull.reconnect() {
                    log::line!(error, error = log::text(&error); "a proxy cannot pull any more; it tries again");
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

    fn call_frame(job: &Frame, _: &Limits) -> Option<Vec<u8>> {
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
        DIALECT.decode_inbound(job, limits),
        Ok(Inbound::Request(Request {
            kind: RequestKind::Notify,
            ..
        }))
    )
}
