//! The state machine alone: no socket, no thread, and a clock that stands until it is moved.

mod given_up;
mod lanes;
mod queue;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::command::{Call, CallBuffer, DynService, Method, Started};
use crate::server::counters::ServerCounters;
use crate::server::deduplicator::Deduplicator;
use crate::server::dispatcher::{Decoded, Dispatcher};
use crate::server::method_index::MethodIndex;
use crate::wire::{Limits, Metadata, MethodRef, Reply, ReplyBody, Request, RequestKind};

const SECOND: Duration = Duration::from_secs(1);

static METHOD: Method = Method::new("", "work", 1, "() -> ()");

struct Service;

impl DynService for Service {
    fn methods(&self) -> Vec<&'static Method> {
        vec![&METHOD]
    }

    fn start(&self, _: usize, _: Call) -> Started {
        unreachable!("what is given out is not run here")
    }
}

/// Counts how often it was told to end.
#[derive(Clone, Default)]
struct Bell(Arc<AtomicU64>);

impl Bell {
    fn rung(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Cancel for Bell {
    fn cancel(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a request looks like; a caller that waits for ever, unless it is said otherwise.
#[derive(Clone, Copy)]
struct Sketch {
    kind: RequestKind,
    body: usize,
}

const CALL: Sketch = Sketch {
    kind: RequestKind::Call,
    body: 0,
};
const NOTIFY: Sketch = Sketch {
    kind: RequestKind::Notify,
    body: 0,
};

struct Scene {
    scheduler: Scheduler,
    dispatcher: Dispatcher,
    now: Instant,
    /// What is to be sent.
    ready: Vec<RoutedMessage>,
}

impl Scene {
    fn new(requests: usize, bytes: usize, workers: usize) -> Self {
        let mut methods = MethodIndex::default();
        methods.add(Box::new(Service)).unwrap();
        let bounds = WorkLimits {
            requests,
            bytes,
            workers,
            patience: 60 * SECOND,
        };
        Self {
            scheduler: Scheduler::new(bounds),
            dispatcher: Dispatcher::new(
                methods,
                Limits::default(),
                Arc::new(ServerCounters::default()),
                Deduplicator::new(0),
                None,
            ),
            now: Instant::now(),
            ready: Vec::new(),
        }
    }

    fn spacious(workers: usize) -> Self {
        Self::new(1_000, 1 << 20, workers)
    }

    fn job(&self, id: u64, sketch: Sketch) -> ReadyCall {
        let mut frame = Vec::new();
        let request = Request {
            kind: sketch.kind,
            id,
            codec: 0,
            method: MethodRef::Key(METHOD.key()),
            remaining: None,
            metadata: Metadata::EMPTY,
            body: &vec![0; sketch.body],
        };
        request.encode(&mut frame, &Limits::default()).unwrap();
        let mut buffer = CallBuffer::new(self.now);
        *buffer.frame() = Message::from(frame);
        match self.dispatcher.read(&mut buffer, self.now) {
            Decoded::Run(job) => job,
            _ => panic!("it is a request"),
        }
    }

    /// Takes a request on, if there is room. Answers whether there was.
    fn ask(&mut self, route: &Route, id: u64, sketch: Sketch) -> bool {
        let job = self.job(id, sketch);
        let taken = self.scheduler.refusal(&job).is_none();
        if taken {
            self.scheduler.take_on(route.clone(), job);
        }
        taken
    }

    /// Gives out the next request: its place, and its id.
    fn assign(&mut self) -> Option<(usize, u64)> {
        let assigned = self.scheduler.assign(self.now)?;
        Some((assigned.place, assigned.job.id()))
    }

    /// Asks for an `async` method and starts it.
    fn start_task(&mut self, route: &Route, id: u64, time: Option<Duration>) -> (u64, Bell) {
        assert!(self.ask(route, id, CALL));
        let (place, assigned) = self.assign().unwrap();
        assert_eq!(assigned, id);
        let deadline = time.map(|time| self.now + time);
        let (task, bell) = (
            self.scheduler.detach(place, deadline).unwrap(),
            Bell::default(),
        );
        self.scheduler.attach(task, Box::new(bell.clone()));
        (task, bell)
    }

    /// Moves the clock and does what is due then.
    fn pass(&mut self, time: Duration) -> u64 {
        self.now += time;
        self.tick()
    }

    fn tick(&mut self) -> u64 {
        self.scheduler.tick(self.now, &mut self.ready)
    }

    fn finish(&mut self, place: usize, frame: Option<Message>) {
        let reply = self.scheduler.finish(CompletedCall {
            place,
            frame: frame.map(Box::new),
        });
        self.ready.extend(reply);
    }

    fn finish_task(&mut self, task: u64, frame: Option<Message>) {
        let reply = self.scheduler.finish_task(task, frame.map(Box::new));
        self.ready.extend(reply);
    }

    /// What was to be sent: to whom, under which id, and what.
    fn sent(&mut self) -> Vec<(String, u64, Sent)> {
        let read = |outgoing: RoutedMessage| {
            let peer = String::from_utf8(outgoing.route.peer().to_vec()).unwrap();
            let (id, sent) = match Reply::decode(&outgoing.message, &Limits::default()) {
                Ok(Reply { id, body }) => match body {
                    ReplyBody::Working => (id, Sent::Working),
                    ReplyBody::Failure {
                        status, executed, ..
                    } => (id, Sent::Failure(status, executed)),
                    other => panic!("{other:?}"),
                },
                Err(_) => (0, Sent::Frame(outgoing.message.to_vec())),
            };
            (peer, id, sent)
        };
        self.ready.drain(..).map(read).collect()
    }
}

#[derive(Debug, PartialEq)]
enum Sent {
    Working,
    Failure(Status, Executed),
    Frame(Vec<u8>),
}

fn ann() -> Route {
    Route::made_up("ann", &[])
}

fn bob() -> Route {
    Route::made_up("bob", &[])
}
