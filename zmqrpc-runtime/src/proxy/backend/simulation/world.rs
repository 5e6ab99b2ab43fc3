//! Callers, connections and targets, and what happens to them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::MILLISECOND;
use super::dice::Dice;
use super::record::{Ends, Record};
use super::socket::{SimulatedSocket, Wire};
use crate::connection::Liveness;
use crate::dialect::{
    CallFailure, CallId, Inbound, MethodRef, Outbound, ReplyTo, Request, RequestKind,
};
use crate::options::Ping;
use crate::proxy::DIALECT;
use crate::proxy::backend::{Backend, BackendLimits, Outgoing};
use crate::socket::{ConnectionEvent, Frame};
use crate::wire::{Executed, Limits, Metadata, Status};

/// What happens at a time.
pub(super) enum Happening {
    /// The backend's caller makes a call.
    Call,
    /// The backend's caller gives a call up.
    GiveUp(u64),
    /// What was sent over the connection with this number arrives at a target.
    Arrive(usize, u64, Frame),
    /// A frame of a target arrives at the backend.
    Answer(usize, u64, Frame),
    Connect(usize),
    /// The connection breaks, and is made again.
    Break(usize),
    /// A target stops, and goes on later.
    Freeze(usize),
    Thaw(usize),
    /// A target tells that it is about to end.
    Drain(usize),
    /// It ends, and another one takes its place.
    Restart(usize),
}

#[derive(Default)]
pub(super) struct Target {
    frozen: bool,
    /// What has arrived meanwhile.
    held: Vec<(u64, Frame)>,
    draining: Option<u64>,
}

pub(super) struct World {
    dice: Dice,
    now: Instant,
    wires: Vec<Rc<RefCell<Wire>>>,
    targets: Vec<Target>,
    happenings: BTreeMap<(Instant, u64), Happening>,
    next_happening: u64,
    pub(super) calls: HashMap<u64, Record>,
    left_to_call: u64,
    /// Nothing breaks any more, so that what is left can end.
    calm: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> (Self, Backend<u64, SimulatedSocket>) {
        let mut dice = Dice(seed);
        let now = Instant::now();
        let count = usize::try_from(1 + dice.below(3)).unwrap();
        let capacity = usize::try_from(1 + dice.below(6)).unwrap();
        let wires: Vec<_> = (0..count)
            .map(|_| {
                Rc::new(RefCell::new(Wire {
                    capacity,
                    ..Wire::default()
                }))
            })
            .collect();
        let limits = BackendLimits {
            in_flight: usize::try_from(2 + dice.below(40)).unwrap(),
            waiting_bytes: usize::try_from(100 + dice.below(3_000)).unwrap(),
            connect_timeout: MILLISECOND * 500,
        };
        let ping = Ping {
            interval: MILLISECOND * 200,
            timeout: MILLISECOND * 600,
        };
        let sockets = wires.iter().cloned().map(SimulatedSocket).collect();
        let backend = Backend::new(sockets, Liveness::new(ping), limits, Arc::default());
        let mut world = Self {
            left_to_call: 20 + dice.below(60),
            dice,
            now,
            targets: wires.iter().map(|_| Target::default()).collect(),
            wires,
            happenings: BTreeMap::new(),
            next_happening: 0,
            calls: HashMap::new(),
            calm: false,
        };
        for at in 0..count {
            let delay = world.dice.milliseconds(300);
            world.after(delay, Happening::Connect(at));
        }
        world.after(Duration::ZERO, Happening::Call);
        for _ in 0..world.dice.below(8) {
            let (at, delay) = (world.target(), world.dice.milliseconds(2_000));
            let what = match world.dice.below(4) {
                0 => Happening::Break(at),
                1 => Happening::Freeze(at),
                2 => Happening::Drain(at),
                _ => Happening::Restart(at),
            };
            world.after(delay, what);
        }
        (world, backend)
    }

    fn target(&mut self) -> usize {
        usize::try_from(self.dice.below(self.wires.len() as u64)).unwrap()
    }

    fn after(&mut self, delay: Duration, what: Happening) {
        self.next_happening += 1;
        let key = (self.now + delay, self.next_happening);
        self.happenings.insert(key, what);
    }

    fn happen(&mut self, what: Happening, backend: &mut Backend<u64, SimulatedSocket>) {
        match what {
            Happening::Call => self.call(backend),
            Happening::GiveUp(call) => {
                let record = self.calls.get_mut(&call).unwrap();
                if let (None, Some(id)) = (&record.ended, record.id) {
                    assert_eq!(backend.cancel(id), Some(call));
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
                self.targets[at].frozen = true;
                let delay = self.dice.milliseconds(2_000);
                self.after(delay, Happening::Thaw(at));
            }
            Happening::Thaw(at) => {
                self.targets[at].frozen = false;
                for (number, frame) in std::mem::take(&mut self.targets[at].held) {
                    self.arrive(at, number, &frame);
                }
            }
            Happening::Drain(at) if self.wires[at].borrow().up => {
                let id = 1 + self.dice.below(1 << 40);
                self.targets[at].draining = Some(id);
                let notice = ReplyTo::new(DIALECT, CallId::from(id)).encode(&Outbound::Draining);
                self.answer(at, Duration::ZERO, notice);
                self.after(MILLISECOND * 800, Happening::Restart(at));
            }
            Happening::Drain(_) => {}
            Happening::Restart(at) => {
                self.targets[at] = Target::default();
                self.break_connection(at);
            }
            Happening::Arrive(at, number, frame) => {
                if number != self.wires[at].borrow().number {
                    return;
                }
                if self.targets[at].frozen {
                    self.targets[at].held.push((number, frame));
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

    fn call(&mut self, backend: &mut Backend<u64, SimulatedSocket>) {
        let call = self.left_to_call;
        let deadline = self.now + MILLISECOND + self.dice.milliseconds(3_000);
        let wants_reply = !self.dice.percent(10);
        let body = call.to_le_bytes();
        let request = Request {
            kind: if wants_reply {
                RequestKind::Call
            } else {
                RequestKind::Notify
            },
            id: CallId::from(7),
            codec: 0,
            method: MethodRef::Name("Any.thing"),
            remaining: Some(deadline - self.now),
            metadata: Metadata::EMPTY,
            body: &body,
        };
        let request = DIALECT.encode_request(&request, &Limits::NONE, |_| Ok(()));
        let mut record = Record {
            deadline: Some(deadline),
            ..Record::default()
        };
        let outgoing = Outgoing {
            origin: call,
            request: request.ok().unwrap(),
            deadline: Some(deadline),
            wants_reply,
        };
        match backend.forward(outgoing, self.now) {
            Ok(_) if !wants_reply => {}
            Ok(id) => {
                record.id = Some(id);
                if self.dice.percent(10) {
                    let delay = self.dice.milliseconds(500);
                    self.after(delay, Happening::GiveUp(call));
                }
            }
            Err((origin, failure)) => {
                assert_eq!((origin, failure.executed), (call, Executed::No));
                record.ended = Some((Some(failure), self.now));
            }
        }
        self.calls.insert(call, record);
        self.left_to_call -= 1;
        if self.left_to_call > 0 {
            let delay = self.dice.milliseconds(60);
            self.after(delay, Happening::Call);
        }
    }

    fn break_connection(&mut self, at: usize) {
        let mut wire = self.wires[at].borrow_mut();
        if std::mem::take(&mut wire.up) {
            wire.number += 1;
            wire.outbox.clear();
            wire.inbox.push_back(ConnectionEvent::Down);
        }
        drop(wire);
        let delay = self.dice.milliseconds(400);
        self.after(delay, Happening::Connect(at));
    }

    /// A frame arrives at a target.
    fn arrive(&mut self, at: usize, number: u64, frame: &Frame) {
        match DIALECT.decode_inbound(frame, &Limits::default()).unwrap() {
            Inbound::Ping(id) => {
                let is_acknowledgement =
                    self.targets[at].draining.map(CallId::from) == Some(id.clone());
                if is_acknowledgement {
                    self.targets[at].draining = None;
                }
                let pong = ReplyTo::new(DIALECT, id).encode(&Outbound::Pong);
                self.answer_over(at, number, Duration::ZERO, pong);
            }
            Inbound::Cancel(_) => {}
            Inbound::Request(request) => {
                let call = u64::from_le_bytes(request.body.try_into().unwrap());
                let to = ReplyTo::new(DIALECT, request.id.clone());
                let wants_reply = request.kind == RequestKind::Call;
                self.serve(at, number, call, &to, wants_reply);
            }
        }
    }

    fn serve(&mut self, at: usize, number: u64, call: u64, to: &ReplyTo, wants_reply: bool) {
        if self.dice.percent(15) {
            let status = match self.dice.below(3) {
                0 => Status::Overloaded,
                1 => Status::ShuttingDown,
                _ => Status::UnknownMethod,
            };
            let rejection = CallFailure::new(status, "no").with_executed(Executed::No);
            if wants_reply {
                self.answer_over(at, number, Duration::ZERO, to.fail(&rejection));
            }
            return;
        }
        self.calls.get_mut(&call).unwrap().executions += 1;
        if !wants_reply || (self.dice.percent(5) && !self.calm) {
            return;
        }
        let value = Outbound::Value {
            codec: 0,
            metadata: Metadata::EMPTY,
            body: &call.to_le_bytes(),
        };
        let bound = if self.dice.percent(10) { 4_000 } else { 50 };
        let delay = self.dice.milliseconds(bound);
        if self.dice.percent(20) {
            self.answer_over(at, number, delay / 2, to.encode(&Outbound::Working));
        }
        self.answer_over(at, number, delay, to.encode(&value));
        if self.dice.percent(5) {
            let later = delay + self.dice.milliseconds(200);
            self.answer_over(at, number, later, to.encode(&value));
        }
    }

    fn answer(&mut self, at: usize, delay: Duration, frame: Frame) {
        let number = self.wires[at].borrow().number;
        self.answer_over(at, number, delay, frame);
    }

    fn answer_over(&mut self, at: usize, number: u64, delay: Duration, frame: Frame) {
        let delay = delay + self.dice.milliseconds(5);
        self.after(delay, Happening::Answer(at, number, frame));
    }

    /// What the backend has sent is on its way, in order, and makes room behind it.
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

    /// Lets the world go on until nothing happens any more.
    pub(super) fn run(&mut self, backend: &mut Backend<u64, SimulatedSocket>) {
        for step in 0.. {
            assert!(step < 100_000, "it never ends");
            backend.after_wait();
            let mut ends = Ends {
                calls: &mut self.calls,
                now: self.now,
                working: 0,
            };
            backend.serve(self.now, &mut ends).unwrap();
            self.carry();
            self.check(backend);
            let due = backend.due(self.now);
            let next = self.happenings.keys().next().map(|(at, _)| *at);
            if next.is_none() && backend.in_flight() == 0 {
                return;
            }
            let Some(at) = next.into_iter().chain(due).min() else {
                panic!("calls wait for nothing: {}", backend.in_flight());
            };
            self.now = at.max(self.now);
            while let Some(entry) = self.happenings.first_entry()
                && entry.key().0 <= self.now
            {
                let what = entry.remove();
                self.happen(what, backend);
            }
        }
    }

    fn check(&self, backend: &Backend<u64, SimulatedSocket>) {
        for (call, record) in &self.calls {
            let Record {
                executions,
                ended,
                deadline,
                ..
            } = record;
            assert!(
                *executions <= 1,
                "call {call} was executed {executions} times"
            );
            if let Some((Some(failure), at)) = ended {
                let no = failure.executed == Executed::No;
                assert!(
                    !no || *executions == 0,
                    "call {call}: {failure}, yet executed"
                );
                assert!(deadline.is_none_or(|deadline| *at <= deadline + MILLISECOND));
            }
        }
        assert!(backend.in_flight() <= backend.limits.in_flight);
        assert!(backend.calls.waiting_bytes() <= 2 * backend.limits.waiting_bytes);
        assert!(backend.calls.redirect_bytes() <= backend.limits.waiting_bytes);
    }
}
