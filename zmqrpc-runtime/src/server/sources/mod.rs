//! The sources of events and jobs: sockets that deliver commands nobody waits for.
//!
//! ```text
//! subscription_source a subscription, whose events become calls
//! pull_source         a socket that jobs are pulled from
//! event_frame         the frame of an event or a job to a call
//! slot                a source among others, which take turns
//! ```
//!
//! A server's sources are protected by the server's mutex, and the thread that reads the ROUTER reads them, too. While
//! the scheduler has no room, sources are left unread: libzmq holds what arrives, and then pushers wait and publishers
//! drop.

mod event_frame;
mod pull_source;
mod slot;
mod subscription_source;

use std::sync::Arc;
use std::time::Instant;

pub(super) use pull_source::PullSource;
pub(super) use subscription_source::SubscriptionSource;

use slot::{SourceSlot, SourceTurn};

use super::dispatcher::{Dispatcher, FrameReader, ReadyCall};
use crate::error::{EndpointCause, Error};
use crate::logins::SecurityByDirection;
use crate::reception::PullStats;
use crate::socket::{
    Direction, Endpoint, Poller, Security, SocketError, SocketOptions, UnreadTimer,
};
use crate::subscription::{SilenceCallback, SourceSocket, SubscriptionStats, ValidSubscription};

/// What a message from a source was.
pub(super) enum SourceMessage {
    /// There was no message.
    Nothing,
    Call(ReadyCall),
    /// Nothing to run: a heartbeat, or a command that was rejected.
    Handled,
    Malformed,
}

/// A socket that delivers events or jobs.
pub(super) trait CommandSource {
    fn socket(&self) -> &dyn SourceSocket;
    fn socket_mut(&mut self) -> &mut dyn SourceSocket;
    /// Receives one message.
    fn take(&mut self, dispatcher: &Dispatcher, now: Instant)
    -> Result<SourceMessage, SocketError>;
    /// Closes the socket and frees its endpoint, which may take a moment.
    fn close_and_release(self)
    where
        Self: Sized;
}

/// Takes the calls.
pub(super) trait CallQueue: FrameReader {
    fn has_room(&self) -> bool;
    fn push(&mut self, call: ReadyCall);
    /// Returns whether the server's end was requested.
    fn is_closing(&self) -> bool;
}

pub(super) type SourcePollers = Arc<[Arc<Poller>]>;

pub(super) struct Sources {
    router: Arc<Poller>,
    /// The pollers of what is waited for together with the router in any case.
    others: Vec<Arc<Poller>>,
    subscriptions: Vec<SourceSlot<SubscriptionSource>>,
    pulls: Vec<SourceSlot<PullSource>>,
    /// The number of the source that is read first the next time.
    next_turn: usize,
    /// The sources are left unread for want of room.
    paused: bool,
    /// For how long they have been left unread, and when they are to be settled.
    unread: UnreadTimer,
    /// The end was requested.
    stopping: bool,
    options: SocketOptions,
    logins: SecurityByDirection,
    /// The pollers of the router and of every source. Built again after sources were added or removed.
    pollers: Option<SourcePollers>,
}

impl Sources {
    /// `options` are those of each socket except for its login, which `logins` has.
    pub(super) fn new(
        router: Arc<Poller>,
        options: SocketOptions,
        logins: SecurityByDirection,
    ) -> Self {
        Self {
            router,
            others: Vec::new(),
            subscriptions: Vec::new(),
            pulls: Vec::new(),
            next_turn: 0,
            paused: false,
            unread: UnreadTimer::default(),
            stopping: false,
            options,
            logins,
            pollers: None,
        }
    }

    /// Sets what else is waited for together with the router.
    pub(super) fn wait_for(&mut self, others: Vec<Arc<Poller>>) {
        (self.others, self.pollers) = (others, None);
    }

    /// Returns the options to connect to a client with that the server works for.
    pub(super) fn binder_options(&self) -> SocketOptions {
        SocketOptions {
            security: self.logins.of(Direction::Connect),
            ..self.options.clone()
        }
    }

    /// Returns the options to open a subscription with, outside of the lock. Fails if the endpoint is subscribed to
    /// already.
    pub(super) fn subscription_options(
        &self,
        subscription: &ValidSubscription,
    ) -> Result<SocketOptions, Error> {
        check_new(&self.subscriptions, subscription.endpoint())?;
        // A subscription that connects presents its own login only: it is not to reveal the server's password to a
        // publisher.
        let logins = SecurityByDirection {
            connected: Security::Open,
            ..self.logins.clone()
        };
        Ok(subscription.options(&self.options, &logins))
    }

    /// Returns the options to open a pull socket with. Fails if the endpoint is pulled from already: a second socket
    /// would get jobs for a moment, and lose them.
    pub(super) fn pull_options(&self, endpoint: &Endpoint) -> Result<SocketOptions, Error> {
        check_new(&self.pulls, endpoint.as_str())?;
        Ok(SocketOptions {
            security: self.logins.of(endpoint.direction()),
            ..self.options.clone()
        })
    }

    /// Adds a subscription and returns its endpoint. Fails if the endpoint is subscribed to already.
    pub(super) fn add_subscription(
        &mut self,
        subscription: SubscriptionSource,
    ) -> Result<String, Error> {
        self.pollers = None;
        add(&mut self.subscriptions, subscription)
    }

    /// Adds a pull socket and returns its endpoint. Fails if the endpoint is pulled from already.
    pub(super) fn add_pull(&mut self, pull: PullSource) -> Result<String, Error> {
        self.pollers = None;
        add(&mut self.pulls, pull)
    }

    /// Removes a subscription. The caller closes it, outside of the lock.
    pub(super) fn remove_subscription(&mut self, endpoint: &str) -> Option<SubscriptionSource> {
        let at = find(&self.subscriptions, endpoint)?;
        self.pollers = None;
        Some(self.subscriptions.remove(at).source)
    }

    pub(super) fn remove_pull(&mut self, endpoint: &str) -> Option<PullSource> {
        let at = find(&self.pulls, endpoint)?;
        self.pollers = None;
        Some(self.pulls.remove(at).source)
    }

    /// Runs an action on a subscription.
    pub(super) fn with_subscription<R>(
        &mut self,
        endpoint: &str,
        action: impl FnOnce(&mut SubscriptionSource) -> R,
    ) -> Option<R> {
        let at = find(&self.subscriptions, endpoint)?;
        let slot = self.subscriptions.get_mut(at)?;
        // The action may consume the edge of an arrival.
        slot.drained = false;
        Some(action(&mut slot.source))
    }

    pub(super) fn subscriptions(&self) -> Vec<SubscriptionStats> {
        self.subscriptions
            .iter()
            .map(|slot| slot.source.stats())
            .collect()
    }

    pub(super) fn pulls(&self) -> Vec<PullStats> {
        self.pulls.iter().map(|slot| slot.source.stats()).collect()
    }

    /// Receives what has arrived, as far as there is room. Returns `true` if that was everything, or if the sources are
    /// [paused](Self::is_paused) now.
    pub(super) fn receive_batch(
        &mut self,
        queue: &mut impl CallQueue,
        now: Instant,
    ) -> Result<bool, SocketError> {
        self.stopping = queue.is_closing();
        let count = self.subscriptions.len() + self.pulls.len();
        if count == 0 {
            return Ok(true);
        }
        let was_paused = std::mem::take(&mut self.paused);
        let mut drained = true;
        let first = self.next_turn % count;
        // Starts with the source whose turn it is, and wraps around.
        let mut full = None;
        for from in [first..count, 0..first] {
            for (slot, number) in self.slots().skip(from.start).zip(from) {
                match slot.read(queue, now)? {
                    SourceTurn::Drained => {}
                    SourceTurn::Yielded => drained = false,
                    SourceTurn::Full => full = full.or(Some(number)),
                }
            }
        }
        self.paused = full.is_some();
        self.next_turn = full.unwrap_or(first);
        if was_paused && !self.paused {
            self.slots()
                .for_each(|slot| slot.source.socket_mut().reset_silence(now));
        }
        if self.unread.is_due(self.paused, now) {
            for slot in self.slots() {
                slot.settle()?;
            }
        }
        Ok(drained || self.paused)
    }

    /// Returns whether the sources are left unread for want of room: no thread waits for these sockets then.
    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Returns whether no more messages are received after the end was requested.
    pub(super) fn is_exhausted(&self) -> bool {
        !self.paused
            && self.subscriptions.iter().all(SourceSlot::is_exhausted)
            && self.pulls.iter().all(SourceSlot::is_exhausted)
    }

    /// Maintains the sources that are due, and returns the callbacks on silence to run. Only right after everything was
    /// [received](Self::receive_batch).
    pub(super) fn maintain(&mut self, now: Instant) -> Vec<SilenceCallback> {
        let mut callbacks = Vec::new();
        if self.paused || self.stopping {
            return callbacks;
        }
        self.slots()
            .for_each(|slot| callbacks.extend(slot.maintain(now)));
        callbacks
    }

    /// Returns when to call [`maintain`](Self::maintain) or [`receive_batch`](Self::receive_batch) next even if no
    /// poller signals.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.paused {
            return self.unread.next();
        }
        if self.stopping {
            return None;
        }
        let subscriptions = self
            .subscriptions
            .iter()
            .filter_map(|slot| slot.source.socket().due());
        let pulls = self
            .pulls
            .iter()
            .filter_map(|slot| slot.source.socket().due());
        subscriptions.chain(pulls).min()
    }

    /// Returns what to wait for together with the router, or `None` to wait for the router alone.
    pub(super) fn pollers(&mut self) -> Option<SourcePollers> {
        let none = self.subscriptions.is_empty() && self.pulls.is_empty();
        if none || self.paused || (self.stopping && self.is_exhausted()) {
            let all = || std::iter::once(&self.router).chain(&self.others);
            return (!self.others.is_empty()).then(|| all().cloned().collect());
        }
        let Self {
            router,
            others,
            subscriptions,
            pulls,
            pollers,
            ..
        } = self;
        let pollers = pollers.get_or_insert_with(|| {
            let subscriptions = subscriptions.iter().map(|slot| &slot.poller);
            let pulls = pulls.iter().map(|slot| &slot.poller);
            [&*router]
                .into_iter()
                .chain(others.iter())
                .chain(subscriptions)
                .chain(pulls)
                .cloned()
                .collect()
        });
        Some(Arc::clone(pollers))
    }

    fn slots(&mut self) -> impl Iterator<Item = &mut SourceSlot<dyn CommandSource>> {
        let subscriptions = self.subscriptions.iter_mut().map(|slot| slot as _);
        subscriptions.chain(self.pulls.iter_mut().map(|slot| slot as _))
    }

    /// Closes every socket and frees its endpoint.
    pub(super) fn close_and_release(self) {
        for slot in self.subscriptions {
            slot.source.close_and_release();
        }
        for slot in self.pulls {
            slot.source.close_and_release();
        }
    }
}

fn add<S: CommandSource>(slots: &mut Vec<SourceSlot<S>>, source: S) -> Result<String, Error> {
    let endpoint = source.socket().endpoint().to_owned();
    check_new(slots, &endpoint)?;
    slots.push(SourceSlot::new(source));
    Ok(endpoint)
}

fn check_new<S: CommandSource>(slots: &[SourceSlot<S>], endpoint: &str) -> Result<(), Error> {
    match find(slots, endpoint) {
        Some(_) => Err(Error::endpoint_error(endpoint, EndpointCause::Duplicate)),
        None => Ok(()),
    }
}

fn find<S: CommandSource>(slots: &[SourceSlot<S>], endpoint: &str) -> Option<usize> {
    slots
        .iter()
        .position(|slot| slot.source.socket().endpoint() == endpoint)
}
