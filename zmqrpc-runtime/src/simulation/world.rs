//! The connections and the peers, and what happens to them.

mod invariants;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use super::MILLISECOND;
use super::dice::Dice;
use super::driver::{Driver, NewRequest};
use super::peer::Peer;
use super::place::Place;
use super::record::{Ends, Record};
use super::socket::{SimulatedSocket, Wire};
use super::weather::{Happening, Weather, WorldRules};
use crate::clock::Instant;
use crate::connection::{CallKind, DIALECT};
use crate::dialect::{CallId, FrameKind, Inbound, Request, RequestKind};
use crate::options::Ping;
use crate::socket::{ConnectionEvent, Frame};
use crate::wire::{Limits, Metadata};

/// How long an orderly end takes at most: as methods do, and a few round trips.
const PROMPT: Duration = Duration::from_millis(300);

/// How long a frame takes. Frames of one connection do not overtake each other.
const TRANSIT: Duration = Duration::from_millis(2);

pub(super) struct World<P> {
    dice: Dice,
    weather: Weather,
    now: Instant,
    wires: Vec<Rc<RefCell<Wire>>>,
    places: Vec<Place<P>>,
    happenings: BTreeMap<(Instant, u64), Happening>,
    next_happening: u64,
    calls: HashMap<u64, Record>,
    left_to_call: u64,
    /// When the process has last gone on after it had stood still.
    stalled_until: Instant,
}

impl<P: Peer> World<P> {
    pub(super) fn new<D: Driver>(
        seed: u64,
        weather: Weather,
        max_peers: u64,
        open: impl Fn(Vec<SimulatedSocket>, &WorldRules, Instant) -> D,
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
        let rules = WorldRules {
            max_calls: usize::try_from(2 + dice.below(40)).unwrap(),
            max_queued_bytes: usize::try_from(100 + dice.below(3_000)).unwrap(),
            connect_timeout: MILLISECOND * 500,
            ping: Ping {
                interval: MILLISECOND * 200,
                timeout: MILLISECOND * 600,
            },
        };
        let driver = open(
            wires.iter().cloned().map(SimulatedSocket).collect(),
            &rules,
            now,
        );
        let mut world = Self {
            left_to_call: 20 + dice.below(60),
            places: (0..count)
                .map(|_| Place::new(&mut dice, weather, now))
                .collect(),
            dice,
            weather,
            now,
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
            let (at, delay) = (world.any_place(), world.dice.milliseconds(2_000));
            let what = match world.dice.below(6) {
                _ if weather == Weather::Orderly => Happening::Drain(at),
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

    fn any_place(&mut self) -> usize {
        usize::try_from(self.dice.below(self.wires.len() as u64)).unwrap()
    }

    fn after(&mut self, delay: Duration, what: Happening) {
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
                    self.places[at].peer.connect(wire.number);
                }
            }
            Happening::Break(at) => self.break_connection(at),
            Happening::Freeze(at) => {
                self.places[at].is_frozen = true;
                let delay = self.dice.milliseconds(2_000);
                self.after(delay, Happening::Thaw(at));
            }
            Happening::Thaw(at) => {
                self.places[at].is_frozen = false;
                for (number, frame) in std::mem::take(&mut self.places[at].held) {
                    self.arrive(at, number, frame);
                }
            }
            Happening::Drain(at) => {
                let number = self.wires[at].borrow().number;
                if self.weather == Weather::Stormy || self.places[at].heard == Some(number) {
                    let place = &mut self.places[at];
                    place.peer.drain(self.now);
                    place.drains_since.get_or_insert(self.now);
                } else if self.left_to_call > 0 {
                    // A peer tells those of its end who have sent something, and no others.
                    self.after(MILLISECOND * 10, Happening::Drain(at));
                }
            }
            Happening::Restart(at) => {
                self.places[at] = Place::new(&mut self.dice, self.weather, self.now);
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
                if self.places[at].is_frozen {
                    self.places[at].held.push((number, frame));
                } else {
                    self.arrive(at, number, frame);
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

    /// A frame arrives at a peer.
    fn arrive(&mut self, at: usize, number: u64, frame: Frame) {
        let place = &mut self.places[at];
        let arrived = DIALECT.decode_inbound(&frame, &Limits::default()).unwrap();
        let has_left = place.left == Some(number);
        assert!(
            !has_left,
            "{arrived:?} follows the acknowledgement of a notice"
        );
        match arrived {
            Inbound::Ping(id) => {
                let acknowledges = |(over, notice): (u64, u64)| {
                    (over == number && CallId::from(notice) == id).then_some(number)
                };
                place.left = place.notice.and_then(acknowledges);
            }
            Inbound::Request(request) => {
                let call = u64::from_le_bytes(request.body.try_into().unwrap());
                self.calls.get_mut(&call).unwrap().arrived = true;
            }
            Inbound::Control(..) => {}
        }
        place.heard = Some(number);
        place.peer.arrive(number, frame);
    }

    /// The peers take their turns.
    fn serve(&mut self) {
        let mut executed = Vec::new();
        for at in 0..self.places.len() {
            let place = &mut self.places[at];
            if place.is_frozen {
                continue;
            }
            for (number, frame) in place.peer.turn(self.now, &mut executed) {
                if let FrameKind::Draining(id) = DIALECT.classify(&frame) {
                    place.notice = Some((number, id));
                }
                self.next_happening += 1;
                let key = (self.now + TRANSIT, self.next_happening);
                self.happenings
                    .insert(key, Happening::Answer(at, number, frame));
            }
            if self.places[at].peer.has_ended(self.now) {
                let since = self.places[at].drains_since;
                let took = since.map_or(Duration::ZERO, |since| self.now - since);
                let is_prompt = self.weather == Weather::Stormy || took <= PROMPT;
                assert!(is_prompt, "an orderly end takes {took:?}");
                // What it has sent arrives before its end does.
                self.places[at] = Place::new(&mut self.dice, self.weather, self.now);
                self.after(TRANSIT, Happening::Break(at));
            }
        }
        for call in executed {
            self.calls.get_mut(&call).unwrap().executions += 1;
        }
    }

    fn break_connection(&mut self, at: usize) {
        let mut wire = self.wires[at].borrow_mut();
        if std::mem::take(&mut wire.up) {
            wire.number += 1;
            wire.outbox.clear();
            wire.inbox.push_back(ConnectionEvent::Down);
            self.places[at].peer.lose();
        }
        drop(wire);
        let delay = self.dice.milliseconds(400);
        self.after(delay, Happening::Connect(at));
    }

    fn call(&mut self, driver: &mut impl Driver) {
        let call = self.left_to_call;
        let time = match self.weather {
            Weather::Stormy => MILLISECOND + self.dice.milliseconds(3_000),
            Weather::Orderly => MILLISECOND * 3_000,
        };
        let deadline = self.now + time;
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
            method: P::METHOD,
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
        let may_be_given_up = kind == CallKind::Call && self.weather == Weather::Stormy;
        if id.is_some() && may_be_given_up && self.dice.percent(10) {
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
                self.after(TRANSIT, Happening::Arrive(at, number, frame));
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
            self.serve();
            driver.check();
            self.check();
            let due = driver.due(self.now);
            let next = self.happenings.keys().next().map(|(at, _)| *at);
            if next.is_none() && driver.in_flight() == 0 {
                return step;
            }
            let awake = self.places.iter().filter(|place| !place.is_frozen);
            let peers_due = awake.filter_map(|place| place.peer.due());
            let Some(at) = next.into_iter().chain(due).chain(peers_due).min() else {
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
}
