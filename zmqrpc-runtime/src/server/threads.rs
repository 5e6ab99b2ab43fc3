//! The threads of a server and what they share.
//!
//! One lock, for as long as nothing blocks: services run outside of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::completion_guard::CompletionGuard;
use super::counters::ServerCounters;
use super::dispatcher::Dispatcher;
use super::execution::Progress;
use super::local_queue::LocalQueue;
use super::roles::{Role, Roles};
use super::scheduler::{Assigned, CompletedCall, Scheduler, WorkLimits};
use super::server_socket::ServerSocket;
use super::sources::{CallbackThread, Sources};
use super::state::{ScanResult, ServerState};
use super::termination::{Termination, WaitOutcome};
use super::turn::{EndOnPanic, NextStep};
use crate::log;
use crate::socket::{Poller, Process, RouterSocket, SocketError, wait_any};

/// Room for a value of the deepest nesting that is decoded, in a build without optimisation too: 2.4 MiB were seen.
const STACK: usize = 4 << 20;

pub(super) struct ServerThreads {
    /// None after the end: the sockets close when the server ends, not when its last handle is dropped.
    state: Mutex<Option<ServerState>>,
    roles: Roles,
    local_queue: LocalQueue,
    callbacks: CallbackThread,
    poller: Arc<Poller>,
    dispatcher: Arc<Dispatcher>,
    pub(super) counters: Arc<ServerCounters>,
    stopping: AtomicBool,
    /// How long the end may take, for who asked for it first.
    limit: OnceLock<Duration>,
    end: Termination,
    process: Process,
}

impl ServerThreads {
    /// Starts the threads: one per worker, and two so that one leads and one stands by while all workers are busy.
    pub(super) fn start(
        socket: ServerSocket,
        poller: Arc<Poller>,
        dispatcher: Dispatcher,
        counters: Arc<ServerCounters>,
        bounds: WorkLimits,
    ) -> Result<Arc<Self>, SocketError> {
        let dispatcher = Arc::new(dispatcher);
        let state = ServerState::new(
            socket,
            Scheduler::new(bounds),
            Arc::clone(&dispatcher),
            Arc::clone(&counters),
        );
        let threads = Arc::new(Self {
            poller,
            state: Mutex::new(Some(state)),
            roles: Roles::default(),
            local_queue: LocalQueue::default(),
            callbacks: CallbackThread::default(),
            dispatcher,
            counters,
            stopping: AtomicBool::new(false),
            limit: OnceLock::new(),
            end: Termination::default(),
            process: Process::current(),
        });
        for number in 0..bounds.workers + 2 {
            let own = Arc::clone(&threads);
            let spawned = thread::Builder::new()
                .name(format!("zmqrpc-{number}"))
                .stack_size(STACK)
                .spawn(move || own.live());
            if let Err(error) = spawned {
                threads.finish();
                return Err(SocketError::thread(&error));
            }
        }
        Ok(threads)
    }

    /// The process that its threads are in.
    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// Does something with the socket; nothing if the server has ended, or is a parent's.
    pub(super) fn with_router<R>(&self, action: impl FnOnce(&mut RouterSocket) -> R) -> Option<R> {
        if !self.process.is_current() {
            return None;
        }
        let result = self
            .state()
            .as_mut()
            .map(|state| action(state.socket.router()));
        // The action may have taken the signal that the leader waits for.
        self.poller.wake();
        result
    }

    /// Does something with the sources; nothing if the server has ended, or is a parent's.
    pub(super) fn with_sources<R>(&self, action: impl FnOnce(&mut Sources) -> R) -> Option<R> {
        if !self.process.is_current() {
            return None;
        }
        let result = self
            .state()
            .as_mut()
            .map(|state| action(&mut state.socket.sources));
        // As above; and there may be others to wait for now.
        self.poller.wake();
        result
    }

    /// Requests the end, which is to come within `limit`: callers are told, what comes until they know is still executed,
    /// what comes then is refused.
    pub(super) fn stop(&self, limit: Duration) {
        self.limit.get_or_init(|| limit);
        self.stopping.store(true, Ordering::Release);
        self.poller.wake();
    }

    /// Waits for the end, until `limit` has passed if there is one.
    pub(super) fn wait(&self, limit: Option<Duration>) -> WaitOutcome {
        let has_tasks: &dyn Fn() -> bool = &|| self.has_tasks();
        let needs_it = self.dispatcher.needs_this_thread();
        self.end.wait(limit, needs_it.then_some(has_tasks))
    }

    /// Waits until the server has ended or has been asked to, more often than `before`.
    pub(super) fn wait_asked(&self, before: u64) -> WaitOutcome {
        let has_tasks: &dyn Fn() -> bool = &|| self.has_tasks();
        let needs_it = self.dispatcher.needs_this_thread();
        self.end.wait_asked(before, needs_it.then_some(has_tasks))
    }

    /// Whether the end cannot come while this thread waits for it: `async` methods need it to go on.
    pub(super) fn is_deadlocked(&self) -> bool {
        self.dispatcher.needs_this_thread() && self.has_tasks()
    }

    fn has_tasks(&self) -> bool {
        let state = self.state();
        state
            .as_ref()
            .is_some_and(|state| state.scheduler.has_tasks())
    }

    pub(super) fn end(&self) -> &Termination {
        &self.end
    }

    /// Ends the server, whatever its threads are doing. Those that are in a method leave when it returns.
    pub(super) fn finish(&self) {
        self.roles.end();
        self.callbacks.end();
        // Out of the lock first: shutting takes its time.
        let state = self.state().take();
        if let Some(ServerState {
            socket,
            mut scheduler,
            ..
        }) = state
        {
            drop(self.local_queue.pass(0));
            scheduler.abandon();
            socket.close_and_release();
        }
        log::flush();
        self.poller.wake();
        self.end.reach();
    }

    /// A thread's life.
    fn live(self: &Arc<Self>) {
        let _guard = EndOnPanic(self);
        loop {
            match self.roles.next() {
                Role::Lead(term) => self.lead(term),
                Role::StandBy => {
                    let overdue = || {
                        let state = self.state();
                        state
                            .as_ref()
                            .is_some_and(|state| state.has_overdue(Instant::now()))
                    };
                    if let Some(term) = self.roles.watch(overdue) {
                        self.lead(term);
                    }
                }
                Role::Help => self.help(None),
                Role::Leave => return,
            }
        }
    }

    /// Waits at the socket and runs what comes, until another thread takes over or the server ends.
    fn lead(self: &Arc<Self>, term: u64) {
        let mut ended = None;
        if let Some(state) = self.state().as_mut() {
            state.expect_work(self.local_queue.pass(term));
        }
        while self.roles.leads(term) {
            match self.attend(term, ended.take()) {
                Ok(NextStep::Run(assigned)) => {
                    self.roles.start_running(term);
                    ended = self.run_hand(term, assigned);
                    self.roles.stop_running(term);
                }
                Ok(NextStep::Idle(until, sources)) => {
                    let waited = match sources {
                        None => self.poller.wait(until),
                        Some(pollers) => wait_any(&pollers, until),
                    };
                    if let Err(error) = waited {
                        log::line!(error, error = log::text(&error); "the server cannot wait for its socket, the server ends");
                        return self.finish();
                    }
                }
                Ok(NextStep::Again) => {}
                Ok(NextStep::Silent(told)) => self.callbacks.make(told),
                Ok(NextStep::Done) => return self.finish(),
                Err(error) => {
                    log::line!(error, error = log::text(&error); "the server's socket failed, the server ends");
                    return self.finish();
                }
            }
        }
        // Deposed while in a method: its reply is ready now, and so may be requests that waited behind it.
        self.help(ended);
    }

    /// The leader's turn at the socket.
    fn attend(&self, term: u64, ended: Option<CompletedCall>) -> Result<NextStep, SocketError> {
        let mut state = self.state();
        let Some(state) = state.as_mut() else {
            return Ok(NextStep::Done);
        };
        let now = Instant::now();
        state.stop_polling(now);
        if self.stopping.load(Ordering::Acquire) {
            state.stop(self.limit.get().copied().unwrap_or_default(), now);
        }
        if let Some(ended) = ended {
            state.finish(ended, now);
        }
        if !state.must_look(now)
            && let Some(assigned) = state.next(now)?
        {
            let assigned = state.hand_out(assigned, &self.local_queue, term);
            return Ok(NextStep::Run(assigned));
        }
        let ScanResult { drained, told } = state.look(now)?;
        if !told.is_empty() {
            return Ok(NextStep::Silent(told));
        }
        if let Some(assigned) = state.scheduler.assign(now) {
            let assigned = state.hand_out(assigned, &self.local_queue, term);
            return Ok(NextStep::Run(assigned));
        }
        // What was taken in may have been the last answer.
        state.closed = state.socket.draining.is_over(now);
        let ServerState {
            socket,
            scheduler,
            closed,
            ..
        } = state;
        let done = *closed && scheduler.is_done() && socket.sources.is_spent();
        let left_alone = drained || done && socket.is_past_refusing(now);
        if scheduler.wants_more() || !left_alone {
            return Ok(NextStep::Again);
        }
        if done {
            // A peer that does not read does not hold up the end for ever.
            let Some(until) = socket.flushed_by(now) else {
                return Ok(NextStep::Done);
            };
            if !drained {
                return Ok(NextStep::Again);
            }
            socket.polled = true;
            let due = socket.next_try(now).into_iter().chain([until]);
            let due = due.chain(socket.draining.due()).min();
            return Ok(NextStep::Idle(due, None));
        }
        socket.polled = true;
        let due = socket
            .next_try(now)
            .into_iter()
            .chain(scheduler.next_tick());
        let due = due
            .chain(socket.sources.due())
            .chain(socket.next_connection());
        let due = due.chain(socket.draining.due());
        Ok(NextStep::Idle(due.min(), socket.sources.pollers()))
    }

    /// Runs a job, and what the leader has in its hand. Answers what is to be finished.
    fn run_hand(self: &Arc<Self>, term: u64, first: Assigned) -> Option<CompletedCall> {
        let Assigned { place, mut at, .. } = first;
        let mut ended = self.execute(first);
        while ended.is_some()
            && let Some(job) = self.local_queue.next(term)
        {
            self.roles.go_on();
            if job.deadline().is_some() {
                at = Instant::now();
            }
            ended = self.execute(Assigned { job, place, at });
        }
        // The last one went on elsewhere, and left its place.
        if ended.is_none()
            && self.local_queue.has_some(term)
            && let Some(state) = self.state().as_mut()
        {
            state.put_back(self.local_queue.empty(term));
        }
        ended
    }

    /// Runs a plain method to its end; starts an `async` one. Answers what is to be finished.
    fn execute(self: &Arc<Self>, assigned: Assigned) -> Option<CompletedCall> {
        let Assigned { job, place, at } = assigned;
        let deadline = job.deadline();
        match self.dispatcher.run(job, at) {
            Progress::Ended(frame) => Some(CompletedCall { place, frame }),
            Progress::Repeated(identity) => {
                self.chime_in(|state, now| state.join(place, identity, now));
                None
            }
            Progress::Suspended(suspended) => {
                let task = {
                    let mut state = self.state();
                    let state = state.as_mut()?;
                    if state.socket.polled {
                        // Its deadline may come before what the leader waits for.
                        self.poller.wake();
                    }
                    state.scheduler.detach(place, deadline)
                };
                let Some(task) = task else {
                    self.counters.cancelled.increment();
                    return None;
                };
                let end = CompletionGuard::of(task, Arc::clone(self));
                if let Some(cancel) = self.dispatcher.spawn(suspended, end) {
                    match self.state().as_mut() {
                        Some(state) => state.scheduler.attach(task, cancel),
                        None => cancel.cancel(),
                    }
                }
                None
            }
        }
    }

    /// Runs what has been waiting, as long as something has. What has not waited for long is left to the leader: where
    /// methods are short, two threads get in each other's way.
    fn help(self: &Arc<Self>, mut ended: Option<CompletedCall>) {
        loop {
            let overdue = self.chime_in(|state, now| {
                if let Some(ended) = ended.take() {
                    state.finish(ended, now);
                }
                let overdue = state.has_overdue(now);
                overdue.then(|| state.scheduler.assign(now)).flatten()
            });
            let Some(assigned) = overdue.flatten() else {
                return;
            };
            ended = self.execute(assigned);
        }
    }

    /// Does something on another thread than the leader's; nothing if the server has ended.
    ///
    /// If the leader waits, the action may have taken the signal that it waits for: the socket is left drained, and the
    /// leader is woken if there is something for it.
    pub(super) fn chime_in<R>(
        &self,
        action: impl FnOnce(&mut ServerState, Instant) -> R,
    ) -> Option<R> {
        let mut state = self.state();
        let state = state.as_mut()?;
        let now = Instant::now();
        let result = action(state, now);
        state.answer_joined(now);
        if state.socket.polled {
            let held = state.socket.sources.is_held();
            match state.take_in(now) {
                // It may wait without a limit, for an end or a sign of life that nobody expected when it went there. Nor
                // does it wait for sources that were held.
                Ok(drained) => {
                    let released = held && !state.socket.sources.is_held();
                    let stopping = self.stopping.load(Ordering::Acquire);
                    if !drained || released || stopping || state.needs_leader(now) {
                        self.poller.wake();
                    }
                }
                Err(error) => {
                    log::line!(error, error = log::text(&error); "the server's socket failed");
                }
            }
        }
        Some(result)
    }

    fn state(&self) -> MutexGuard<'_, Option<ServerState>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
