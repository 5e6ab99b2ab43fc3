//! The thread of a proxy: one loop, the same for all of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::frontend::Frontend;
use crate::clock::{FOREVER, deadline};
use crate::log;
use crate::socket::{Poller, Process, SocketError, wait_any};

/// What a proxy does between two waits. It never blocks, but where it [abandons](Self::abandon) what a disk is slow with.
pub(super) trait Relay: Send {
    /// What to wait for.
    fn pollers(&self) -> Vec<Arc<Poller>>;
    /// Somebody has waited: something may have happened to any of the sockets.
    fn wake(&mut self);
    /// Passes on what has come.
    fn turn(&mut self, now: Instant) -> Result<RelayTurn, SocketError>;
    /// Where callers come in, who have to know before the end.
    fn frontend(&mut self) -> Option<&mut Frontend> {
        None
    }
    /// Takes on nothing more, and refuses what has not been handed over.
    fn stop(&mut self);
    /// Nothing is under way.
    fn is_done(&self) -> bool;
    /// How long what is under way may go on at the end, if no caller waits for it and nothing is lost with it: it need not
    /// take as long as calls may.
    fn grace(&self) -> Option<Duration> {
        None
    }
    /// Gives up what is under way.
    fn abandon(&mut self);
    /// Every answer has left for its caller.
    fn is_flushed(&self) -> bool;
    /// Closes the sockets and frees their endpoints.
    fn close_and_release(self: Box<Self>);
}

pub(super) enum RelayTurn {
    /// There is more to do.
    Again,
    /// Every socket has been drained: wait, until then at most.
    Wait(Option<Instant>),
    /// The same, but for the sockets of the first so many waiters: there is no room for what they hold.
    WaitBehind(usize, Option<Instant>),
}

/// How often a loop that has always something to do looks at what has come elsewhere.
const BUSY: Duration = Duration::from_millis(1);
/// How often a loop that does not hear its bell looks.
const LOOK: Duration = Duration::from_millis(10);
/// How long callers may take to accept their last answers.
const FLUSH: Duration = Duration::from_millis(100);
/// How long the connections stay after that: libzmq drops what it has received over one that ends, and a caller has not
/// taken yet.
const PARTING: Duration = Duration::from_millis(50);
/// How long closing may take in all, beside what is given to calls that are under way.
const CLOSE: Duration = Duration::from_millis(750);

/// A running loop, as its handle sees it.
pub(super) struct Control {
    poller: Arc<Poller>,
    stopping: AtomicBool,
    state: Mutex<RelayState>,
    end: Condvar,
    process: Process,
}

#[derive(Default)]
struct RelayState {
    /// Until when calls that are under way may go on.
    until: Option<Instant>,
    /// Some of them were given up.
    abandoned: bool,
    ended: bool,
}

impl Control {
    /// Starts the thread.
    pub(super) fn start(relay: Box<dyn Relay>) -> Result<Arc<Self>, SocketError> {
        let pollers = relay.pollers();
        let Some(poller) = pollers.first() else {
            let error = std::io::Error::other("there is nothing to wait for");
            return Err(SocketError::thread(&error));
        };
        let control = Arc::new(Self {
            poller: Arc::clone(poller),
            stopping: AtomicBool::new(false),
            state: Mutex::default(),
            end: Condvar::new(),
            process: Process::current(),
        });
        let own = Arc::clone(&control);
        thread::Builder::new()
            .name("zmqrpc-proxy".into())
            .spawn(move || {
                let _end = TellEnd(&own);
                own.run(relay, &pollers);
            })
            .map_err(|error| SocketError::thread(&error))?;
        Ok(control)
    }

    /// The process that the thread is in.
    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// Ends the loop. `false` if calls that were under way had to be given up, or if it has not ended in time.
    pub(super) fn stop(&self, limit: Duration) -> bool {
        let now = Instant::now();
        let until = deadline(now, limit);
        self.state().until.get_or_insert(until);
        self.stopping.store(true, Ordering::Release);
        self.poller.wake();
        let patience = limit.min(FOREVER) + CLOSE;
        let waited = self
            .end
            .wait_timeout_while(self.state(), patience, |state| !state.ended);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.ended && !state.abandoned
    }

    /// Waits for the end, without asking for it.
    pub(super) fn wait(&self) {
        let waited = self.end.wait_while(self.state(), |state| !state.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn run(&self, mut relay: Box<dyn Relay>, pollers: &[Arc<Poller>]) {
        let (mut ending, mut look_at) = (None, Instant::now() + BUSY);
        loop {
            let mut now = Instant::now();
            if self.stopping.load(Ordering::Acquire)
                && (self.is_drained(&mut *relay, now) || ending.is_some())
            {
                let ending = ending.get_or_insert_with(|| {
                    relay.stop();
                    let until = self.state().until.unwrap_or(now);
                    let grace = relay.grace().map(|grace| now + grace);
                    RelayEnding::new(grace.map_or(until, |grace| grace.min(until)))
                });
                if ending.must_abandon(now, relay.is_done()) {
                    self.state().abandoned = relay.grace().is_none();
                    relay.abandon();
                    // It may have waited for a disk. Whoever was answered after that has the time to hear of it.
                    now = Instant::now();
                }
                if relay.is_done() && ending.is_over(now, relay.is_flushed()) {
                    break;
                }
            }
            let turn = match relay.turn(now) {
                Ok(turn) => turn,
                Err(error) => {
                    log::line!(error, error = log::text(&error); "a proxy's socket failed, the proxy ends");
                    break;
                }
            };
            let (pollers, until) = match turn {
                // One socket that always has something must not keep the others from being looked at.
                RelayTurn::Again if now < look_at => continue,
                RelayTurn::Again => (pollers, Some(now)),
                RelayTurn::Wait(until) => (pollers, until),
                RelayTurn::WaitBehind(count, until) => {
                    // The bell is among those that are left alone.
                    let soon = now + LOOK;
                    let until = until.map_or(soon, |until| until.min(soon));
                    (pollers.get(count..).unwrap_or_default(), Some(until))
                }
            };
            let limit = ending.as_mut().map(|ending| {
                if relay.is_done() {
                    ending.next(now)
                } else {
                    ending.until
                }
            });
            let drains_at = relay.frontend().and_then(|frontend| frontend.drains_at());
            let until = [until, limit, drains_at].into_iter().flatten().min();
            if let Err(error) = wait_any(pollers, until) {
                log::line!(error, error = log::text(&error); "a proxy cannot wait for its sockets, the proxy ends");
                break;
            }
            relay.wake();
            look_at = Instant::now() + BUSY;
        }
        relay.close_and_release();
    }

    /// Tells callers of the end, and goes on telling that the proxy lives. Whether they know of it.
    fn is_drained(&self, relay: &mut dyn Relay, now: Instant) -> bool {
        let until = self.state().until.unwrap_or(now);
        let limit = until.saturating_duration_since(now);
        relay
            .frontend()
            .is_none_or(|frontend| frontend.drain(limit, now))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, RelayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a proxy comes to its end.
struct RelayEnding {
    /// Until when calls that are under way may go on.
    until: Instant,
    done: Option<Instant>,
}

impl RelayEnding {
    fn new(until: Instant) -> Self {
        Self { until, done: None }
    }

    fn must_abandon(&self, now: Instant, done: bool) -> bool {
        !done && now >= self.until
    }

    /// Nothing is under way any more: whether callers have had their time to take the last answers.
    fn is_over(&mut self, now: Instant, flushed: bool) -> bool {
        let done = *self.done.get_or_insert(now);
        now >= done + FLUSH || flushed && now >= done + PARTING
    }

    fn next(&mut self, now: Instant) -> Instant {
        let done = *self.done.get_or_insert(now);
        if now < done + PARTING {
            done + PARTING
        } else {
            done + FLUSH
        }
    }
}

/// Even a thread that dies tells of it: nobody must wait for ever.
struct TellEnd<'a>(&'a Control);

impl Drop for TellEnd<'_> {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.end.notify_all();
    }
}
