//! Where commands come from that nobody waits for: what is published and what is pushed.
//!
//! ```text
//! subscription  settings of one
//! subscription_source a subscription at scheduler
//! loss_tracker  what it received and lost
//! sequence_runs the numbers of one publisher and topic
//! silence       when it counts as silent
//! callbacks     what is told when it is silent
//! slot          one of several, and its turns
//! event_frame   a frame to a job
//! pull_source   an endpoint that commands are pulled from
//! bounded_cache a map of bounded size
//! stats         what users are told
//! ```
//!
//! All of it stands under the port's lock and is served by whoever has that, as the ROUTER is. Where the queue has no
//! room, sources are left unread: libzmq holds what comes, and then those who push wait, and those who publish drop.

mod bounded_cache;
mod callbacks;
mod event_frame;
mod loss_tracker;
mod pull_source;
mod puller;
mod sequence_runs;
mod silence;
mod slot;
mod stats;
mod subscription;
mod subscription_source;

use std::sync::Arc;
use std::time::Instant;

pub(crate) use callbacks::CallbackThread;
pub(super) use pull_source::PullSource;
pub use puller::Puller;
pub use stats::{PublisherCounts, PullStats, SubscriptionStats};
pub use subscription::Subscription;
pub(crate) use subscription::ValidSubscription;
pub(super) use subscription::check_topic;
pub(crate) use subscription_source::{SilenceCallback, SubscriptionSource};

use slot::{SourceSlot, SourceTurn};

use super::dispatcher::{Dispatcher, FrameReader, ReadyCall};
use crate::auth::SecurityByDirection;
use crate::error::{EndpointCause, Error};
use crate::socket::{Endpoint, Poller, Security, SocketError, SocketOptions, UnreadTimer};

/// What a message from a source turned out to be.
pub(crate) enum SourceMessage {
    /// There was none.
    Nothing,
    Job(ReadyCall),
    /// Nothing to run: a heartbeat, or a command that the server does not have.
    Something,
    Malformed,
}

/// A socket that commands come from.
pub(crate) trait CommandSource {
    /// With its wildcards resolved.
    fn endpoint(&self) -> &str;
    fn poller(&self) -> Arc<Poller>;
    /// When to [look](Self::look) after it next.
    fn due(&self) -> Option<Instant>;
    /// To be called when that is due and all messages have been taken in: renews the socket if it needs it.
    fn look(&mut self, now: Instant) -> Option<SilenceCallback>;
    /// Nothing could be heard until now, since nobody listened.
    fn excuse(&mut self, now: Instant);
    /// Takes in what becomes of connections while messages are left where they are.
    fn settle(&mut self) -> Result<(), SocketError>;
    /// Takes one message in.
    fn take(&mut self, dispatcher: &Dispatcher, now: Instant)
    -> Result<SourceMessage, SocketError>;
    /// Closes the socket and frees its endpoint, which may take a moment.
    fn close_and_release(self)
    where
        Self: Sized;
}

/// Takes the jobs.
pub(super) trait CallQueue: FrameReader {
    fn has_room(&self) -> bool;
    fn push(&mut self, job: ReadyCall);
    /// The end was requested.
    fn is_closing(&self) -> bool;
}

pub(super) type Waiters = Arc<[Arc<Poller>]>;

pub(super) struct Sources {
    router: Arc<Poller>,
    subscriptions: Vec<SourceSlot<SubscriptionSource>>,
    pulls: Vec<SourceSlot<PullSource>>,
    /// Who is asked first the next time.
    first: usize,
    /// Left unread for want of room.
    held: bool,
    /// Since when, and when to look after them meanwhile.
    hold: UnreadTimer,
    /// The end was requested.
    stopping: bool,
    options: SocketOptions,
    logins: SecurityByDirection,
    /// Those of the router and of every source; made again when there are others.
    pollers: Option<Waiters>,
}

impl Sources {
    /// `options` are those of each socket, but for its login, which `logins` says.
    pub(super) fn new(
        router: Arc<Poller>,
        options: SocketOptions,
        logins: SecurityByDirection,
    ) -> Self {
        Self {
            router,
            subscriptions: Vec::new(),
            pulls: Vec::new(),
            first: 0,
            held: false,
            hold: UnreadTimer::default(),
            stopping: false,
            options,
            logins,
            pollers: None,
        }
    }

    /// What to open a subscription with, outside of the lock, unless there is one of this endpoint.
    pub(super) fn before_feed(
        &self,
        subscription: &ValidSubscription,
    ) -> Result<SocketOptions, Error> {
        check_new(&self.subscriptions, subscription.endpoint())?;
        // What connects shows what it was given itself: a password is not for everybody.
        let logins = SecurityByDirection {
            connected: Security::Open,
            ..self.logins.clone()
        };
        Ok(subscription.options(&self.options, &logins))
    }

    /// The same for an endpoint to pull from. A second socket would get commands, if only for a moment, and lose them.
    pub(super) fn before_pull(&self, endpoint: &Endpoint) -> Result<SocketOptions, Error> {
        check_new(&self.pulls, endpoint.as_str())?;
        Ok(SocketOptions {
            security: self.logins.of(endpoint.direction()),
            ..self.options.clone()
        })
    }

    /// Adds a subscription, unless there is one of this endpoint; answers the endpoint.
    pub(super) fn add_feed(&mut self, subscription: SubscriptionSource) -> Result<String, Error> {
        self.pollers = None;
        add(&mut self.subscriptions, subscription)
    }

    /// Adds an endpoint to pull from, unless it is pulled from already; answers it.
    pub(super) fn add_pull(&mut self, pull: PullSource) -> Result<String, Error> {
        self.pollers = None;
        add(&mut self.pulls, pull)
    }

    /// Removes a subscription; the caller shuts it, outside of the lock.
    pub(super) fn remove_feed(&mut self, endpoint: &str) -> Option<SubscriptionSource> {
        let at = find(&self.subscriptions, endpoint)?;
        self.pollers = None;
        Some(self.subscriptions.remove(at).source)
    }

    pub(super) fn remove_pull(&mut self, endpoint: &str) -> Option<PullSource> {
        let at = find(&self.pulls, endpoint)?;
        self.pollers = None;
        Some(self.pulls.remove(at).source)
    }

    /// Does something with a subscription's socket.
    pub(super) fn with_feed<R>(
        &mut self,
        endpoint: &str,
        action: impl FnOnce(&mut SubscriptionSource) -> R,
    ) -> Option<R> {
        let at = find(&self.subscriptions, endpoint)?;
        let slot = self.subscriptions.get_mut(at)?;
        // The action may take the signal that something has arrived.
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

    /// Takes in what has arrived, as far as there is room. `true` if that was all, or is all for now: it is
    /// [held](Self::is_held) then.
    pub(super) fn take_in(
        &mut self,
        queue: &mut impl CallQueue,
        now: Instant,
    ) -> Result<bool, SocketError> {
        self.stopping = queue.is_closing();
        let count = self.subscriptions.len() + self.pulls.len();
        if count == 0 {
            return Ok(true);
        }
        let was_held = std::mem::take(&mut self.held);
        let mut drained = true;
        let first = self.first % count;
        // From the one on whose turn it is, and then those before it.
        let mut full = None;
        for from in [first..count, 0..first] {
            for (slot, number) in self.slots().skip(from.start).zip(from) {
                match slot.read(queue, now)? {
                    SourceTurn::Drained => {}
                    SourceTurn::Over => drained = false,
                    SourceTurn::Full => full = full.or(Some(number)),
                }
            }
        }
        self.held = full.is_some();
        self.first = full.unwrap_or(first);
        if was_held && !self.held {
            self.slots().for_each(|slot| slot.source.excuse(now));
        }
        if self.hold.is_due(self.held, now) {
            for slot in self.slots() {
                slot.settle()?;
            }
        }
        Ok(drained || self.held)
    }

    /// The queue has no room: nothing waits for these sockets until it has.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Nothing more is taken in, now that the end was requested.
    pub(super) fn is_spent(&self) -> bool {
        !self.held
            && self.subscriptions.iter().all(SourceSlot::is_spent)
            && self.pulls.iter().all(SourceSlot::is_spent)
    }

    /// Renews what has been silent for too long. Only right after everything has been [taken in](Self::take_in).
    pub(super) fn look(&mut self, now: Instant) -> Vec<SilenceCallback> {
        let mut told = Vec::new();
        if self.held || self.stopping {
            return told;
        }
        self.slots().for_each(|slot| told.extend(slot.look(now)));
        told
    }

    /// When [`look`](Self::look) or [`take_in`](Self::take_in) has something to do next, though nothing tells.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.held {
            return self.hold.next();
        }
        if self.stopping {
            return None;
        }
        let subscriptions = self
            .subscriptions
            .iter()
            .filter_map(|slot| slot.source.due());
        let pulls = self.pulls.iter().filter_map(|slot| slot.source.due());
        subscriptions.chain(pulls).min()
    }

    /// What to wait for beside the router; nothing if there is nothing.
    pub(super) fn pollers(&mut self) -> Option<Waiters> {
        let none = self.subscriptions.is_empty() && self.pulls.is_empty();
        if none || self.held || (self.stopping && self.is_spent()) {
            return None;
        }
        let Self {
            router,
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
    let endpoint = source.endpoint().to_owned();
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
        .position(|slot| slot.source.endpoint() == endpoint)
}
