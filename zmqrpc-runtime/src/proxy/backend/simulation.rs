//! A proxy's backend and its targets in simulated time: connections break at any step, replies are late, doubled or never
//! come, targets reject, freeze, drain and restart. Thousands of seeds, each a world of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

use super::*;
use crate::dialect::{CallId, Inbound, MethodRef, Outbound, ReplyTo, Request, RequestKind};
use crate::options::Ping;
use crate::socket::{AuthFailure, ConnectionEvent, SocketError};
use crate::wire::{Limits, Metadata};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Seeds that are tried.
const WORLDS: u64 = 3_000;

/// Numbers that look random: splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn milliseconds(&mut self, bound: u64) -> Duration {
        MILLISECOND * u32::try_from(self.below(bound)).unwrap()
    }
}

/// One connection between the backend and a target. Its number tells it from those before it.
#[derive(Default)]
struct Wire {
    number: u64,
    up: bool,
    /// What the backend's socket reports next.
    inbox: VecDeque<ConnectionEvent>,
    /// What the backend has sent and has not left yet.
    outbox: VecDeque<Frame>,
    capacity: usize,
    /// The backend wants another connection.
    reconnects: bool,
}

/// The backend's end of a wire.
struct SimulatedSocket(Rc<RefCell<Wire>>);

impl Requester for SimulatedSocket {
    fn send(&mut self, frame: Frame) -> Result<(), Frame> {
        let mut wire = self.0.borrow_mut();
        if wire.outbox.len() >= wire.capacity {
            return Err(frame);
        }
        // libzmq takes it in any case, and loses it where there is no connection any more.
        if wire.up {
            wire.outbox.push_back(frame);
        }
        Ok(())
    }

    fn drain(&mut self, mut on: impl FnMut(ConnectionEvent)) -> Result<bool, SocketError> {
        let events = std::mem::take(&mut self.0.borrow_mut().inbox);
        events.into_iter().for_each(&mut on);
        Ok(true)
    }

    fn reconnect(&mut self) -> Result<(), SocketError> {
        let mut wire = self.0.borrow_mut();
        wire.number += 1;
        (wire.up, wire.reconnects) = (false, true);
        wire.inbox.clear();
        wire.outbox.clear();
        Ok(())
    }

    fn take_ready(&mut self) -> bool {
        !self.0.borrow().inbox.is_empty()
    }

    fn expect_events(&mut self) {}

    fn retry_login_soon(&mut self) {}

    fn login_failure(&self) -> Option<AuthFailure> {
        None
    }

    fn resolve_failure(&self) -> Option<String> {
        None
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn needs_polling(&self) -> bool {
        false
    }

    fn is_inproc(&self) -> bool {
        false
    }
}

/// What happens at a time.
enum Happening {
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
struct Target {
    frozen: bool,
    /// What has arrived meanwhile.
    held: Vec<(u64, Frame)>,
    draining: Option<u64>,
}

/// What the world knows of a call.
#[derive(Default)]
struct Record {
    executions: u32,
    /// The call has ended: how, and when.
    ended: Option<(Option<CallFailure>, Instant)>,
    id: Option<u64>,
    deadline: Option<Instant>,
    given_up: bool,
}

struct World {
    dice: Dice,
    now: Instant,
    wires: Vec<Rc<RefCell<Wire>>>,
    targets: Vec<Target>,
    happenings: BTreeMap<(Instant, u64), Happening>,
    next_happening: u64,
    calls: HashMap<u64, Record>,
    left_to_call: u64,
    /// Nothing breaks any more, so that what is left can end.
    calm: bool,
}

/// Takes the ends of calls.
struct Ends<'w> {
    calls: &'w mut HashMap<u64, Record>,
    now: Instant,
    working: u64,
}

impl Ends<'_> {
    fn end(&mut self, call: u64, failure: Option<CallFailure>) {
        let record = self.calls.get_mut(&call).expect("it is a call");
        assert!(record.ended.is_none(), "call {call} ends twice");
        assert!(!record.given_up, "call {call} ends after it was given up");
        record.ended = Some((failure, self.now));
    }
}

impl CallSink<u64> for Ends<'_> {
    fn answered(&mut self, call: u64, reply: Frame) {
        match DIALECT.decode_reply(&reply, &Limits::NONE).unwrap() {
            Outbound::Value { body, .. } => {
                let of = u64::from_le_bytes(body.try_into().unwrap());
                assert_eq!(of, call, "the reply is another call's");
                assert!(self.calls[&call].executions > 0);
                self.end(call, None);
            }
            Outbound::Failure {
                status,
                executed,
                detail,
                ..
            } => self.end(
                call,
                Some(CallFailure::new(status, detail).with_executed(executed)),
            ),
            other => panic!("{other:?}"),
        }
    }

    fn failed(&mut self, call: u64, failure: CallFailure) {
        self.end(call, Some(failure));
    }

    fn working(&mut self, call: &u64, _: Frame) {
        assert!(self.calls[call].ended.is_none());
        self.working += 1;
    }
}

impl World {
    fn new(seed: u64) -> (Self, Backend<u64, SimulatedSocket>) {
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
    fn run(&mut self, backend: &mut Backend<u64, SimulatedSocket>) {
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

#[test]
fn every_call_over_a_proxy_ends_once_and_never_lies_whatever_happens_to_its_targets() {
    let (mut answered, mut failed, mut executed) = (0_u64, 0_u64, 0_u64);
    for seed in 0..WORLDS {
        let run = std::panic::catch_unwind(|| {
            let (mut world, mut backend) = World::new(seed);
            world.run(&mut backend);
            let calls = world.calls.values();
            for record in calls.clone() {
                let is_call = record.id.is_some();
                assert!(!is_call || record.given_up || record.ended.is_some());
            }
            assert_eq!(backend.calls.waiting_bytes(), 0);
            assert_eq!(backend.calls.redirect_bytes(), 0);
            let ends: Vec<_> = calls
                .clone()
                .filter_map(|call| call.ended.as_ref())
                .collect();
            let good = ends.iter().filter(|(failure, _)| failure.is_none()).count();
            let executions: u32 = calls.map(|call| call.executions).sum();
            (
                good as u64,
                (ends.len() - good) as u64,
                u64::from(executions),
            )
        });
        let counts = run.unwrap_or_else(|panic| {
            eprintln!("the world with seed {seed}");
            std::panic::resume_unwind(panic)
        });
        answered += counts.0;
        failed += counts.1;
        executed += counts.2;
    }
    // The worlds are neither all good nor all bad.
    assert!(answered > 10 * WORLDS && failed > WORLDS && executed > answered);
}
