//! The server's thread: takes requests in, runs them, sends replies.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::outbox::Outbox;
use super::responder::{Asked, Job, Responder};
use crate::command::Refusal;
use crate::socket::{Delivery, Message, Route, Router, SocketError, Waiter};
use crate::wire::Status;

/// What the thread and the handles share.
pub(super) struct Shared {
    /// None after the end: sockets close when the server ends, not when its last handle is dropped.
    router: Mutex<Option<Router>>,
    waiter: Arc<Waiter>,
    pub(super) counters: Arc<Counters>,
    stopping: AtomicBool,
    ended: Mutex<bool>,
    end: Condvar,
}

impl Shared {
    pub(super) fn new(router: Router, counters: Arc<Counters>) -> Self {
        Self {
            waiter: router.waiter(),
            router: Mutex::new(Some(router)),
            counters,
            stopping: AtomicBool::new(false),
            ended: Mutex::new(false),
            end: Condvar::new(),
        }
    }

    /// Does something with the socket; nothing if the server has ended.
    pub(super) fn with_router<R>(&self, action: impl FnOnce(&mut Router) -> R) -> Option<R> {
        let result = self.router().as_mut().map(action);
        // The action may have taken the signal that the thread waits for.
        self.waiter.wake();
        result
    }

    fn router(&self) -> MutexGuard<'_, Option<Router>> {
        self.router.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests the end: what has arrived is still executed, what comes now is refused.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.waiter.wake();
    }

    /// Closes the socket, whatever the thread is doing.
    pub(super) fn close(&self) {
        drop(self.router().take());
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

    fn set_ended(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.end.notify_all();
    }
}

/// What may wait to be executed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) requests: usize,
    pub(super) bytes: usize,
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    responder: Responder,
    bounds: Bounds,
    queue: VecDeque<(Route, Job)>,
    queued_bytes: usize,
    outbox: Outbox,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, responder: Responder, bounds: Bounds) -> Self {
        let (queue, outbox) = (VecDeque::new(), Outbox::default());
        Self {
            shared,
            responder,
            bounds,
            queue,
            queued_bytes: 0,
            outbox,
        }
    }

    /// Serves until it is told to stop and has nothing left to do.
    pub(super) fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        loop {
            let stopping = shared.stopping.load(Ordering::Acquire);
            match shared
                .router()
                .as_mut()
                .map(|router| self.take_in(router, stopping))
            {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    tracing::error!(%error, "the server's socket failed, the server ends");
                    break;
                }
                None => break,
            }
            if let Some((route, job)) = self.queue.pop_front() {
                self.queued_bytes -= job.bytes();
                if let Some(reply) = self.responder.run(job) {
                    self.send(route, reply);
                }
            } else if stopping && self.outbox.is_empty() {
                break;
            } else if let Err(error) = shared.waiter.drive(None) {
                tracing::error!(%error, "the server cannot wait for its socket, the server ends");
                break;
            }
        }
        shared.close();
        shared.set_ended();
    }

    /// Takes everything in that has arrived. Afterwards the socket may be waited on.
    fn take_in(&mut self, router: &mut Router, stopping: bool) -> Result<(), SocketError> {
        let shared = Arc::clone(&self.shared);
        let counters = &*shared.counters;
        let mut now = None;
        while let Some(Delivery { route, message }) =
            router.receive(|| counters.malformed.increment())?
        {
            let now = *now.get_or_insert_with(Instant::now);
            let answer = match self.responder.read(message, now) {
                Asked::Nothing => None,
                Asked::Answer(answer) => Some(answer),
                Asked::Cancel(id) => {
                    self.cancel(&route, id);
                    None
                }
                Asked::Run(job) => {
                    let Some(refusal) = self.refusal(&job, stopping) else {
                        self.queued_bytes += job.bytes();
                        self.queue.push_back((route, job));
                        continue;
                    };
                    job.refuse(&refusal)
                }
            };
            if let Some(answer) = answer {
                self.outbox.send(
                    Delivery {
                        route,
                        message: Message::from(answer),
                    },
                    router,
                    counters,
                );
            }
        }
        self.outbox.retry(router, counters);
        Ok(())
    }

    /// Why a job cannot be taken on, if it cannot.
    fn refusal(&self, job: &Job, stopping: bool) -> Option<Refusal> {
        if stopping {
            return Some(Refusal::new(Status::ShuttingDown, ""));
        }
        let Bounds { requests, bytes } = self.bounds;
        let full =
            self.queue.len() >= requests || self.queued_bytes.saturating_add(job.bytes()) > bytes;
        full.then(|| {
            self.shared.counters.overloaded.increment();
            let detail =
                format!("the server's queue is full, at {requests} requests or {bytes} bytes");
            Refusal::new(Status::Overloaded, detail)
        })
    }

    /// Forgets a queued call. One that runs already ends as it will; its reply finds nobody.
    fn cancel(&mut self, route: &Route, id: u64) {
        let at = self
            .queue
            .iter()
            .position(|(queued, job)| job.id() == id && queued.peer() == route.peer());
        if let Some((_, job)) = at.and_then(|at| self.queue.remove(at)) {
            self.queued_bytes -= job.bytes();
            self.shared.counters.cancelled.increment();
        }
    }

    fn send(&mut self, route: Route, reply: Vec<u8>) {
        if let Some(router) = self.shared.router().as_mut() {
            let delivery = Delivery {
                route,
                message: Message::from(reply),
            };
            self.outbox.send(delivery, router, &self.shared.counters);
        }
    }
}
