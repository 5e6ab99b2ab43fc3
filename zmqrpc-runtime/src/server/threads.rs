//! The threads of a server and the state that they share.
//!
//! One mutex protects the state. No thread blocks or runs a handler while it holds the lock.

mod helper;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::completion_guard::CompletionGuard;
use super::dispatcher::Dispatcher;
use super::execution::Progress;
use super::local_queue::LocalQueue;
use super::roles::{Role, Roles};
use super::scheduler::{Assigned, CompletedCall, Scheduler, WorkLimits};
use super::server_router::ServerRouter;
use super::server_socket::ServerSocket;
use super::sources::Sources;
use super::state::ServerState;
use super::turn::{EndOnPanic, NextStep};
use crate::callers::ServerCounters;
use crate::codec::DEEPEST_STACK;
use crate::log;
use crate::socket::{Poller, Process, SocketError, wait_any};
use crate::subscription::CallbackThread;
use crate::sync::{Mutex, MutexGuard, rank};
use crate::termination::{Termination, WaitOutcome};

pub(super) struct ServerThreads {
    /// `None` after the end: the sockets close when the server ends, not when its last handle is dropped.
    state: Mutex<Option<ServerState>, { rank::SOCKET }>,
    roles: Roles,
    local_queue: LocalQueue,
    callbacks: CallbackThread,
    poller: Arc<Poller>,
    dispatcher: Arc<Dispatcher>,
    pub(super) counters: Arc<ServerCounters>,
    stopping: AtomicBool,
    /// How long the end may take, as the first caller of [`stop`](Self::stop) says.
    stop_limit: OnceLock<Duration>,
    termination: Termination,
    process: Process,
}

impl ServerThreads {
    /// Starts the worker threads, and two more, so that one leads and one stands by while as many methods run as may.
    pub(super) fn start(
        socket: ServerSocket,
        poller: Arc<Poller>,
        dispatcher: Dispatcher,
        counters: Arc<ServerCounters>,
        limits: WorkLimits,
    ) -> Result<Arc<Self>, SocketError> {
        let dispatcher = Arc::new(dispatcher);
        let state = ServerState::new(
            socket,
            Scheduler::new(limits),
            Arc::clone(&dispatcher),
            Arc::clone(&counters),
            Instant::now(),
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
            stop_limit: OnceLock::new(),
            termination: Termination::default(),
            process: Process::current(),
        });
        for number in 0..limits.worker_threads + 2 {
            let own = Arc::clone(&threads);
            let spawned = thread::Builder::new()
                .name(format!("zmqrpc-{number}"))
                .stack_size(DEEPEST_STACK)
                .spawn(move || own.run_thread());
            if let Err(error) = spawned {
                threads.finish();
                return Err(SocketError::thread(&error));
            }
        }
        Ok(threads)
    }

    /// Returns the process that the threads belong to.
    pub(super) fn process(&self) -> Process {
        self.process
    }

    /// Runs an action on the socket. Returns `None` if the server has ended or belongs to a parent process.
    pub(super) fn with_router<R>(&self, action: impl FnOnce(&mut ServerRouter) -> R) -> Option<R> {
        if !self.process.is_current() {
            return None;
        }
        let result = self
            .state()
            .as_mut()
            .map(|state| action(state.socket.router()));
        // The action may have consumed the edge that the leader waits for.
        self.poller.wake();
        result
    }

    pub(super) fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    /// Has the leader wait for the clients that the server works for now.
    pub(super) fn wait_for_binders(&self) {
        if let Some(state) = self.state().as_mut() {
            let others = state.socket.router().binder_pollers().cloned().collect();
            state.socket.sources.wait_for(others);
        }
        self.poller.wake();
    }

    /// Runs an action on the sources. Returns `None` if the server has ended or belongs to a parent process.
    pub(super) fn with_sources<R>(&self, action: impl FnOnce(&mut Sources) -> R) -> Option<R> {
        if !self.process.is_current() {
            return None;
        }
        let result = self
            .state()
            .as_mut()
            .map(|state| action(&mut state.socket.sources));
        // As above. Besides, the leader may have other pollers to wait for now.
        self.poller.wake();
        result
    }

    /// Requests the end, which is to come within `limit`: the server notifies its callers, executes what they send
    /// until they know, and rejects what they send afterwards.
    pub(super) fn stop(&self, limit: Duration) {
        self.stop_limit.get_or_init(|| limit);
        self.stopping.store(true, Ordering::Release);
        self.poller.wake();
    }

    /// Waits for the end, at most for `limit`.
    pub(super) fn wait(&self, limit: Option<Duration>) -> WaitOutcome {
        let has_tasks: &dyn Fn() -> bool = &|| self.has_tasks();
        let needs_this_thread = self.dispatcher.needs_this_thread();
        self.termination
            .wait(limit, needs_this_thread.then_some(has_tasks))
    }

    /// Waits until the server has ended or its end was requested more than `before` times.
    pub(super) fn wait_or_request(&self, before: u64) -> WaitOutcome {
        let has_tasks: &dyn Fn() -> bool = &|| self.has_tasks();
        let needs_this_thread = self.dispatcher.needs_this_thread();
        self.termination
            .wait_or_request(before, needs_this_thread.then_some(has_tasks))
    }

    /// Returns whether the end cannot come while this thread waits for it, because `async` methods need the thread.
    pub(super) fn is_deadlocked(&self) -> bool {
        self.dispatcher.needs_this_thread() && self.has_tasks()
    }

    fn has_tasks(&self) -> bool {
        let state = self.state();
        state
            .as_ref()
            .is_some_and(|state| state.scheduler.has_tasks())
    }

    pub(super) fn termination(&self) -> &Termination {
        &self.termination
    }

    /// Ends the server whatever its threads are doing. A thread that is in a method leaves when the method returns.
    pub(super) fn finish(&self) {
        self.roles.end();
        self.callbacks.end();
        // Closes the sockets outside of the lock, since that takes a moment.
        let state = self.state().take();
        if let Some(ServerState {
            socket,
            mut scheduler,
            ..
        }) = state
        {
            drop(self.local_queue.take_over(0));
            scheduler.cancel_all();
            socket.close_and_release();
        }
        log::flush();
        self.poller.wake();
        self.termination.set_ended();
    }

    /// The loop of each thread: takes one role after another.
    fn run_thread(self: &Arc<Self>) {
        let _guard = EndOnPanic(self);
        loop {
            match self.roles.next_role() {
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

    /// Waits at the sockets and runs calls until another thread takes the lead over or the server ends.
    fn lead(self: &Arc<Self>, term: u64) {
        let mut completed = None;
        if let Some(state) = self.state().as_mut() {
            state.take_over(self.local_queue.take_over(term));
        }
        while self.roles.is_leader(term) {
            match self.next_step(term, completed.take()) {
                Ok(NextStep::Run(assigned)) => {
                    self.roles.start_running(term);
                    completed = self.run_with_local_queue(term, assigned);
                    if !self.roles.stop_running(term) {
                        break;
                    }
                }
                Ok(NextStep::Wait(until, sources)) => {
                    let waited = match sources {
                        None => self.poller.wait(until),
                        Some(pollers) => wait_any(&pollers, until),
                    };
                    if let Err(error) = waited {
                        log::line!(error, error = log::text(&error); "the server cannot wait for its socket, the server ends");
                        return self.finish();
                    }
                }
                Ok(NextStep::Repeat) => {}
                Ok(NextStep::RunCallbacks(callbacks)) => self.callbacks.run(callbacks),
                Ok(NextStep::Done) => return self.finish(),
                Err(error) => {
                    log::line!(error, error = log::text(&error); "the server's socket failed, the server ends");
                    return self.finish();
                }
            }
        }
        // Replaced while in a method. Its reply is ready now, and calls may be overdue that waited behind it.
        self.help(completed);
    }

    /// Makes the leader's pass under the lock.
    fn next_step(
        &self,
        term: u64,
        completed: Option<CompletedCall>,
    ) -> Result<NextStep, SocketError> {
        let mut state = self.state();
        let Some(state) = state.as_mut() else {
            return Ok(NextStep::Done);
        };
        let now = Instant::now();
        if self.stopping.load(Ordering::Acquire) {
            state.stop(self.stop_limit.get().copied().unwrap_or_default(), now);
        }
        state.next_step(now, completed, &self.local_queue, term)
    }

    /// Runs a call, and after it those of the local queue. Returns the last one, which is still to be finished.
    fn run_with_local_queue(self: &Arc<Self>, term: u64, first: Assigned) -> Option<CompletedCall> {
        let Assigned { slot, mut now, .. } = first;
        let mut completed = self.execute(first);
        while completed.is_some()
            && let Some(call) = self.local_queue.next(term)
        {
            self.roles.next_call();
            if call.deadline().is_some() {
                now = Instant::now();
            }
            completed = self.execute(Assigned { call, slot, now });
        }
        // The last call was suspended and has given up its worker slot, which the queued calls would run in.
        if completed.is_none()
            && self.local_queue.has_calls(term)
            && let Some(state) = self.state().as_mut()
        {
            state.put_back(self.local_queue.drain(term));
        }
        completed
    }

    /// Runs a plain method to its end, or starts an `async` one. Returns the call if it has ended.
    fn execute(self: &Arc<Self>, assigned: Assigned) -> Option<CompletedCall> {
        let Assigned { call, slot, now } = assigned;
        let deadline = call.deadline();
        match self.dispatcher.run(call, now) {
            Progress::Completed(frame) => Some(CompletedCall { slot, frame }),
            Progress::Duplicate(key) => {
                self.with_state(|state, now| state.join_duplicate(slot, key, now));
                None
            }
            Progress::Suspended(execution) => {
                let task = {
                    let mut state = self.state();
                    let state = state.as_mut()?;
                    if state.socket.leader_waits {
                        // The task's deadline may come before the time that the leader waits until.
                        self.poller.wake();
                    }
                    state.scheduler.detach(slot, deadline)
                };
                let Some(task) = task else {
                    self.counters.cancelled.increment();
                    return None;
                };
                let completion = CompletionGuard::new(task, Arc::clone(self));
                if let Some(cancel) = self.dispatcher.spawn(execution, completion) {
                    match self.state().as_mut() {
                        Some(state) => state.scheduler.attach(task, cancel),
                        None => cancel.cancel(),
                    }
                }
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, Option<ServerState>> {
        self.state.lock()
    }
}
