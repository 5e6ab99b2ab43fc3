//! What stands under a publisher's lock: the socket, the numbers of events, who subscribes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::sequences::Sequences;
use crate::socket::{
    Interest, Message, Publisher as Socket, SocketError, Unpublished, Waiter, Ward,
};
use crate::wire::{Content, Event, HEARTBEAT_TOPIC, Limits, patch_id};

/// What happens to a message that finds a subscriber's queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// It is dropped for the subscribers that have no room, and goes to all others. Those who miss it count it as lost.
    #[default]
    Drop,
    /// It goes to nobody, and publishing it is [`Error::Overloaded`](crate::Error::Overloaded): one slow subscriber
    /// holds all others up.
    Refuse,
}

/// What a publisher has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublisherStats {
    /// Commands that were handed over, those included that nobody had subscribed.
    pub published: u64,
    /// How often a subscriber was found full. With [`Overflow::Refuse`] it is the number of messages that were refused.
    /// With [`Overflow::Drop`] the subscriber then misses messages until half of its queue is free again: it counts
    /// them, here they count as one.
    pub congested: u64,
    /// Heartbeats that were handed over.
    pub heartbeats: u64,
    /// Subscribers at present.
    pub subscribers: usize,
}

/// A publisher's socket behind its lock.
pub(super) struct Outlet {
    core: Mutex<Core>,
    /// Subscribers have come or gone, or nobody waits at the socket any more.
    changed: Condvar,
    waiter: Arc<Waiter>,
}

pub(super) struct Core {
    pub(super) socket: Socket,
    sequences: Sequences,
    stats: PublisherStats,
    /// A thread waits at the socket: whoever uses it now leaves it drained, and wakes that thread if something has
    /// changed.
    polled: bool,
    sends: u32,
    drained: Instant,
}

/// Why a message was not published.
pub(super) enum Unsent {
    Full,
    Broken(SocketError),
}

/// What subscribers say piles up until it is read: it is, after so many messages, or by the caretaker when it has waited
/// for long.
const SENDS: u32 = 64;

/// How often a publisher in use looks after connections that nothing tells of.
const REST: Duration = Duration::from_millis(100);

/// How often one looks for an `inproc` name to be bound.
const LOOK: Duration = Duration::from_millis(20);

impl Outlet {
    pub(super) fn new(socket: Socket) -> Self {
        let waiter = socket.waiter();
        let core = Core {
            socket,
            sequences: Sequences::default(),
            stats: PublisherStats::default(),
            polled: false,
            sends: 0,
            drained: Instant::now(),
        };
        Self {
            core: Mutex::new(core),
            changed: Condvar::new(),
            waiter,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the socket and leaves it to whoever waits at it.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        let mut core = self.lock();
        let result = act(&mut core);
        // A look at the clock costs as much as a quarter of a message.
        let rested = core.socket.must_look() && core.drained.elapsed() >= REST;
        if rested || core.sends >= SENDS || core.polled {
            self.drain(&mut core);
        }
        result
    }

    pub(super) fn stats(&self) -> PublisherStats {
        let mut core = self.lock();
        self.drain(&mut core);
        core.stats
    }

    /// Takes in what subscribers have said. The signal for it may have been the one that a thread at the socket waits
    /// for: it is told.
    fn drain(&self, core: &mut Core) {
        if core.drain() && core.polled {
            self.waiter.wake();
        }
    }

    /// Waits until there are `count` subscribers. Answers how many there are when the time is over.
    pub(super) fn wait_subscribers(
        &self,
        count: usize,
        limit: Duration,
    ) -> Result<Result<(), usize>, SocketError> {
        // A time that the clock cannot express is no limit.
        let deadline = Instant::now().checked_add(limit);
        let mut core = self.lock();
        loop {
            self.drain(&mut core);
            let now = Instant::now();
            if core.stats.subscribers >= count {
                return Ok(Ok(()));
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(Err(core.stats.subscribers));
            }
            if core.polled {
                let rest = deadline.map_or(REST, |deadline| deadline - now);
                let waited = self.changed.wait_timeout(core, rest);
                core = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            core.polled = true;
            let look = core.socket.must_look().then(|| now + LOOK);
            drop(core);
            let driven = self
                .waiter
                .drive([look, deadline].into_iter().flatten().min());
            core = self.lock();
            core.polled = false;
            self.changed.notify_all();
            driven.map_err(|error| SocketError::waiting(&error))?;
        }
    }

    /// Closes the socket and frees its endpoints.
    pub(super) fn shut(&self) {
        self.lock().socket.shut();
    }
}

impl Ward for Outlet {
    fn waiter(&self) -> &Waiter {
        &self.waiter
    }

    fn tend(&self) -> bool {
        // Whoever has the lock, or waits at the socket, does it.
        let Ok(mut core) = self.core.try_lock() else {
            return false;
        };
        if !core.polled {
            core.drain();
        }
        core.socket.is_cut()
    }
}

impl Core {
    /// Publishes an encoded event, whose number is not written yet.
    pub(super) fn publish(
        &mut self,
        topic: &[u8],
        mut event: Message,
        overflow: Overflow,
    ) -> Result<(), Unsent> {
        self.sends += 1;
        let Self { socket, stats, .. } = self;
        self.sequences.next(topic, |number| {
            patch_id(&mut event, number);
            match (socket.send(topic, event), overflow) {
                (Err(Unpublished::Full(_)), Overflow::Refuse) => {
                    stats.congested += 1;
                    Err(Unsent::Full)
                }
                (Err(Unpublished::Full(event)), Overflow::Drop) => {
                    stats.congested += 1;
                    Ok(socket.send_lossy(topic, event)?)
                }
                (sent, _) => Ok(sent?),
            }
        })?;
        self.stats.published += 1;
        Ok(())
    }

    /// Publishes a heartbeat. Who has no room for it has other messages that say the same.
    pub(super) fn heartbeat(&mut self, publisher: u64) -> Result<(), Unsent> {
        // Where nothing else is published, this is when subscribers are heard.
        self.sends = SENDS;
        let socket = &mut self.socket;
        self.sequences.next(HEARTBEAT_TOPIC, |sequence| {
            let event = Event {
                sequence,
                publisher,
                content: Content::Heartbeat,
            };
            let mut frame = Vec::new();
            // It has neither name nor metadata that could be too long.
            let _ = event.encode(&mut frame, &Limits::default());
            socket.send_lossy(HEARTBEAT_TOPIC, Message::from(frame))
        })?;
        self.stats.heartbeats += 1;
        Ok(())
    }

    /// Takes in what subscribers have said. `true` if some have come or gone.
    fn drain(&mut self) -> bool {
        let before = self.stats.subscribers;
        if let Err(error) = self.socket.tend() {
            tracing::error!(%error, "a connection cannot be made");
        }
        loop {
            match self.socket.interest() {
                Ok(Some(Interest::Begins(topic))) if *topic == *HEARTBEAT_TOPIC => {
                    self.stats.subscribers += 1;
                }
                Ok(Some(Interest::Ends(topic))) if *topic == *HEARTBEAT_TOPIC => {
                    self.stats.subscribers = self.stats.subscribers.saturating_sub(1);
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "what subscribers say cannot be read");
                    break;
                }
            }
        }
        (self.sends, self.drained) = (0, Instant::now());
        self.stats.subscribers != before
    }
}

impl From<Unpublished> for Unsent {
    fn from(unpublished: Unpublished) -> Self {
        match unpublished {
            Unpublished::Full(_) => Self::Full,
            Unpublished::Broken(error) => Self::Broken(error),
        }
    }
}
