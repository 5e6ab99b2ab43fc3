//! The connections and the peers, and what happens to them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::MILLISECOND;
use super::dice::Dice;
use super::driver::{Driver, NewRequest};
use super::peers::Peer;
use super::record::{End, Ends, Record};
use super::socket::{SimulatedSocket, Wire};
use crate::clock::Instant;
use crate::connection::{CallKind, DIALECT};
use crate::dialect::{CallId, MethodRef, Outbound, ReplyTo, Request, RequestKind};
use crate::options::Ping;
use crate::socket::{ConnectionEvent, Frame};
use crate::wire::{Executed, Limits, Metadata};

/// What holds in a world for whoever makes calls in it.
pub(crate) struct Rules {
    pub(crate) max_calls: usize,
    pub(crate) max_queued_bytes: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) ping: Ping,
}

/// What happens at a time.
pub(super) enum Happening {
    /// A call is made.
    Call,
    /// A call is given up.
    GiveUp(u64),
    /// What was sent over the connection with this number arrives at a peer.
    Arrive(usize, u64, Frame),
    /// A frame of a peer arrives.
    Answer(usize, u64, Frame),
    Connect(usize),
    /// The connection breaks, and is made again.
    Break(usize),
    /// A peer stops, and goes on later.
    Freeze(usize),
    Thaw(usize),
    /// A peer tells that it is about to end.
    Drain(usize),
    /// It ends, and another one takes its place.
    Restart(usize),
    /// Whoever makes the calls asks which notifications have arrived.
    Flush,
    /// The process of whoever makes the calls stands still for so long.
    Stall(Duration),
}

pub(super) struct World {
    pub(super) dice: Dice,
    now: Instant,
    pub(super) wires: Vec<Rc<RefCell<Wire>>>,
    pub(super) peers: Vec<Peer>,
    happenings: BTreeMap<(Instant, u64), Happening>,
    next_happening: u64,
    pub(super) calls: HashMap<u64, Record>,
    left_to_call: u64,
    /// When the process has last gone on after it had stood still.
    stalled_until: Instant,
}

impl World {
    pub(super) fn new<D: Driver>(
        seed: u64,
        max_peers: u64,
        open: impl Fn(Vec<SimulatedSocket>, &Rules) -> D,
    ) -> (Self, D) {
        let mut dice = Dice(seed);
        let now = Instant::now();
        let count = usize::try_from(1 + dice.below(max_peers)).unwrap();
        let capacity = usize::try_from(1 + dice.below(6)).unwrap();
        let wires: Vec<_> = (0..count)
            .map(|_| {
                Rc::new(RefCell::new(Wire {
                    capacity,
                    ..Wire::default()
                }))
            })
            .collect();
        let rules = Rules {
            max_calls: usize::try_from(2 + dice.below(40)).unwrap(),
            max_queued_bytes: usize::try_from(100 + dice.below(3_000)).unwrap(),
            connect_timeout: MILLISECOND * 500,
            ping: Ping {
                interval: MILLISECOND * 200,
                timeout: MILLISECOND * 600,
            },
        };
        let driver = open(wires.iter().cloned().map(SimulatedSocket).collect(), &rules);
        let mut world = Self {
            left_to_call: 20 + dice.below(60),
            dice,
            now,
            peers: wires.iter().map(|_| Peer::default()).collect(),
            wires,
            happenings: BTreeMap::new(),
            next_happening: 0,
            calls: HashMap::new(),
            stalled_until: now,
        };
        for at in 0..count {
            let delay = world.dice.milliseconds(300);
            world.after(delay, Happening::Connect(at));
        }
        world.after(Duration::ZERO, Happening::Call);
        for _ in 0..world.dice.below(8) {
            let (at, delay) = (world.peer(), world.dice.milliseconds(2_000));
            let what = match world.dice.below(6) {
                0 => Happening::Break(at),
                1 => Happening::Freeze(at),
                2 => Happening::Drain(at),
                3 => Happening::Restart(at),
                4 => Happening::Flush,
                _ => Happening::Stall(world.dice.milliseconds(4_000)),
            };
            world.after(delay, what);
        }
        (world, driver)
    }

    fn peer(&mut self) -> usize {
        usize::try_from(self.dice.below(self.wires.len() as u64)).unwrap()
    }

    pub(super) fn after(&mut self, delay: Duration, what: Happening) {
        self.next_happening += 1;
        let key = (self.now + delay, self.next_happening);
        self.happenings.insert(key, what);
    }

    fn happen(&mut self, what: Happening, driver: &mut impl Driver) {
        match what {
            Happening::Call => self.call(driver),
            Happening::GiveUp(call) => {
                let record = self.calls.get_mut(&call).unwrap();
                if let (None, Some(id)) = (&record.ended, record.id) {
                    driver.give_up(call, id, self.now);
                    record.given_up = true;
                }
            }
            Happening::Connect(at) => {
                let mut wire = self.wires[at].borrow_mut();
                wire.reconnects = false;
                if !std::mem::replace(&mut wire.up, true) {
                    wire.number += 1;
                    wire.inbox.push_back(ConnectionEvent::Up);
                }
            }
            Happening::Break(at) => self.break_connection(at),
            Happening::Freeze(at) => {
                self.peers[at].frozen = true;
                let delay = self.dice.milliseconds(2_000);
                self.after(delay, Happening::Thaw(at));
            }
            Happening::Thaw(at) => {
                self.peers[at].frozen = false;
                for (number, frame) in std::mem::take(&mut self.peers[at].held) {
                    self.arrive(at, number, &frame);
                }
            }
            Happening::Drain(at) if self.is_open(at) => {
                let id = 1 + self.dice.below(1 << 40);
                self.peers[at].draining = Some(id);
                let notice = ReplyTo::new(DIALECT, CallId::from(id)).encode(&Outbound::Draining);
                self.answer(at, Duration::ZERO, notice);
                self.after(MILLISECOND * 800, Happening::Restart(at));
            }
            Happening::Drain(_) => {}
            Happening::Restart(at) => {
                self.peers[at] = Peer::default();
                self.break_connection(at);
            }
            Happening::Flush => driver.flush(self.now),
            Happening::Stall(time) => {
                self.now += time;
                self.stalled_until = self.now;
            }
            Happening::Arrive(at, number, frame) => {
                if number != self.wires[at].borrow().number {
                    return;
                }
                if self.peers[at].frozen {
                    self.peers[at].held.push((number, frame));
                } else {
                    self.arrive(at, number, &frame);
                }
            }
            Happening::Answer(at, number, frame) => {
                let mut wire = self.wires[at].borrow_mut();
                if wire.up && wire.number == number {
                    wire.inbox.push_back(ConnectionEvent::Received(frame));
                }
            }
        }
    }

    fn call(&mut self, driver: &mut impl Driver) {
        let call = self.left_to_call;
        let deadline = self.now + MILLISECOND + self.dice.milliseconds(3_000);
        let kind = if self.dice.percent(10) {
            CallKind::Notification
        } else {
            CallKind::Call
        };
        let body = call.to_le_bytes();
        let request = Request {
            kind: match kind {
                CallKind::Notification => RequestKind::Notify,
                CallKind::Call | CallKind::Ping => RequestKind::Call,
            },
            id: CallId::from(7),
            codec: 0,
            method: MethodRef::Name("Any.thing"),
            remaining: Some(deadline - self.now),
            metadata: Metadata::EMPTY,
            body: &body,
        };
        let frame = DIALECT.encode_request(&request, &Limits::NONE, |_| Ok(()));
        let request = NewRequest {
            call,
            frame: frame.ok().unwrap(),
            kind,
            deadline,
        };
        let id = driver.begin(request, self.now);
        let record = Record {
            kind,
            arrived: false,
            executions: 0,
            ended: None,
            id,
            deadline,
            given_up: false,
        };
        self.calls.insert(call, record);
        if id.is_some() && kind == CallKind::Call && self.dice.percent(10) {
            let delay = self.dice.milliseconds(500);
            self.after(delay, Happening::GiveUp(call));
        }
        self.left_to_call -= 1;
        if self.left_to_call > 0 {
            let delay = self.dice.milliseconds(60);
            self.after(delay, Happening::Call);
        }
    }

    /// What was sent is on its way, in order, and makes room behind it.
    fn carry(&mut self) {
        for at in 0..self.wires.len() {
            loop {
                let (number, frame) = {
                    let mut wire = self.wires[at].borrow_mut();
                    let Some(frame) = wire.outbox.pop_front() else {
                        break;
                    };
                    (wire.number, frame)
                };
                // Frames of one connection do not overtake each other: all take the same time.
                self.after(MILLISECOND * 2, Happening::Arrive(at, number, frame));
            }
            if self.wires[at].borrow().reconnects {
                self.wires[at].borrow_mut().reconnects = false;
                let delay = self.dice.milliseconds(100);
                self.after(delay, Happening::Connect(at));
            }
        }
    }

    /// Lets the world go on until nothing happens any more; a connection breaks at the step `break_at`. Returns the number of
    /// steps.
    pub(super) fn run(&mut self, driver: &mut impl Driver, break_at: Option<usize>) -> usize {
        for step in 0.. {
            assert!(step < 100_000, "it never ends");
            if break_at == Some(step) {
                self.break_connection(0);
            }
            let mut ends = Ends {
                calls: &mut self.calls,
                now: self.now,
            };
            driver.turn(self.now, &mut ends);
            self.carry();
            driver.check();
            self.check();
            let due = driver.due(self.now);
            let next = self.happenings.keys().next().map(|(at, _)| *at);
            if next.is_none() && driver.in_flight() == 0 {
                return step;
            }
            let Some(at) = next.into_iter().chain(due).min() else {
                panic!("calls wait for nothing: {}", driver.in_flight());
            };
            self.now = at.max(self.now);
            while let Some(entry) = self.happenings.first_entry()
                && entry.key().0 <= self.now
            {
                let what = entry.remove();
                self.happen(what, driver);
            }
        }
        unreachable!("it ends, or panics before")
    }

    /// Checks what holds at any time: no call is executed twice, or said not to be and is, or ends late.
    fn check(&self) {
        for (call, record) in &self.calls {
            let times = record.executions;
            assert!(times <= 1, "call {call} was executed {times} times");
            assert!(record.id.is_some() || times == 0, "{call} was rejected");
            let Some((end, at)) = &record.ended else {
                continue;
            };
            if let End::Failed(executed, why) = end {
                let is_true = *executed != Executed::No || times == 0;
                assert!(is_true, "call {call}: {why}, yet executed");
            }
            let due = record.deadline.max(self.stalled_until);
            assert!(*at <= due + MILLISECOND, "call {call} is late");
        }
    }

    /// Checks what holds in the end: each call has ended. Returns how many were answered, failed and executed.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let (mut answered, mut failed, mut executed) = (0, 0, 0);
        for (call, record) in &self.calls {
            executed += u64::from(record.executions);
            match (&record.ended, record.kind) {
                (Some((End::Good, _)), _) => answered += 1,
                (Some((End::Failed(..), _)), _) => failed += 1,
                (None, CallKind::Call) => assert!(
                    record.given_up || record.id.is_none(),
                    "call {call} has not ended"
                ),
                (None, _) => {}
            }
        }
        (answered, failed, executed)
    }
}
