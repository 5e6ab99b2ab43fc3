//! A server's threads: their roles, and the queue that a leader leaves to the next one.

#[path = "../../zmqrpc-runtime/src/server/local_queue.rs"]
mod local_queue;
#[path = "../../zmqrpc-runtime/src/server/roles.rs"]
mod roles;

mod dispatcher {
    pub(crate) struct ReadyCall;
}

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use self::local_queue::LocalQueue;
use self::roles::{Role, Roles};
use crate::socket::{self, Poller};
use crate::sync::{Condvar, Mutex, atomic, thread};

pub(crate) const MODELS: &[(&str, fn())] = &[
    (
        "roles: what waits behind methods that do not return is run, each call once",
        || stuck_leaders(4, Arrival::AtOnce),
    ),
    (
        "roles: what comes while methods do not return is run, each call once",
        || stuck_leaders(3, Arrival::OneByOne),
    ),
    (
        "roles: a stand-by that goes to sleep notices a method that does not return",
        sleeping_stand_by,
    ),
    (
        "roles: what is asked of the leader while the lead changes is done",
        end_while_the_lead_changes,
    ),
];

/// The loop of a server's threads, with numbers for calls. Some of them end when all others have.
struct Server {
    state: Mutex<State>,
    has_run: Condvar,
    roles: Roles,
    local_queue: LocalQueue<usize>,
    poller: Poller,
    stopping: atomic::AtomicBool,
}

/// The first calls, this many, end only after all others: all threads but one are stuck in them.
const STUCK: usize = 2;
const THREADS: usize = 3;

#[derive(Default)]
struct State {
    waiting: VecDeque<usize>,
    taken: BTreeSet<usize>,
    has_run: BTreeSet<usize>,
    terms: BTreeSet<u64>,
    calls: usize,
    /// A thread is at the sockets.
    is_led: bool,
}

#[derive(Clone, Copy)]
enum Arrival {
    AtOnce,
    OneByOne,
}

fn stuck_leaders(calls: usize, arrival: Arrival) {
    let server = Arc::new(Server::new(calls));
    let threads = server.start();
    match arrival {
        Arrival::AtOnce => server.arrive(0..calls),
        Arrival::OneByOne => (0..calls).for_each(|call| server.arrive(call..=call)),
    }
    let mut state = server.state.lock();
    while state.has_run.len() < calls {
        state = server.has_run.wait(state);
    }
    drop(state);
    server.stop();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// The leader begins a method just when the stand-by has seen often enough that none runs.
fn sleeping_stand_by() {
    let roles = Arc::new(Roles::default());
    let is_due = Arc::new((Mutex::<_>::new(false), Condvar::new()));
    assert_eq!(roles.next_role(), Role::Lead(1));
    let stand_by = {
        let (roles, is_due) = (Arc::clone(&roles), Arc::clone(&is_due));
        thread::spawn(move || {
            assert_eq!(roles.next_role(), Role::StandBy);
            let checks = Cell::new(0);
            let overdue = || {
                checks.set(checks.get() + 1);
                if checks.get() == roles::IDLE_CHECKS {
                    *is_due.0.lock() = true;
                    is_due.1.notify_all();
                }
                false
            };
            assert_eq!(roles.watch(overdue), Some(2));
        })
    };
    let mut lock = is_due.0.lock();
    while !*lock {
        lock = is_due.1.wait(lock);
    }
    drop(lock);
    roles.start_running(1);
    stand_by.join().unwrap();
    assert!(
        !roles.stop_running(1),
        "a leader that was replaced leads on"
    );
}

fn end_while_the_lead_changes() {
    let server = Arc::new(Server::new(1));
    let threads = server.start();
    server.arrive(0..1);
    server.stop();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

impl Server {
    fn new(calls: usize) -> Self {
        let state = State {
            calls,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            has_run: Condvar::new(),
            roles: Roles::default(),
            local_queue: LocalQueue::default(),
            poller: socket::poller(),
            stopping: atomic::AtomicBool::new(false),
        }
    }

    fn start(self: &Arc<Self>) -> Vec<thread::JoinHandle<()>> {
        let start = |_| {
            let own = Arc::clone(self);
            thread::spawn(move || own.run_thread())
        };
        (0..THREADS).map(start).collect()
    }

    fn arrive(&self, calls: impl IntoIterator<Item = usize>) {
        self.state.lock().waiting.extend(calls);
        self.poller.wake();
    }

    fn stop(&self) {
        self.stopping.store(true, atomic::Ordering::Release);
        self.poller.wake();
    }

    fn run_thread(&self) {
        loop {
            match self.roles.next_role() {
                Role::Lead(term) => self.lead(term),
                Role::StandBy => {
                    let overdue = || !self.state.lock().waiting.is_empty();
                    if let Some(term) = self.roles.watch(overdue) {
                        self.lead(term);
                    }
                }
                Role::Help => self.help(),
                Role::Leave => return,
            }
        }
    }

    fn lead(&self, term: u64) {
        let mut state = self.state.lock();
        assert!(state.terms.insert(term), "two threads lead in one term");
        state.come();
        let left = self.local_queue.take_over(term);
        left.into_iter().rev().for_each(|call| state.put_back(call));
        drop(state);
        while self.roles.is_leader(term) {
            let mut state = self.state.lock();
            if self.stopping.load(atomic::Ordering::Acquire) && state.waiting.is_empty() {
                state.is_led = false;
                drop(state);
                return self.roles.end();
            }
            let Some(call) = state.take() else {
                drop(state);
                self.poller.wait(None).unwrap();
                continue;
            };
            self.local_queue.fill(term, || state.take());
            state.is_led = false;
            drop(state);
            self.roles.start_running(term);
            self.run(call);
            while let Some(call) = self.local_queue.next(term) {
                self.roles.next_call();
                self.run(call);
            }
            if !self.roles.stop_running(term) {
                break;
            }
            self.state.lock().come();
        }
        self.help();
    }

    fn help(&self) {
        loop {
            let call = self.state.lock().take();
            let Some(call) = call else { return };
            self.run(call);
        }
    }

    fn run(&self, call: usize) {
        // It may take longer than the stand-by waits.
        thread::sleep(roles::TICK);
        let mut state = self.state.lock();
        while call < STUCK && state.has_run.len() + STUCK < state.calls {
            state = self.has_run.wait(state);
        }
        assert!(state.has_run.insert(call), "a call is run twice");
        self.has_run.notify_all();
    }
}

impl State {
    fn take(&mut self) -> Option<usize> {
        let call = self.waiting.pop_front()?;
        assert!(self.taken.insert(call), "a call is taken twice");
        Some(call)
    }

    fn come(&mut self) {
        let is_led = std::mem::replace(&mut self.is_led, true);
        assert!(!is_led, "two threads are at the sockets");
    }

    fn put_back(&mut self, call: usize) {
        assert!(
            self.taken.remove(&call),
            "a call is put back that nobody took"
        );
        self.waiting.push_front(call);
    }
}
