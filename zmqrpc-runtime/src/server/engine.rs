//! The threads of a server and what they share.
//!
//! Locks are taken in this order: port, work; each for as long as nothing blocks. Services run outside of both.
//!
//! Replies that are ready go through one queue for all threads: a private one would be held up by its thread's next
//! method.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::admission::Admission;
use super::counters::Counters;
use super::execution::Step;
use super::executor::TaskEnd;
use super::port::{Intake, Port};
use super::responder::Responder;
use super::roles::{Role, Roles, TICK};
use super::sources::{Sources, Told, Waiters};
use super::work::{Assigned, Bounds, Work};
use crate::socket::{Message, Router, SocketError, Waiter, drive_any};

/// Room for a value of the deepest nesting that is decoded, in a build without optimisation too: 2.4 MiB were seen.
const STACK: usize = 4 << 20;

pub(super) struct Engine {
    /// None after the end: the socket closes when the server ends, not when its last handle is dropped.
    port: Mutex<Option<Port>>,
    work: Mutex<Work>,
    roles: Roles,
    waiter: Arc<Waiter>,
    /// The leader waits at the socket: whoever uses it now leaves it drained, and wakes the leader if that brought work.
    /// Set under both locks.
    polled: AtomicBool,
    responder: Responder,
    pub(super) counters: Arc<Counters>,
    stopping: AtomicBool,
    ended: Mutex<bool>,
    end: Condvar,
}

impl Engine {
    /// Starts the threads: one per worker, and two so that one leads and one stands by while all workers are busy.
    pub(super) fn start(
        port: Port,
        waiter: Arc<Waiter>,
        responder: Responder,
        counters: Arc<Counters>,
        bounds: Bounds,
    ) -> Result<Arc<Self>, SocketError> {
        let engine = Arc::new(Self {
            waiter,
            port: Mutex::new(Some(port)),
            work: Mutex::new(Work::new(bounds)),
            roles: Roles::default(),
            polled: AtomicBool::new(false),
            responder,
            counters,
            stopping: AtomicBool::new(false),
            ended: Mutex::new(false),
            end: Condvar::new(),
        });
        for number in 0..bounds.workers + 2 {
            let own = Arc::clone(&engine);
            let spawned = thread::Builder::new()
                .name(format!("zmqrpc-{number}"))
                .stack_size(STACK)
                .spawn(move || own.live());
            if let Err(error) = spawned {
                engine.finish();
                return Err(SocketError::thread(&error));
            }
        }
        Ok(engine)
    }

    /// Does something with the socket; nothing if the server has ended.
    pub(super) fn with_router<R>(&self, action: impl FnOnce(&mut Router) -> R) -> Option<R> {
        let result = self.port().as_mut().map(|port| action(port.router()));
        // The action may have taken the signal that the leader waits for.
        self.waiter.wake();
        result
    }

    /// Does something with the sources; nothing if the server has ended.
    pub(super) fn with_sources<R>(&self, action: impl FnOnce(&mut Sources) -> R) -> Option<R> {
        let result = self.port().as_mut().map(|port| action(&mut port.sources));
        // As above; and there may be others to wait for now.
        self.waiter.wake();
        result
    }

    /// Requests the end: what has arrived is still executed, what comes now is refused.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.waiter.wake();
    }

    /// Waits for the end; `false` if `limit` passes first.
    pub(super) fn wait(&self, limit: Option<Duration>) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let running = |ended: &mut bool| !*ended;
        match limit {
            None => *self
                .end
                .wait_while(ended, running)
                .unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                let result = self.end.wait_timeout_while(ended, limit, running);
                *result.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Ends the server, whatever its threads are doing. Those that are in a method leave when it returns.
    pub(super) fn finish(&self) {
        self.roles.end();
        // Out of the lock first: shutting takes its time.
        let port = self.port().take();
        if let Some(port) = port {
            port.shut();
        }
        self.work().abandon();
        self.waiter.wake();
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.end.notify_all();
    }

    /// A thread's life.
    fn live(self: &Arc<Self>) {
        let _guard = EndOnPanic(self);
        loop {
            match self.roles.next() {
                Role::Lead(term) => self.lead(term),
                Role::StandBy => {
                    let overdue = || {
                        let now = Instant::now();
                        is_overdue(&self.work(), now)
                    };
                    if let Some(term) = self.roles.watch(overdue) {
                        self.lead(term);
                    }
                }
                Role::Help => self.help(),
                Role::Leave => return,
            }
        }
    }

    /// Waits at the socket and runs what comes, until another thread takes over or the server ends.
    fn lead(self: &Arc<Self>, term: u64) {
        while self.roles.leads(term) {
            match self.attend() {
                Ok(Attended::Idle(until, sources)) => {
                    let waited = match sources {
                        None => self.waiter.drive(until),
                        Some(waiters) => drive_any(&waiters, until),
                    };
                    if let Err(error) = waited {
                        tracing::error!(%error, "the server cannot wait for its socket, the server ends");
                        return self.finish();
                    }
                    self.polled.store(false, Ordering::Relaxed);
                    if let Some(port) = self.port().as_mut() {
                        port.waited = true;
                    }
                }
                Ok(Attended::Busy) => {
                    self.roles.start_running(term);
                    self.run(Some(term));
                    self.roles.stop_running(term);
                }
                Ok(Attended::Again) => {}
                Ok(Attended::Silent(told)) => {
                    // A user's code: the stand-by takes over if it takes its time.
                    self.roles.start_running(term);
                    for told in told {
                        self.roles.progress();
                        told.tell();
                    }
                    self.roles.stop_running(term);
                }
                Ok(Attended::Done) => return self.finish(),
                Err(error) => {
                    tracing::error!(%error, "the server's socket failed, the server ends");
                    return self.finish();
                }
            }
        }
        // Deposed while in a method: its reply is ready now, and so may be requests that waited behind it.
        self.help();
    }

    /// The leader's turn at the socket.
    fn attend(&self) -> Result<Attended, SocketError> {
        let mut port = self.port();
        let Some(port) = port.as_mut() else {
            return Ok(Attended::Done);
        };
        let now = Instant::now();
        let (drained, mut work) = self.serve(port, now)?;
        self.counters.expired.add(work.tick(now));
        let told = port.sources.look(now);
        if !told.is_empty() {
            return Ok(Attended::Silent(told));
        }
        if work.has_assignable() {
            return Ok(Attended::Busy);
        }
        if work.has_ready() || work.wants_more() || !drained {
            return Ok(Attended::Again);
        }
        if self.stopping.load(Ordering::Acquire) && work.is_done() && port.sources.is_spent() {
            // A peer that does not read does not hold up the end for ever.
            let Some(until) = port.flushed_by(now) else {
                return Ok(Attended::Done);
            };
            self.polled.store(true, Ordering::Relaxed);
            let until = port.next_try(now).or(Some(until));
            return Ok(Attended::Idle(until, None));
        }
        self.polled.store(true, Ordering::Relaxed);
        let due = port.next_try(now).into_iter().chain(work.next_tick());
        let due = due.chain(port.sources.due());
        Ok(Attended::Idle(due.min(), port.sources.waiters()))
    }

    /// Sends the replies that are ready and takes in what has arrived by `now`. Answers `true` if nothing is left: the
    /// socket may be waited on then.
    fn serve(
        &self,
        port: &mut Port,
        now: Instant,
    ) -> Result<(bool, MutexGuard<'_, Work>), SocketError> {
        self.work().swap_ready(&mut port.outgoing);
        let gone = port.flush(&self.counters, now);
        // Once for all that has arrived: taking the lock for each request costs a tenth of the time that it takes.
        let mut intake = Admission {
            work: self.work(),
            counters: &self.counters,
            stopping: self.stopping.load(Ordering::Acquire),
        };
        for route in &gone {
            intake.forget_peer(route);
        }
        let drained = port.take_in(&self.responder, &mut intake, &self.counters, now)?;
        let read = port
            .sources
            .take_in(&self.responder, &mut intake, &self.counters, now)?;
        intake.work.hold(port.sources.is_held());
        Ok((drained && read, intake.work))
    }

    /// Runs requests until there are none that may run, or replies should be sent, or another thread leads. Who helps
    /// leaves to the leader what has not waited for long: where methods are short, two threads get in each other's way.
    fn run(self: &Arc<Self>, term: Option<u64>) {
        let mut ended = None;
        loop {
            let assigned = {
                let mut work = self.work();
                if let Some((place, frame)) = ended.take() {
                    work.finish(place, frame);
                }
                if work.is_batch_full()
                    || work.wants_more()
                    || term.is_some_and(|term| !self.roles.leads(term))
                {
                    return;
                }
                let now = Instant::now();
                if term.is_none() && !is_overdue(&work, now) {
                    return;
                }
                let Some(assigned) = work.assign(now) else {
                    return;
                };
                assigned
            };
            if term.is_some() {
                self.roles.progress();
            } else if self.polled.load(Ordering::Relaxed) {
                // The leader may wait without a limit, and has to send signs of life for what runs now.
                self.waiter.wake();
            }
            ended = self.execute(assigned);
        }
    }

    /// Runs a plain method to its end; starts an `async` one. Answers what is to be finished.
    fn execute(self: &Arc<Self>, assigned: Assigned) -> Option<(usize, Option<Message>)> {
        let Assigned { job, place, at } = assigned;
        let deadline = job.deadline();
        match self.responder.run(job, at) {
            Step::Ended(frame) => Some((place, frame)),
            Step::Suspended(suspended) => {
                let Some(task) = self.work().detach(place, deadline) else {
                    self.counters.cancelled.increment();
                    return None;
                };
                let end = Notice {
                    engine: Arc::clone(self),
                    task: Some(task),
                };
                if let Some(cancel) = self.responder.spawn(suspended, end) {
                    self.work().attach(task, cancel);
                }
                None
            }
        }
    }

    /// Runs what has been waiting, as long as something has, and sends what is ready.
    fn help(self: &Arc<Self>) {
        while self.exchange() {
            self.run(None);
        }
    }

    /// Sends what is ready from another thread than the leader's. `true` if something has been waiting for that one too
    /// long.
    fn exchange(&self) -> bool {
        let mut port = self.port();
        let Some(port) = port.as_mut() else {
            return false;
        };
        let now = Instant::now();
        let held = port.sources.is_held();
        let (drained, work) = match self.serve(port, now) {
            Ok(served) => served,
            Err(error) => {
                tracing::error!(%error, "the server's socket failed");
                return false;
            }
        };
        // The leader may wait without a limit, for an end or a sign of life that nobody expected when it went there.
        let stopping = self.stopping.load(Ordering::Acquire);
        // Nor does it wait for sources that were held.
        let released = held && !port.sources.is_held();
        let must_look = !drained
            || stopping
            || released
            || work.has_assignable()
            || port.next_try(now).is_some();
        if self.polled.load(Ordering::Relaxed) && must_look {
            self.waiter.wake();
        }
        is_overdue(&work, now)
    }

    fn port(&self) -> MutexGuard<'_, Option<Port>> {
        self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request has been waiting although a worker is free.
fn is_overdue(work: &Work, now: Instant) -> bool {
    now.checked_sub(2 * TICK)
        .is_some_and(|since| work.is_overdue(since))
}

/// A thread that dies would leave its role to nobody: better that the server ends, and says so.
struct EndOnPanic<'a>(&'a Engine);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.finish();
        }
    }
}

enum Attended {
    /// Nothing to run: wait, until then at most; for the router alone, or for these too.
    Idle(Option<Instant>, Option<Waiters>),
    /// Something to run.
    Busy,
    /// Something became ready to send meanwhile.
    Again,
    /// Nothing is heard from publishers: somebody wants to know.
    Silent(Vec<Told>),
    /// The server has ended, or is to end now.
    Done,
}

/// Tells of a task's end, once.
struct Notice {
    engine: Arc<Engine>,
    task: Option<u64>,
}

impl Notice {
    fn tell(&mut self, frame: Option<Message>) {
        if let Some(task) = self.task.take() {
            self.engine.work().finish_task(task, frame);
            self.engine.exchange();
        }
    }
}

impl TaskEnd for Notice {
    fn ended(mut self, frame: Option<Message>) {
        self.tell(frame);
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        // The runtime has dropped the task: it shuts down, or the task was cancelled and nobody waits for it.
        self.tell(None);
    }
}
