//! Where commands come from that nobody waits for: what is published and what is pushed.
//!
//! ```text
//! subscription  settings of one
//! feed          a subscription at work
//! tally         what it received and lost
//! runs          the numbers of one publisher and topic
//! silence       when it counts as silent
//! callbacks     what is told when it is silent
//! slot          one of several, and its turns
//! reading       a frame to a job
//! pulled        an endpoint that commands are pulled from
//! recent        a map of bounded size
//! stats         what users are told
//! ```
//!
//! All of it stands under the port's lock and is served by whoever has that, as the ROUTER is. Where the queue has no
//! room, sources are left unread: libzmq holds what comes, and then those who push wait, and those who publish drop.

mod callbacks;
mod feed;
mod pulled;
mod reading;
mod recent;
mod runs;
mod silence;
mod slot;
mod stats;
mod subscription;
mod tally;

use std::sync::Arc;
use std::time::Instant;

pub(crate) use callbacks::Callbacks;
pub(crate) use feed::{Feed, Told};
pub(super) use pulled::Pulled;
pub use stats::{Heard, PullStats, SubscriptionStats};
pub(crate) use subscription::Checked;
pub use subscription::Subscription;
pub(super) use subscription::check_topic;

use slot::{Slot, Turn};

use super::responder::{Job, Reader, Responder};
use crate::auth::EachWay;
use crate::error::Error;
use crate::socket::{Endpoint, Poller, Security, SocketError, SocketOptions, UnreadTimer};

/// What a message from a source turned out to be.
pub(crate) enum Taken {
    /// There was none.
    Nothing,
    Job(Job),
    /// Nothing to run: a heartbeat, or a command that the server does not have.
    Something,
    Malformed,
}

/// A socket that commands come from.
pub(crate) trait Source {
    /// With its wildcards resolved.
    fn endpoint(&self) -> &str;
    fn poller(&self) -> Arc<Poller>;
    /// When to [look](Self::look) after it next.
    fn due(&self) -> Option<Instant>;
    /// To be called when that is due and all messages have been taken in: renews the socket if it needs it.
    fn look(&mut self, now: Instant) -> Option<Told>;
    /// Nothing could be heard until now, since nobody listened.
    fn excuse(&mut self, now: Instant);
    /// Takes in what becomes of connections while messages are left where they are.
    fn settle(&mut self) -> Result<(), SocketError>;
    /// Takes one message in.
    fn take(&mut self, responder: &Responder, now: Instant) -> Result<Taken, SocketError>;
    /// Closes the socket and frees its endpoint, which may take a moment.
    fn close_and_release(self)
    where
        Self: Sized;
}

/// Takes the jobs.
pub(super) trait Queue: Reader {
    fn has_room(&self) -> bool;
    fn push(&mut self, job: Job);
    /// The end was requested.
    fn is_closing(&self) -> bool;
}

pub(super) type Waiters = Arc<[Arc<Poller>]>;

pub(super) struct Sources {
    router: Arc<Poller>,
    feeds: Vec<Slot<Feed>>,
    pulls: Vec<Slot<Pulled>>,
    /// Who is asked first the next time.
    first: usize,
    /// Left unread for want of room.
    held: bool,
    /// Since when, and when to look after them meanwhile.
    hold: UnreadTimer,
    /// The end was requested.
    stopping: bool,
    options: SocketOptions,
    logins: EachWay,
    /// Those of the router and of every source; made again when there are others.
    pollers: Option<Waiters>,
}

impl Sources {
    /// `options` are those of each socket, but for its login, which `logins` says.
    pub(super) fn new(router: Arc<Poller>, options: SocketOptions, logins: EachWay) -> Self {
        Self {
            router,
            feeds: Vec::new(),
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
    pub(super) fn before_feed(&self, subscription: &Checked) -> Result<SocketOptions, Error> {
        check_new(&self.feeds, subscription.endpoint())?;
        // What connects shows what it was given itself: a password is not for everybody.
        let logins = EachWay {
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
    pub(super) fn add_feed(&mut self, feed: Feed) -> Result<String, Error> {
        self.pollers = None;
        add(&mut self.feeds, feed)
    }

    /// Adds an endpoint to pull from, unless it is pulled from already; answers it.
    pub(super) fn add_pull(&mut self, pull: Pulled) -> Result<String, Error> {
        self.pollers = None;
        add(&mut self.pulls, pull)
    }

    /// Removes a subscription; the caller shuts it, outside of the lock.
    pub(super) fn remove_feed(&mut self, endpoint: &str) -> Option<Feed> {
        let at = find(&self.feeds, endpoint)?;
        self.pollers = None;
        Some(self.feeds.remove(at).source)
    }

    pub(super) fn remove_pull(&mut self, endpoint: &str) -> Option<Pulled> {
        let at = find(&self.pulls, endpoint)?;
        self.pollers = None;
        Some(self.pulls.remove(at).source)
    }

    /// Does something with a subscription's socket.
    pub(super) fn with_feed<R>(
        &mut self,
        endpoint: &str,
        action: impl FnOnce(&mut Feed) -> R,
    ) -> Option<R> {
        let at = find(&self.feeds, endpoint)?;
        let slot = self.feeds.get_mut(at)?;
        // The action may take the signal that something has arrived.
        slot.drained = false;
        Some(action(&mut slot.source))
    }

    pub(super) fn feeds(&self) -> Vec<SubscriptionStats> {
        self.feeds.iter().map(|slot| slot.source.stats()).collect()
    }

    pub(super) fn pulls(&self) -> Vec<PullStats> {
        self.pulls.iter().map(|slot| slot.source.stats()).collect()
    }

    /// Takes in what has arrived, as far as there is room. `true` if that was all, or is all for now: it is
    /// [held](Self::is_held) then.
    pub(super) fn take_in(
        &mut self,
        queue: &mut impl Queue,
        now: Instant,
    ) -> Result<bool, SocketError> {
        self.stopping = queue.is_closing();
        let count = self.feeds.len() + self.pulls.len();
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
                    Turn::Drained => {}
                    Turn::Over => drained = false,
                    Turn::Full => full = full.or(Some(number)),
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
        !self.held && self.feeds.iter().all(Slot::is_spent) && self.pulls.iter().all(Slot::is_spent)
    }

    /// Renews what has been silent for too long. Only right after everything has been [taken in](Self::take_in).
    pub(super) fn look(&mut self, now: Instant) -> Vec<Told> {
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
        let feeds = self.feeds.iter().filter_map(|slot| slot.source.due());
        let pulls = self.pulls.iter().filter_map(|slot| slot.source.due());
        feeds.chain(pulls).min()
    }

    /// What to wait for beside the router; nothing if there is nothing.
    pub(super) fn pollers(&mut self) -> Option<Waiters> {
        let none = self.feeds.is_empty() && self.pulls.is_empty();
        if none || self.held || (self.stopping && self.is_spent()) {
            return None;
        }
        let Self {
            router,
            feeds,
            pulls,
            pollers,
            ..
        } = self;
        let pollers = pollers.get_or_insert_with(|| {
            let feeds = feeds.iter().map(|slot| &slot.poller);
            let pulls = pulls.iter().map(|slot| &slot.poller);
            [&*router]
                .into_iter()
                .chain(feeds)
                .chain(pulls)
                .cloned()
                .collect()
        });
        Some(Arc::clone(pollers))
    }

    fn slots(&mut self) -> impl Iterator<Item = &mut Slot<dyn Source>> {
        let feeds = self.feeds.iter_mut().map(|slot| slot as _);
        feeds.chain(self.pulls.iter_mut().map(|slot| slot as _))
    }

    /// Closes every socket and frees its endpoint.
    pub(super) fn close_and_release(self) {
        for slot in self.feeds {
            slot.source.close_and_release();
        }
        for slot in self.pulls {
            slot.source.close_and_release();
        }
    }
}

fn add<S: Source>(slots: &mut Vec<Slot<S>>, source: S) -> Result<String, Error> {
    let endpoint = source.endpoint().to_owned();
    check_new(slots, &endpoint)?;
    slots.push(Slot::new(source));
    Ok(endpoint)
}

fn check_new<S: Source>(slots: &[Slot<S>], endpoint: &str) -> Result<(), Error> {
    let reason = "the server has this endpoint already";
    match find(slots, endpoint) {
        Some(_) => Err(Error::bad_endpoint(endpoint, reason)),
        None => Ok(()),
    }
}

fn find<S: Source>(slots: &[Slot<S>], endpoint: &str) -> Option<usize> {
    slots
        .iter()
        .position(|slot| slot.source.endpoint() == endpoint)
}
