//! A client, in a process of its own, which calls all the time and sends what has no reply when it is told to.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use zmqrpc::pubsub::Publisher;
use zmqrpc::push::Pusher;
use zmqrpc::{AsyncClient, Client};

use super::versions::{Version, snapshot};
use super::{BURST, SHOPS};
use crate::support::{Process, Role, await_state, block_on};

const ROLE: &str = "upgrade::buyer_process";
const PATIENCE: Duration = Duration::from_secs(20);
/// Calls that a task begins at a time.
const BEGUN: u32 = 8;
/// Between calls: twenty buyers share a machine with the shops.
const PAUSE: Duration = Duration::from_millis(2);

/// What a buyer connects to, each a list with commas.
#[derive(Clone, Debug)]
pub(super) struct Streets {
    pub(super) calls: String,
    pub(super) news: String,
    pub(super) jobs: String,
}

pub(super) struct Buyer {
    process: Process,
}

impl Buyer {
    /// Starts a buyer, which has called when this returns.
    pub(super) fn start(version: Version, streets: &Streets) -> Self {
        let Streets { calls, news, jobs } = streets;
        let argument = format!("{} {calls} {news} {jobs}", version.name());
        let process = Process::start(ROLE, &argument);
        Self { process }
    }

    /// Waits until it has called.
    pub(super) fn await_call(&self) {
        assert_eq!(self.process.hear(), "in town");
    }

    /// Makes it send a burst.
    pub(super) fn send(&self) {
        self.process.order("send");
    }

    pub(super) fn await_sent(&self) {
        assert_eq!(self.process.hear(), "sent");
    }

    /// Makes it notice that a shop has closed: who publishes before that has it among its subscribers.
    pub(super) fn miss(&self) {
        self.process.order("miss");
    }

    pub(super) fn await_missed(&self) {
        assert_eq!(self.process.hear(), "missed");
    }

    /// Makes it wait for its calls, and make no further ones.
    pub(super) fn pause(&self) {
        self.process.order("pause");
    }

    pub(super) fn await_pause(&self) {
        assert_eq!(self.process.hear(), "paused");
    }

    pub(super) fn resume(&self) {
        self.process.order("resume");
    }

    /// Ends it. Returns how many calls it has made.
    pub(super) fn leave(&mut self) -> usize {
        self.process.order("leave");
        let calls = self.process.hear();
        self.process.wait();
        calls.parse().unwrap()
    }
}

/// What a buyer sends with.
struct Desk {
    client: Client,
    publisher: Publisher,
    pusher: Pusher,
}

impl Desk {
    fn open(version: Version, streets: &Streets) -> Self {
        let list = |places: &str| places.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut client = Client::builder().timeout(PATIENCE);
        let mut publisher = Publisher::builder();
        let mut pusher = Pusher::builder();
        for place in list(&streets.calls) {
            client = client.connect(place);
        }
        for place in list(&streets.news) {
            publisher = publisher.connect(place);
        }
        for place in list(&streets.jobs) {
            pusher = pusher.connect(place);
        }
        if version == Version::New {
            client = client.earlier(snapshot());
            publisher = publisher.earlier(snapshot());
            pusher = pusher.earlier(snapshot());
        }
        Self {
            client: client.build().unwrap(),
            publisher: publisher.build().unwrap(),
            pusher: pusher.build().unwrap(),
        }
    }

    /// Waits until what was sent has left.
    fn flush(&self) {
        self.client.flush(PATIENCE).unwrap();
        self.publisher.flush(PATIENCE).unwrap();
        self.pusher.flush(PATIENCE).unwrap();
    }
}

/// Whether callers go on.
#[derive(Default)]
struct Pace {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_over: bool,
    is_paused: bool,
    /// The callers that wait.
    waiting: usize,
}

impl Pace {
    /// Waits while there is a pause. Returns whether to go on.
    fn goes_on(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        state.waiting += 1;
        self.changed.notify_all();
        let paused = |state: &mut State| state.is_paused && !state.is_over;
        state = self.changed.wait_while(state, paused).unwrap();
        state.waiting -= 1;
        !state.is_over
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn await_waiting(&self, callers: usize) {
        let state = self.state.lock().unwrap();
        let busy = |state: &mut State| state.waiting < callers;
        drop(self.changed.wait_while(state, busy).unwrap());
    }
}

macro_rules! buy {
    ($version:ident) => {
        mod $version {
            use super::super::versions::$version::*;
            use super::*;

            fn order(number: u32) -> Order {
                let size = if number % 2 == 0 {
                    Size::Small
                } else {
                    Size::Large
                };
                Order {
                    number: Number::from(number),
                    size,
                }
            }

            /// One call after the other. Returns how many.
            pub(super) fn call(desk: &Desk, pace: &Pace) -> usize {
                let stock = StockClient::new(desk.client.clone());
                let mut number = 0;
                while pace.goes_on() {
                    let placed = stock.place(order(number)).unwrap();
                    assert_eq!(placed, u64::from(number) * 2);
                    number += 1;
                    thread::sleep(PAUSE);
                }
                number as usize
            }

            /// Several calls of a task at a time. Returns how many.
            pub(super) fn call_as_task(desk: &Desk, pace: &Pace) -> usize {
                let client = AsyncClient::from(desk.client.clone());
                let mut number = 0;
                while pace.goes_on() {
                    let numbers = number..number + BEGUN;
                    let begin = |number| {
                        let order = order(number);
                        (number, client.begin(&StockPlace { order }).unwrap())
                    };
                    let begun: Vec<_> = numbers.map(begin).collect();
                    for (number, call) in begun {
                        assert_eq!(block_on(call).unwrap(), u64::from(number) * 2);
                    }
                    number += BEGUN;
                    thread::sleep(PAUSE);
                }
                number as usize
            }

            /// Sends events, jobs and notifications, which have arrived at their sockets when this returns.
            pub(super) fn send(desk: &Desk) {
                desk.publisher.wait_subscribers(SHOPS, PATIENCE).unwrap();
                for number in 0..BURST {
                    let number = u32::try_from(number).unwrap();
                    let note = |way: &str| StockNote {
                        order: order(number),
                        way: way.to_owned(),
                    };
                    desk.publisher.publish(&note("event")).unwrap();
                    desk.pusher.push(&note("job")).unwrap();
                    desk.client.notify(&note("notification")).unwrap();
                }
                desk.flush();
            }
        }
    };
}

buy!(old);
buy!(new);

/// The role of a buyer.
pub(super) fn role() {
    let Some(role) = Role::of(ROLE) else {
        return;
    };
    let arguments: Vec<_> = role.argument.split(' ').map(str::to_owned).collect();
    let [version, calls, news, jobs] = &arguments[..] else {
        panic!("{arguments:?}");
    };
    let version = Version::named(version);
    let [calls, news, jobs] = [calls, news, jobs].map(String::clone);
    let desk = Desk::open(version, &Streets { calls, news, jobs });
    let (call, call_as_task, send): (Caller, Caller, fn(&Desk)) = match version {
        Version::Old => (old::call, old::call_as_task, old::send),
        Version::New => (new::call, new::call_as_task, new::send),
    };
    let pace = &Pace::default();
    let desk = &desk;
    let calls: usize = thread::scope(|scope| {
        let callers = [call, call_as_task].map(|call| scope.spawn(move || call(desk, pace)));
        role.tell("in town");
        loop {
            match role.order().as_str() {
                "send" => {
                    send(desk);
                    role.tell("sent");
                }
                "miss" => {
                    let publisher = &desk.publisher;
                    await_state("a shop is gone", || publisher.subscribers() < SHOPS);
                    role.tell("missed");
                }
                "pause" => {
                    pace.set(|state| state.is_paused = true);
                    pace.await_waiting(callers.len());
                    role.tell("paused");
                }
                "resume" => pace.set(|state| state.is_paused = false),
                "leave" => break,
                order => panic!("{order}"),
            }
        }
        pace.set(|state| state.is_over = true);
        let calls = callers.map(|caller| caller.join().unwrap());
        calls.into_iter().sum()
    });
    role.tell(calls.to_string());
}

/// Calls until it is over.
type Caller = fn(&Desk, &Pace) -> usize;
