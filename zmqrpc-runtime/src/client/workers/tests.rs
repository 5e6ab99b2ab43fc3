//! Workers in simulated time: they come, answer, drain, fall silent and go at any step, and what tells of it comes in any
//! order.

mod network;

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use self::network::{Connection, Network, SimulatedRouter};
use super::*;
use crate::client::simulation::executed;
use crate::client::state::{CallLimits, CallOptions, ConnectionState};
use crate::connection::{CallKind, CallResult, Liveness, NoReply};
use crate::options::Ping;
use crate::simulation::Dice;
use crate::socket::Poller;
use crate::wire::Executed;

const REQUEST: u8 = 0x01;
const PING: u8 = 0x05;
const REPLY: u8 = 0x81;
const PONG: u8 = 0x85;
const DRAINING: u8 = 0x89;
const WORKER: u8 = 0x8A;

fn frame(kind: u8, id: u64, rest: &[u8]) -> Frame {
    let head = [&[0xC1, 1, kind][..], &id.to_le_bytes()].concat();
    Frame::copy_of(&[&head, rest].concat())
}

fn id_of(frame: &[u8]) -> u64 {
    u64::from_le_bytes(frame[3..11].try_into().unwrap())
}

/// A call, or a ping of a flush.
#[derive(Default)]
struct Record {
    is_ping: bool,
    /// Who has read it.
    read_by: Vec<u64>,
    /// Whether it was answered, over a connection that was known to the client.
    is_answered: bool,
    result: Option<CallResult>,
}

struct World {
    dice: Dice,
    now: Instant,
    network: Rc<RefCell<Network>>,
    client: ConnectionState<Workers<SimulatedRouter>>,
    records: HashMap<u64, Record>,
    last_connection: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let network = Rc::new(RefCell::new(Network::default()));
        let workers = Workers::new(SimulatedRouter(Rc::clone(&network)), Limits::default());
        let limits = CallLimits {
            calls: 50,
            queued_bytes: 10_000,
        };
        let ping = Ping {
            interval: Duration::from_millis(100),
            timeout: Duration::from_millis(300),
        };
        let liveness = Liveness::new(ping, Instant::now());
        let poller = Arc::new(Poller::of_nothing());
        Self {
            dice: Dice(seed),
            now: Instant::now(),
            network,
            client: ConnectionState::new(workers, poller, limits, liveness),
            records: HashMap::new(),
            last_connection: 0,
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..25 => self.call(),
            25..32 => self.ping(),
            32..42 => self.come(),
            42..78 => self.work(),
            78..82 => self.drain(),
            82..90 => self.leave(),
            90 => self.network.borrow_mut().fails = true,
            _ => self.now += self.dice.milliseconds(300),
        }
        if self.dice.percent(60) {
            self.turn();
        }
    }

    /// Begins to wait for a call.
    fn wait(&mut self, id: u64, is_ping: bool) {
        let deadline = self.now + Duration::from_secs(2);
        self.client
            .set_waiter(id, Waiter::Task(Waker::noop().clone()));
        self.client.calls.set_deadline(id, deadline, deadline);
        let record = Record {
            is_ping,
            ..Record::default()
        };
        assert!(self.records.insert(id, record).is_none());
    }

    fn call(&mut self) {
        let options = CallOptions {
            kind: CallKind::Call,
            movable: false,
            task: true,
        };
        let request = frame(REQUEST, NO_ID, &[0; 20]);
        if let Ok(call) = self.client.begin(request, options, self.now) {
            self.wait(call.id, false);
        }
    }

    fn ping(&mut self) {
        let links = self.client.calls.links() as u64;
        if links > 0 {
            let link = usize::try_from(self.dice.below(links)).unwrap();
            let is_up = self.client.calls.link(link).is_up();
            if is_up && let Ok(ping) = self.client.ping_worker(link, self.now) {
                self.wait(ping.id, true);
            }
        }
    }

    fn come(&mut self) {
        self.last_connection += 1;
        let serial = self.last_connection;
        let mut network = self.network.borrow_mut();
        let number = (1..1_000).find(|number| network.of_number(*number).is_none());
        let number = number.filter(|_| !self.dice.percent(20)).unwrap_or(0);
        // Its own, or that of one that may have gone.
        let name = if self.dice.percent(70) {
            serial
        } else {
            1 + self.dice.below(serial)
        };
        if network.of_name(name).is_some() {
            return;
        }
        let connection = Connection {
            name,
            number,
            requests: VecDeque::new(),
            capacity: usize::try_from(1 + self.dice.below(10)).unwrap(),
            notice: None,
        };
        network.connections.insert(serial, connection);
        let offer: &[u8] = if self.dice.percent(90) { &[0, 0] } else { &[9] };
        network.say(serial, frame(WORKER, NO_ID, offer));
    }

    fn any_connection(&mut self) -> Option<u64> {
        let network = self.network.borrow();
        let count = network.connections.len() as u64;
        let at = (count > 0).then(|| usize::try_from(self.dice.below(count)).unwrap())?;
        network.connections.keys().nth(at).copied()
    }

    fn work(&mut self) {
        let Some(serial) = self.any_connection() else {
            return;
        };
        for _ in 0..=self.dice.below(4) {
            let mut network = self.network.borrow_mut();
            let connection = network.connections.get_mut(&serial).unwrap();
            let Some(request) = connection.requests.pop_front() else {
                return;
            };
            let id = id_of(&request);
            match request[2] {
                REQUEST => {
                    let record = self.records.get_mut(&id).unwrap();
                    record.read_by.push(serial);
                    if self.dice.percent(80) {
                        // What comes under the name of one that has gone may be meant for that one.
                        record.is_answered = connection.name == serial;
                        let body = [&[0, 0, 0][..], &serial.to_le_bytes()].concat();
                        network.say(serial, frame(REPLY, id, &body));
                    }
                }
                PING => network.say(serial, frame(PONG, id, &[])),
                // A call that was given up.
                _ => {}
            }
        }
    }

    fn drain(&mut self) {
        if let Some(serial) = self.any_connection() {
            let mut network = self.network.borrow_mut();
            let notice = 1_000_000_000 + serial;
            network.connections.get_mut(&serial).unwrap().notice = Some(notice);
            network.say(serial, frame(DRAINING, notice, &[]));
        }
    }

    fn leave(&mut self) {
        if let Some(serial) = self.any_connection() {
            self.network.borrow_mut().go(serial);
        }
    }

    fn turn(&mut self) {
        self.client.drive(self.now);
        let client = &mut self.client;
        for (id, record) in self
            .records
            .iter_mut()
            .filter(|(_, record)| record.result.is_none())
        {
            record.result = client.take(*id);
        }
        self.client.waiters.wakes.run();
        self.client.calls.check();
        self.check();
    }

    fn check(&self) {
        for (id, record) in &self.records {
            assert!(record.read_by.len() <= 1, "{id} was executed twice");
            match &record.result {
                Some(Ok(Some(reply))) => {
                    assert_eq!(id_of(reply), *id);
                    let by = u64::from_le_bytes(reply[14..22].try_into().unwrap());
                    assert_eq!(record.read_by, [by], "another one's reply");
                }
                Some(Ok(None)) => assert!(record.is_ping),
                Some(Err(NoReply::Disconnected)) => {
                    assert!(!record.is_answered, "the reply to {id} was there");
                }
                Some(Err(reason)) if !record.is_ping && executed(reason) == Executed::No => {
                    assert!(record.read_by.is_empty(), "{id}: {reason:?}");
                }
                _ => {}
            }
        }
        let workers = &self.client.peers;
        let present = workers.by_link.iter().flatten().count();
        assert_eq!(workers.links.len(), present);
        for (peer, link) in &workers.links {
            let worker = workers.by_link[*link].as_ref().unwrap();
            assert_eq!(worker.route.peer(), peer);
        }
        for (connection, link) in &workers.links_by_connection {
            let worker = workers.by_link[*link].as_ref().unwrap();
            assert_eq!(worker.connection, Some(*connection));
        }
    }

    /// Everybody leaves: each call ends, and nothing is left of the workers.
    fn end(mut self) -> (usize, usize) {
        while let Some(serial) = self.any_connection() {
            self.network.borrow_mut().go(serial);
        }
        for _ in 0..3 {
            self.now += Duration::from_secs(1);
            self.turn();
        }
        assert_eq!(self.client.calls.len(), 0, "a call is left behind");
        assert!(self.records.values().all(|record| record.result.is_some()));
        assert!(self.client.peers.by_link.iter().all(Option::is_none));
        assert!(self.client.peers.links_by_connection.is_empty());
        let calls = self.records.values().filter(|record| !record.is_ping);
        let is_answered = |record: &&Record| matches!(record.result, Some(Ok(_)));
        (calls.clone().filter(is_answered).count(), calls.count())
    }
}

#[test]
fn each_call_to_a_worker_ends_once_and_nothing_is_left_of_who_has_gone() {
    let (mut answered, mut calls) = (0, 0);
    for seed in 0..3_000 {
        let counts = catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..150 {
                world.step();
            }
            world.end()
        });
        let counts = counts.unwrap_or_else(|_| panic!("seed {seed}"));
        answered += counts.0;
        calls += counts.1;
    }
    // The worlds are neither all good nor all bad.
    assert!(
        answered > calls / 4 && answered < calls * 9 / 10,
        "{answered} of {calls}"
    );
}
