//! A server in simulated time: its state and its dispatcher, without threads. Its methods take as long as chance has it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Server;
use super::dispatcher::Dispatcher;
use super::execution::Progress;
use super::local_queue::LocalQueue;
use super::scheduler::{CompletedCall, Scheduler, WorkLimits};
use super::server_socket::ServerSocket;
use super::sources::Sources;
use super::state::ServerState;
use super::turn::NextStep;
use crate::clock::Instant;
use crate::command::{Command, Method};
use crate::dialect::MethodRef;
use crate::error::Error;
use crate::logins::SecurityByDirection;
use crate::options::ConnectionOptions;
use crate::simulation::{Dice, Peer};
use crate::socket::{
    Arrival, Frame, Poller, Replier, Route, RoutedMessage, Security, SendError, SocketError, Upkeep,
};
use crate::sync::Mutex;
use crate::wire::{Limits, MethodKey};

/// The number of a call, as a tuple of one argument.
#[derive(Deserialize, Serialize)]
struct Arguments(([u8; 8],));

const SIGNATURE: &str = "([u8; 8]) -> [u8; 8]";

const METHOD: Method = Method::new("Any", "thing", 1, SIGNATURE);

impl Command for Arguments {
    type Arguments<'a> = ([u8; 8],);
    type Reply = [u8; 8];
    type Failure = Error;
    type Answer = [u8; 8];
    const METHOD: Method = METHOD;
}

/// The network between a server and whoever calls it: one connection at a time.
#[derive(Default)]
struct Network {
    connection: Option<u64>,
    inbox: VecDeque<(u64, Frame)>,
    outbox: Vec<(u64, Frame)>,
    /// How many frames the socket takes until they have left.
    capacity: usize,
}

struct SimulatedRouter(Rc<RefCell<Network>>);

impl Replier for SimulatedRouter {
    fn receive(&mut self, body: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError> {
        let arrived = self.0.borrow_mut().inbox.pop_front();
        Ok(arrived.map(|(connection, frame)| {
            *body = frame;
            Arrival::Message(Route::outward(connection))
        }))
    }

    fn send(&mut self, message: RoutedMessage) -> Result<(), SendError> {
        let mut network = self.0.borrow_mut();
        let Some(connection) = message.route.outward_connection() else {
            return Err(SendError::Gone(Box::new(message)));
        };
        if network.connection != Some(connection) {
            return Err(SendError::Gone(Box::new(message)));
        }
        if network.outbox.len() >= network.capacity {
            return Err(SendError::Full(Box::new(message)));
        }
        network.outbox.push((connection, message.message));
        Ok(())
    }
}

impl Upkeep for SimulatedRouter {}

/// A server, in a world of calls.
pub(crate) struct SimulatedServer {
    dice: Dice,
    is_quick: bool,
    network: Rc<RefCell<Network>>,
    state: ServerState<SimulatedRouter>,
    dispatcher: Arc<Dispatcher>,
    local_queue: LocalQueue,
    executed: Arc<Mutex<Vec<u64>>>,
    /// The calls whose methods return later.
    running: Vec<(Instant, CompletedCall)>,
    next_turn: Option<Instant>,
    /// When its end is over, whatever goes on.
    ends_by: Option<Instant>,
    has_ended: bool,
}

/// How long an orderly end may take.
const SHUTDOWN: Duration = Duration::from_secs(5);

impl Peer for SimulatedServer {
    const METHOD: MethodRef<'static> = MethodRef::Key(MethodKey::new("Any", "thing", SIGNATURE, 1));

    fn new(mut dice: Dice, is_quick: bool, now: Instant) -> Self {
        let executed = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&executed);
        let handler = move |Arguments((number,)): Arguments| {
            record.lock().push(u64::from_le_bytes(number));
            number
        };
        let builder = Server::builder().handler(handler);
        let (dispatcher, counters) = builder.into_parts(Limits::default()).unwrap();
        let dispatcher = Arc::new(dispatcher);
        let network = Rc::new(RefCell::new(Network {
            capacity: usize::try_from(1 + dice.below(6)).unwrap(),
            ..Network::default()
        }));
        let limits = WorkLimits {
            requests: usize::try_from(1 + dice.below(20)).unwrap(),
            bytes: 1 << 20,
            worker_threads: usize::try_from(1 + dice.below(4)).unwrap(),
            notification_timeout: Duration::from_secs(60),
        };
        let poller = Arc::new(Poller::of_nothing());
        let options = ConnectionOptions::default().socket(1, 1, Security::Open);
        let logins = SecurityByDirection::default();
        let sources = Sources::new(poller, options, logins);
        let router = SimulatedRouter(Rc::clone(&network));
        let socket = ServerSocket::new(router, sources, Duration::from_secs(1), now);
        let scheduler = Scheduler::new(limits);
        Self {
            state: ServerState::new(socket, scheduler, Arc::clone(&dispatcher), counters, now),
            dice,
            is_quick,
            network,
            dispatcher,
            local_queue: LocalQueue::default(),
            executed,
            running: Vec::new(),
            next_turn: Some(now),
            ends_by: None,
            has_ended: false,
        }
    }

    fn arrive(&mut self, connection: u64, frame: Frame) {
        self.network
            .borrow_mut()
            .inbox
            .push_back((connection, frame));
    }

    fn connect(&mut self, connection: u64) {
        self.network.borrow_mut().connection = Some(connection);
    }

    fn lose(&mut self) {
        self.network.borrow_mut().connection = None;
    }

    fn drain(&mut self, now: Instant) {
        self.state.stop(SHUTDOWN, now);
        self.ends_by.get_or_insert(now + SHUTDOWN);
    }

    fn turn(&mut self, now: Instant, executed: &mut Vec<u64>) -> Vec<(u64, Frame)> {
        if self.ends_by.is_some() {
            self.state.stop(SHUTDOWN, now);
        }
        for at in (0..self.running.len()).rev() {
            if self.running[at].0 <= now {
                let (_, completed) = self.running.swap_remove(at);
                self.state.finish(completed, now);
            }
        }
        let mut completed = None;
        while !self.has_ended {
            let queue = &self.local_queue;
            match self
                .state
                .next_step(now, completed.take(), queue, 0)
                .unwrap()
            {
                NextStep::Run(assigned) => {
                    let slot = assigned.slot;
                    let Progress::Completed(frame) = self.dispatcher.run(assigned.call, now) else {
                        unreachable!("it is a plain method, and no delivery");
                    };
                    let call = CompletedCall { slot, frame };
                    let time = self.method_time();
                    if time.is_zero() {
                        completed = Some(call);
                    } else {
                        self.running.push((now + time, call));
                    }
                }
                NextStep::Repeat => {}
                NextStep::RunCallbacks(_) => unreachable!("it has no subscription"),
                NextStep::Wait(until, _) => {
                    self.next_turn = until;
                    break;
                }
                NextStep::Done => self.has_ended = true,
            }
        }
        executed.append(&mut self.executed.lock());
        std::mem::take(&mut self.network.borrow_mut().outbox)
    }

    fn due(&self) -> Option<Instant> {
        let running = self.running.iter().map(|(at, _)| *at);
        running.chain(self.next_turn).chain(self.ends_by).min()
    }

    fn has_ended(&self, now: Instant) -> bool {
        self.has_ended || self.ends_by.is_some_and(|end| end <= now)
    }
}

impl SimulatedServer {
    fn method_time(&mut self) -> Duration {
        match self.dice.below(10) {
            0..4 => Duration::ZERO,
            _ if self.is_quick => self.dice.milliseconds(5),
            9 => self.dice.milliseconds(4_000),
            _ => self.dice.milliseconds(50),
        }
    }
}
