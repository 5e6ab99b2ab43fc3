//! A client's connection: threads that wait for its calls and take in for each other, tasks that do, and the driver.

#[path = "../../zmqrpc-runtime/src/client/connection.rs"]
mod connection;
#[path = "../../zmqrpc-runtime/src/client/deadlines.rs"]
mod deadlines;
#[path = "../../zmqrpc-runtime/src/client/peers.rs"]
mod peers;
#[path = "../../zmqrpc-runtime/src/client/pollers.rs"]
mod pollers;
#[path = "../../zmqrpc-runtime/src/client/state.rs"]
mod state;
#[path = "../../zmqrpc-runtime/src/client/supervision.rs"]
mod supervision;
#[path = "../../zmqrpc-runtime/src/client/task_waiters.rs"]
mod task_waiters;
#[path = "../../zmqrpc-runtime/src/client/waiter.rs"]
mod waiter;

mod client_peers;

use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use self::connection::Connection;
use self::deadlines::Deadlines;
use self::state::{CallLimits, CallOptions};
use crate::clock::{FOREVER, Instant};
use crate::connection::{CallKind, CallResult, Liveness, NoReply};
use crate::dialect::{Dialect, FrameKind, reply, request};
use crate::options::Ping;
use crate::socket::{Endpoint, Peer, SocketOptions};
use crate::sync::{Condvar, Mutex, thread};
use crate::wire::Limits;

/// What clients speak to servers.
const DIALECT: Dialect = Dialect::Native;

pub(crate) const MODELS: &[(&str, fn())] = &[
    (
        "connection: threads that wait take in each other's replies",
        || {
            calls([Caller::Thread; 3]);
        },
    ),
    (
        "connection: tasks that wait are woken, by the driver or each other",
        || {
            calls([Caller::Task; 3]);
        },
    ),
    ("connection: threads and tasks wait side by side", || {
        calls([Caller::Thread, Caller::Task, Caller::Task]);
    }),
    (
        "connection: a task that is dropped leaves no other without a reply",
        || {
            calls([Caller::DroppedTask, Caller::Task, Caller::Thread]);
        },
    ),
    (
        "connection: a task's time is over once, and others go on",
        || {
            calls([Caller::TimedTask, Caller::Task]);
        },
    ),
];

#[derive(Clone, Copy)]
enum Caller {
    Thread,
    Task,
    /// Gives its call up when it has been polled once.
    DroppedTask,
    /// Its call may be over before the reply comes.
    TimedTask,
}

/// Each caller makes two calls, one after the other.
const CALLS: usize = 2;

fn calls<const N: usize>(callers: [Caller; N]) {
    let peer = Peer::new();
    let connection = open(&peer);
    let serving = {
        let peer = peer.clone();
        thread::spawn(move || serve(&peer))
    };
    let calling = callers.map(|caller| {
        let connection = Arc::clone(&connection);
        thread::spawn(move || (0..CALLS).for_each(|_| caller.call(&connection)))
    });
    calling
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(connection.in_flight(), 0, "a call is left behind");
    drop(connection);
    peer.close();
    serving.join().unwrap();
}

/// Without the idle poller, which would take in what those who wait leave.
fn open(peer: &Peer) -> Arc<Connection> {
    let limits = CallLimits {
        calls: 10,
        queued_bytes: 1000,
    };
    let ping = Ping {
        interval: FOREVER,
        timeout: FOREVER,
    };
    let liveness = Liveness::new(ping, Instant::now());
    let options = SocketOptions(peer.clone());
    let connection = Connection::open(&Endpoint, &options, Limits::default(), limits, liveness);
    Arc::new(connection.unwrap())
}

/// Answers each request under its id, and nothing else.
fn serve(peer: &Peer) {
    while let Some(request) = peer.next() {
        // A cancellation needs no answer: the request that it is for has one in any case.
        if let Some(reply) = reply(&request) {
            peer.reply(reply);
        }
    }
}

impl Caller {
    fn call(self, connection: &Connection) {
        let options = CallOptions {
            kind: CallKind::Call,
            movable: false,
            task: !matches!(self, Self::Thread),
        };
        let begun = connection.begin(request(), options, Instant::now());
        let id = begun.unwrap().id;
        let mut deadlines = Deadlines {
            deadline: Instant::now() + FOREVER,
            connected_by: Instant::now() + FOREVER,
            connect_timeout: FOREVER.into(),
        };
        match self {
            Self::Thread => expect_reply(id, connection.wait(id, deadlines)),
            Self::Task => expect_reply(id, Task::wait(connection, id, deadlines)),
            Self::DroppedTask => {
                let task = Waker::from(Arc::new(Task::default()));
                if connection.poll(id, &task, deadlines).is_pending() {
                    connection.forget(id);
                }
            }
            Self::TimedTask => {
                deadlines.deadline = Instant::now() + Duration::from_millis(1);
                match Task::wait(connection, id, deadlines) {
                    Err(NoReply::TimedOut { written: true }) => {
                        assert!(
                            Instant::now() >= deadlines.deadline,
                            "a time is over too early"
                        );
                    }
                    result => expect_reply(id, result),
                }
            }
        }
    }
}

fn expect_reply(id: u64, result: CallResult) {
    let reply = result
        .expect("the server answers")
        .expect("a call has a reply");
    assert!(
        DIALECT.classify(&reply) == FrameKind::Reply(id),
        "a reply is another call's"
    );
}

/// A task, with a thread of its own as its executor.
#[derive(Default)]
struct Task {
    is_woken: Mutex<bool>,
    changed: Condvar,
}

impl Task {
    fn wait(connection: &Connection, id: u64, deadlines: Deadlines) -> CallResult {
        let task = Arc::new(Self::default());
        loop {
            if let Poll::Ready(result) =
                connection.poll(id, &Waker::from(Arc::clone(&task)), deadlines)
            {
                return result;
            }
            let mut is_woken = task.is_woken.lock();
            while !std::mem::take(&mut *is_woken) {
                is_woken = task.changed.wait(is_woken);
            }
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        *self.is_woken.lock() = true;
        self.changed.notify_all();
    }
}
