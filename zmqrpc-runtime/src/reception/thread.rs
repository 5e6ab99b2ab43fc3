//! The thread that takes in.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::queue::{QueueBounds, ReceptionQueue};
use super::source::{EncodedSource, ReceptionSlot, ReceptionTurn};
use crate::error::{EndpointCause, Error};
use crate::options::ConnectionOptions;
use crate::socket::{Poller, Process, SocketError, UnreadTimer, WakeList, wait_any};
use crate::subscription::{CallbackThread, SourceSocket};
use crate::sync::{Mutex, rank};
use crate::wire::Limits;

/// Sockets whose messages are taken in by a thread of its own. Dropping it closes them.
pub(crate) struct Reception<S: EncodedSource> {
    shared: Arc<ReceptionShared<S>>,
    thread: Option<JoinHandle<()>>,
    endpoints: Vec<String>,
    process: Process,
}

struct ReceptionShared<S: EncodedSource> {
    slots: Mutex<ReceptionSlots<S>, { rank::SOCKET }>,
    pollers: Vec<Arc<Poller>>,
    queue: ReceptionQueue<S::Item>,
    callbacks: CallbackThread,
    limits: Limits,
}

struct ReceptionSlots<S> {
    /// Empty after the end.
    all: Vec<ReceptionSlot<S>>,
    /// The number of the slot that is read first the next time.
    next_turn: usize,
}

impl<S: EncodedSource> Reception<S> {
    /// Starts the thread for sockets that are open, of which there is at least one.
    pub(crate) fn start(
        sources: Vec<S>,
        options: &ConnectionOptions,
        bounds: QueueBounds,
    ) -> Result<Self, Error> {
        let endpoints: Vec<String> = sources
            .iter()
            .map(|s| s.socket().endpoint().to_owned())
            .collect();
        for (number, endpoint) in endpoints.iter().enumerate() {
            if endpoints[..number].contains(endpoint) {
                return Err(Error::endpoint_error(endpoint, EndpointCause::Duplicate));
            }
        }
        let shared = Arc::new(ReceptionShared {
            pollers: sources.iter().map(|s| s.socket().poller()).collect(),
            slots: Mutex::new(ReceptionSlots {
                all: sources.into_iter().map(ReceptionSlot::new).collect(),
                next_turn: 0,
            }),
            queue: ReceptionQueue::new(bounds),
            callbacks: CallbackThread::default(),
            limits: options.limits(),
        });
        let running = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("zmqrpc-reception".into())
            .spawn(move || running.run())
            .map_err(|error| SocketError::thread(&error))?;
        Ok(Self {
            shared,
            thread: Some(thread),
            endpoints,
            process: Process::current(),
        })
    }

    /// Takes the next item. Waits for one until the time that is given; `None` if none has come by then, or if it is closed
    /// and empty.
    pub(crate) fn take(&self, until: Option<Instant>) -> Result<Option<S::Item>, Error> {
        Error::check_process(self.process)?;
        self.shared.queue.take(until)
    }

    /// Takes the next item, or has the task woken when there is one: one task at a time.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Result<Option<S::Item>, Error>> {
        Error::check_process(self.process)?;
        self.shared.queue.poll_take(cx)
    }

    /// Takes nothing more in, and has the sockets closed. What is here can still be taken.
    pub(crate) fn close(&self) {
        if self.process.is_current() {
            self.shared.queue.close();
            // Also where it does not wait at its sockets, but is about to.
            self.shared.pollers.iter().for_each(|poller| poller.wake());
        }
    }

    /// Returns the endpoints, with wildcards resolved.
    pub(crate) fn endpoints(&self) -> &[String] {
        &self.endpoints
    }

    /// Returns the counters of each socket, in the order of the endpoints; none after the end.
    pub(crate) fn stats(&self) -> Vec<S::Stats> {
        if !self.process.is_current() {
            return Vec::new();
        }
        let slots = self.shared.slots.lock();
        slots.all.iter().map(|slot| slot.source.stats()).collect()
    }
}

impl<S: EncodedSource> Drop for Reception<S> {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        if !self.process.is_current() {
            // In a forked child: sockets and thread are the parent's.
            return std::mem::forget((thread, Arc::clone(&self.shared)));
        }
        self.close();
        // A waker that the thread runs may drop what owns this.
        if thread.thread().id() != thread::current().id() {
            // Then the endpoints are free.
            let _ = thread.join();
        }
    }
}

/// What to do once the sockets' lock is free.
enum ReceptionStep {
    Again,
    /// Wait at the sockets, for no longer than this.
    Wait(Option<Instant>),
    /// Wait for room in the queue.
    Stall,
}

impl<S: EncodedSource> ReceptionShared<S> {
    fn run(&self) {
        let _ended = EndOfThread(self);
        if let Err(error) = self.take_in() {
            self.queue.fail(error.into());
        }
    }

    fn take_in(&self) -> Result<(), SocketError> {
        let mut unread = UnreadTimer::default();
        let mut is_stalled = false;
        while self.queue.is_open() {
            match self.step(&mut unread, is_stalled)? {
                ReceptionStep::Again => is_stalled = false,
                ReceptionStep::Wait(until) => {
                    is_stalled = false;
                    wait_any(&self.pollers, until).map_err(|error| SocketError::waiting(&error))?;
                }
                ReceptionStep::Stall => {
                    is_stalled = true;
                    self.queue.wait_for_room(unread.next());
                }
            }
        }
        Ok(())
    }

    /// Takes in what has arrived, as far as there is room; where that is everything, keeps the connections.
    fn step(
        &self,
        unread: &mut UnreadTimer,
        was_stalled: bool,
    ) -> Result<ReceptionStep, SocketError> {
        // Used once the lock is free.
        let mut wakes = WakeList::default();
        let mut callbacks = Vec::new();
        let now = Instant::now();
        let step = {
            let mut slots = self.slots.lock();
            let ReceptionSlots { all, next_turn } = &mut *slots;
            let (mut again, mut full) = (false, None);
            // Starts with the slot whose turn it is, and wraps around.
            let first = *next_turn;
            let (before, from) = all.split_at_mut_checked(first).unwrap_or_default();
            let from = (first..).zip(from);
            for (number, slot) in from.chain((0..).zip(before)) {
                match slot.take_in(&self.queue, &mut wakes, &self.limits, now)? {
                    ReceptionTurn::Drained => {}
                    ReceptionTurn::Yielded => again = true,
                    ReceptionTurn::Full => full = full.or(Some(number)),
                }
            }
            let is_full = full.is_some();
            *next_turn = full.unwrap_or(first);
            if was_stalled && !is_full {
                for slot in &mut *all {
                    slot.source.socket_mut().reset_silence(now);
                }
            }
            if unread.is_due(is_full, now) {
                for slot in &mut *all {
                    slot.settle()?;
                }
            }
            if !is_full && !again {
                for slot in &mut *all {
                    let (is_used, callback) = slot.maintain(now);
                    again |= is_used;
                    callbacks.extend(callback);
                }
            }
            if is_full {
                ReceptionStep::Stall
            } else if again {
                ReceptionStep::Again
            } else {
                let due = all
                    .iter()
                    .filter_map(|slot| slot.source.socket().due())
                    .min();
                ReceptionStep::Wait(due)
            }
        };
        self.callbacks.run(callbacks);
        Ok(step)
    }
}

/// Closes the sockets at the thread's end, even if that is a panic.
struct EndOfThread<'a, S: EncodedSource>(&'a ReceptionShared<S>);

impl<S: EncodedSource> Drop for EndOfThread<'_, S> {
    fn drop(&mut self) {
        let Self(shared) = self;
        shared.callbacks.end();
        // Outside of the lock, since that takes a moment.
        let slots = std::mem::take(&mut shared.slots.lock().all);
        for slot in slots {
            slot.source.close_and_release();
        }
        if thread::panicking() {
            let panicked = std::io::Error::other("the thread that takes in has panicked");
            shared.queue.fail(SocketError::thread(&panicked).into());
        } else {
            shared.queue.close();
        }
    }
}
