//! The state machine alone: no socket, no thread, and a clock that only tests advance.

mod given_up;
mod lanes;
mod queue;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::callers::ServerCounters;
use crate::codec::NoArgs;
use crate::command::{Call, CallBuffer, Command, Describer, DynService, Method, Started};
use crate::dialect::{CallId, Dialect, FrameKind, MethodRef, Reply, Request, RequestKind};
use crate::error::Error;
use crate::server::deduplicator::Deduplicator;
use crate::server::dispatcher::{Decoded, Dispatcher};
use crate::server::method_index::MethodIndex;
use crate::wire::{Limits, Metadata};

const SECOND: Duration = Duration::from_secs(1);

/// The one command.
#[derive(serde::Serialize)]
struct Work;

impl Command for Work {
    type Arguments<'a> = NoArgs;
    type Reply = ();
    type Failure = Error;
    type Answer = ();
    const METHOD: Method = Method::new("", "work", 1, "() -> ()");
}

struct Service;

impl DynService for Service {
    fn methods(&self) -> Vec<&'static Method> {
        vec![const { &Work::METHOD }]
    }

    fn describe(&self, _: &mut Describer) {}

    fn start(&self, _: usize, _: Call) -> Started {
        unreachable!("assigned calls are not run here")
    }
}

/// Counts how often a task was cancelled.
#[derive(Clone, Default)]
struct CancelCounter(Arc<AtomicU64>);

impl CancelCounter {
    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Cancel for CancelCounter {
    fn cancel(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a request looks like. None has a deadline.
#[derive(Clone, Copy)]
struct RequestSpec {
    kind: RequestKind,
    body: usize,
}

const CALL: RequestSpec = RequestSpec {
    kind: RequestKind::Call,
    body: 0,
};
const NOTIFY: RequestSpec = RequestSpec {
    kind: RequestKind::Notify,
    body: 0,
};

struct Scene {
    scheduler: Scheduler,
    dispatcher: Dispatcher,
    now: Instant,
    /// The frames to send.
    ready: Vec<OutboundFrame>,
}

impl Scene {
    fn new(requests: usize, bytes: usize, workers: usize) -> Self {
        let mut methods = MethodIndex::default();
        methods.add(Arc::new(Service)).unwrap();
        let limits = WorkLimits {
            requests,
            bytes,
            worker_threads: workers,
            notification_timeout: 60 * SECOND,
        };
        Self {
            scheduler: Scheduler::new(limits),
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

    fn call(&self, id: u64, spec: RequestSpec) -> ReadyCall {
        let request = Request {
            kind: spec.kind,
            id: CallId::from(id),
            codec: 0,
            method: MethodRef::Key(Work::METHOD.key()),
            remaining: None,
            metadata: Metadata::EMPTY,
            body: &vec![0; spec.body],
        };
        let mut buffer = CallBuffer::new(self.now);
        let frame = Dialect::Native.encode_request(&request, &Limits::default(), |_| Ok(()));
        *buffer.frame() = frame.ok().unwrap();
        match self.dispatcher.read(&mut buffer, self.now) {
            Decoded::Run(call) => call,
            _ => panic!("it is a request"),
        }
    }

    /// Queues a call if there is room. Returns whether there was.
    fn enqueue(&mut self, route: &Route, id: u64, spec: RequestSpec) -> bool {
        let call = self.call(id, spec);
        let has_room = self.scheduler.admission_failure(&call).is_none();
        if has_room {
            self.scheduler.enqueue(route.clone(), call);
        }
        has_room
    }

    /// Assigns the next call. Returns its slot and its id.
    fn assign(&mut self) -> Option<(usize, u64)> {
        let assigned = self.scheduler.assign(self.now)?;
        Some((assigned.slot, assigned.call.id().number()))
    }

    /// Queues a call, assigns it and makes it a task.
    fn start_task(
        &mut self,
        route: &Route,
        id: u64,
        time: Option<Duration>,
    ) -> (u64, CancelCounter) {
        assert!(self.enqueue(route, id, CALL));
        let (slot, assigned) = self.assign().unwrap();
        assert_eq!(assigned, id);
        let deadline = time.map(|time| self.now + time);
        let (task, cancels) = (
            self.scheduler.detach(slot, deadline).unwrap(),
            CancelCounter::default(),
        );
        self.scheduler.attach(task, Box::new(cancels.clone()));
        (task, cancels)
    }

    /// Advances the clock and does what is due then.
    fn pass(&mut self, time: Duration) -> u64 {
        self.now += time;
        self.tick()
    }

    fn cancel(&mut self, route: &Route, id: u64) -> bool {
        self.scheduler.cancel(route, &CallId::from(id))
    }

    fn tick(&mut self) -> u64 {
        self.scheduler.tick(self.now, &mut self.ready)
    }

    fn finish(&mut self, slot: usize, frame: Option<Frame>) {
        let reply = self.scheduler.finish(CompletedCall { slot, frame });
        self.ready.extend(reply);
    }

    fn finish_task(&mut self, task: u64, frame: Option<Frame>) {
        let reply = self.scheduler.finish_task(task, frame);
        self.ready.extend(reply);
    }

    /// Takes the frames to send: the peer, the id and the content of each.
    fn sent(&mut self) -> Vec<(String, u64, Sent)> {
        let read = |outgoing: OutboundFrame| {
            let peer = String::from_utf8(outgoing.route.peer().to_vec()).unwrap();
            let frame = &outgoing.frame;
            let ends = outgoing.ends.map(|to| to.id().number());
            if let FrameKind::Interim(id) = Dialect::Native.classify(frame) {
                return (peer, id, Sent::Working);
            }
            match Dialect::Native.decode_reply(frame, &Limits::default()) {
                Ok(Reply::Failure {
                    status, executed, ..
                }) => (peer, ends.unwrap(), Sent::Failure(status, executed)),
                Ok(other) => panic!("{other:?}"),
                Err(_) => (peer, ends.unwrap(), Sent::Frame(frame.to_vec())),
            }
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
