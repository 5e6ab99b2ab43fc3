//! The thread of a proxy: the event loop that drives any [`Relay`]. [`ProxyHandle`](super::ProxyHandle) controls it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::frontend::Frontend;
use crate::clock::{FOREVER, deadline};
use crate::log;
use crate::socket::{Poller, Process, SocketError, wait_any};
use crate::sync::{Mutex, MutexGuard};
use crate::termination::{Termination, WaitOutcome};

/// What a proxy does between two waits. Its methods never block, except that [`abandon`](Self::abandon) may wait for a
/// disk.
pub(super) trait Relay: Send {
    /// Returns the pollers of its sockets.
    fn pollers(&self) -> Vec<Arc<Poller>>;
    /// Marks for draining the sockets that have signalled. Called after each wait.
    fn after_wait(&mut self);
    /// Runs one pass: forwards what has arrived.
    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError>;
    /// Returns the socket that callers connect to, who are told before the proxy shuts down.
    fn frontend(&mut self) -> Option<&mut Frontend> {
        None
    }
    /// Accepts nothing more, and rejects what has not been sent yet.
    fn stop(&mut self);
    /// Returns whether nothing is in flight.
    fn is_done(&self) -> bool;
    /// Returns a tighter limit for what is in flight at shutdown, if no caller waits for it and nothing is lost with it;
    /// `None` if it may take as long as the shutdown allows.
    fn grace(&self) -> Option<Duration> {
        None
    }
    /// Gives up what is in flight.
    fn abandon(&mut self);
    /// Returns whether every reply has been handed to libzmq or dropped.
    fn is_flushed(&self) -> bool;
    /// Closes the sockets and frees their endpoints.
    fn close_and_release(self: Box<Self>);
}

/// What the event loop does after a pass.
pub(super) enum RelayTurn {
    /// Runs the next pass at once: there is more to do.
    Again,
    /// Waits for any socket, at most until this time: all have been drained.
    Wait(Option<Instant>),
    /// The same, but ignores the sockets of the first so many pollers: there is no room for their messages.
    WaitSkipping(usize, Option<Instant>),
}

/// How often a loop that never has to wait polls all sockets nevertheless.
const BUSY_INTERVAL: Duration = Duration::from_millis(1);
/// How often a loop that ignores the poller through which it is woken checks whether it is to stop.
const STOP_INTERVAL: Duration = Duration::from_millis(10);
/// How long callers may take to receive their last replies.
const FLUSH_LIMIT: Duration = Duration::from_millis(100);
/// How long connections stay open after the last reply was sent: when a connection closes, the caller's libzmq drops the
/// replies that it has received and the caller has not read.
const CLOSE_DELAY: Duration = Duration::from_millis(50);
/// How long closing may take in all, in addition to the time that calls in flight are given.
const CLOSE_LIMIT: Duration = Duration::from_millis(750);

/// The state that a proxy's handle shares with its thread.
pub(super) struct Control {
    poller: Arc<Poller>,
    stopping: AtomicBool,
    state: Mutex<RelayState>,
    termination: Termination,
    process: Process,
}

#[derive(Default)]
struct RelayState {
    /// Until when calls in flight may go on; `None` before a shutdown.
    deadline: Option<Instant>,
    /// Whether some of them were given up.
    abandoned: bool,
}

impl Control {
    /// Starts the proxy's thread.
    pub(super) fn start(relay: Box<dyn Relay>) -> Result<Arc<Self>, SocketError> {
        let pollers = relay.pollers();
        let Some(poller) = pollers.first() else {
            let error = std::io::Error::other("there is no socket to wait for");
            return Err(SocketError::thread(&error));
        };
        let control = Arc::new(Self {
            poller: Arc::clone(poller),
            stopping: AtomicBool::new(false),
            state: Mutex::default(),
            termination: Termination::default(),
            process: Process::current(),
        });
        let thread_control = Arc::clone(&control);
        thread::Builder::new()
            .name("zmqrpc-proxy".into())
            .spawn(move || {
                let _notifier = EndNotifier(&thread_control);
                thread_control.run(relay, &pollers);
            })
            .map_err(|error| SocketError::thread(&error))?;
        Ok(control)
    }

    /// Returns the process that the thread runs in.
    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// Stops the loop and waits for its end. Returns `false` if calls in flight were given up, or if the loop has not ended
    /// in time.
    pub(super) fn stop(&self, limit: Duration) -> bool {
        let now = Instant::now();
        let until = deadline(now, limit);
        let mut state = self.state();
        // A shorter limit counts although a longer one was set before: the handle may be dropped meanwhile.
        state.deadline = Some(state.deadline.map_or(until, |deadline| deadline.min(until)));
        drop(state);
        self.stopping.store(true, Ordering::Release);
        self.poller.wake();
        let timeout = limit.min(FOREVER) + CLOSE_LIMIT;
        self.termination.wait(Some(timeout), None) == WaitOutcome::Ended && !self.state().abandoned
    }

    /// Waits until the loop ends, without stopping it.
    pub(super) fn wait(&self) {
        self.termination.wait(None, None);
    }

    /// Waits for the end as a task does.
    pub(super) async fn ended(&self) {
        self.termination.ended().await;
    }

    fn run(&self, mut relay: Box<dyn Relay>, pollers: &[Arc<Poller>]) {
        let (mut shutdown, mut next_wait) = (None, Instant::now() + BUSY_INTERVAL);
        loop {
            let mut now = Instant::now();
            if self.stopping.load(Ordering::Acquire)
                && (self.drain_callers(&mut *relay, now) || shutdown.is_some())
            {
                let shutdown = shutdown.get_or_insert_with(|| {
                    relay.stop();
                    let until = self.state().deadline.unwrap_or(now);
                    let grace = relay.grace().map(|grace| now + grace);
                    RelayShutdown::new(grace.map_or(until, |grace| grace.min(until)))
                });
                if let Some(deadline) = self.state().deadline {
                    shutdown.deadline = shutdown.deadline.min(deadline);
                }
                if shutdown.must_abandon(now, relay.is_done()) {
                    self.state().abandoned = relay.grace().is_none();
                    relay.abandon();
                    // It may have waited for a disk: callers that were answered after that get the full time to receive
                    // their replies.
                    now = Instant::now();
                }
                if relay.is_done() && shutdown.is_over(now, relay.is_flushed()) {
                    break;
                }
            }
            let turn = match relay.turn(now) {
                Ok(turn) => turn,
                Err(error) => {
                    log::line!(error, error = log::text(&error); "a socket of a proxy failed; the proxy ends");
                    break;
                }
            };
            let (pollers, until) = match turn {
                // A socket that always has messages must not starve the others.
                RelayTurn::Again if now < next_wait => continue,
                RelayTurn::Again => (pollers, Some(now)),
                RelayTurn::Wait(until) => (pollers, until),
                RelayTurn::WaitSkipping(count, until) => {
                    // The poller that `stop` wakes is among the ignored ones.
                    let next_check = now + STOP_INTERVAL;
                    let until = until.map_or(next_check, |until| until.min(next_check));
                    (pollers.get(count..).unwrap_or_default(), Some(until))
                }
            };
            let limit = shutdown.as_mut().map(|shutdown| {
                if relay.is_done() {
                    shutdown.next(now)
                } else {
                    shutdown.deadline
                }
            });
            let next_drain = relay.frontend().and_then(|frontend| frontend.next_drain());
            let until = [until, limit, next_drain].into_iter().flatten().min();
            if let Err(error) = wait_any(pollers, until) {
                log::line!(error, error = log::text(&error); "a proxy cannot wait for its sockets; it ends");
                break;
            }
            relay.after_wait();
            next_wait = Instant::now() + BUSY_INTERVAL;
        }
        relay.close_and_release();
    }

    /// Tells callers that the proxy shuts down, and keeps their connections alive meanwhile. Returns whether all know of it.
    fn drain_callers(&self, relay: &mut dyn Relay, now: Instant) -> bool {
        let until = self.state().deadline.unwrap_or(now);
        let limit = until.saturating_duration_since(now);
        relay
            .frontend()
            .is_none_or(|frontend| frontend.drain(limit, now))
    }

    fn state(&self) -> MutexGuard<'_, RelayState> {
        self.state.lock()
    }
}

/// The progress of a shutdown.
struct RelayShutdown {
    /// Until when calls in flight may go on.
    deadline: Instant,
    /// When the last of them ended.
    done_at: Option<Instant>,
}

impl RelayShutdown {
    fn new(deadline: Instant) -> Self {
        Self {
            deadline,
            done_at: None,
        }
    }

    fn must_abandon(&self, now: Instant, done: bool) -> bool {
        !done && now >= self.deadline
    }

    /// Returns whether callers have had their time to receive the last replies. Called once nothing is in flight.
    fn is_over(&mut self, now: Instant, flushed: bool) -> bool {
        let done = *self.done_at.get_or_insert(now);
        now >= done + FLUSH_LIMIT || flushed && now >= done + CLOSE_DELAY
    }

    /// Returns when to check [`is_over`](Self::is_over) next.
    fn next(&mut self, now: Instant) -> Instant {
        let done = *self.done_at.get_or_insert(now);
        if now < done + CLOSE_DELAY {
            done + CLOSE_DELAY
        } else {
            done + FLUSH_LIMIT
        }
    }
}

/// Signals the end of the thread when dropped, also when the thread panics: no thread must wait for ever.
struct EndNotifier<'a>(&'a Control);

impl Drop for EndNotifier<'_> {
    fn drop(&mut self) {
        self.0.termination.set_ended();
    }
}
