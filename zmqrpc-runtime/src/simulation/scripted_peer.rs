//! A peer that does what a server may do, and more often than one would.

use std::collections::BTreeMap;
use std::time::Duration;

use super::MILLISECOND;
use super::dice::Dice;
use super::peer::Peer;
use crate::clock::Instant;
use crate::connection::DIALECT;
use crate::dialect::{
    CallFailure, CallId, Inbound, MethodRef, Outbound, Reply, ReplyTo, Request, RequestKind,
};
use crate::socket::Frame;
use crate::wire::{Executed, Limits, Metadata, Status};

/// Rejects calls, answers them late, twice or not at all.
pub(crate) struct ScriptedPeer {
    dice: Dice,
    is_quick: bool,
    inbox: Vec<(u64, Frame)>,
    connection: Option<u64>,
    /// What is sent at which time.
    answers: BTreeMap<(Instant, u64), (u64, Frame)>,
    next_answer: u64,
    /// When it ends.
    ends_at: Option<Instant>,
}

/// How long it drains.
const DRAINING: Duration = Duration::from_millis(800);

impl Peer for ScriptedPeer {
    const METHOD: MethodRef<'static> = MethodRef::Name("Any.thing");

    fn new(dice: Dice, is_quick: bool, _: Instant) -> Self {
        Self {
            dice,
            is_quick,
            inbox: Vec::new(),
            connection: None,
            answers: BTreeMap::new(),
            next_answer: 0,
            ends_at: None,
        }
    }

    fn arrive(&mut self, connection: u64, frame: Frame) {
        self.inbox.push((connection, frame));
    }

    fn connect(&mut self, connection: u64) {
        self.connection = Some(connection);
    }

    fn lose(&mut self) {
        self.connection = None;
    }

    fn drain(&mut self, now: Instant) {
        let Some(connection) = self.connection.filter(|_| self.ends_at.is_none()) else {
            return;
        };
        let id = CallId::from(1 + self.dice.below(1 << 40));
        let notice = ReplyTo::new(DIALECT, id).encode(Outbound::Draining);
        self.answer(connection, now, notice);
        self.ends_at = Some(now + DRAINING);
    }

    fn turn(&mut self, now: Instant, executed: &mut Vec<u64>) -> Vec<(u64, Frame)> {
        for (connection, frame) in std::mem::take(&mut self.inbox) {
            match DIALECT.decode_inbound(&frame, &Limits::default()).unwrap() {
                Inbound::Ping(id) => {
                    let pong = ReplyTo::new(DIALECT, id).encode(Outbound::Pong);
                    self.answer(connection, now, pong);
                }
                Inbound::Control(..) => {}
                Inbound::Request(request) => self.serve(connection, &request, now, executed),
            }
        }
        let later = self.answers.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.answers, later)
            .into_values()
            .collect()
    }

    fn due(&self) -> Option<Instant> {
        let next = self.answers.keys().next().map(|(at, _)| *at);
        next.into_iter().chain(self.ends_at).min()
    }

    fn has_ended(&self, now: Instant) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}

impl ScriptedPeer {
    fn serve(
        &mut self,
        connection: u64,
        request: &Request<'_>,
        now: Instant,
        executed: &mut Vec<u64>,
    ) {
        let to = ReplyTo::new(DIALECT, request.id.clone());
        let wants_reply = request.kind == RequestKind::Call;
        if self.dice.percent(15) && !self.is_quick {
            let status = match self.dice.below(3) {
                0 => Status::Overloaded,
                1 => Status::ShuttingDown,
                _ => Status::UnknownMethod,
            };
            let rejection = CallFailure::new(status, "no").with_executed(Executed::No);
            if wants_reply {
                self.answer(connection, now, to.fail(&rejection));
            }
            return;
        }
        executed.push(u64::from_le_bytes(request.body.try_into().unwrap()));
        if wants_reply && self.dice.percent(3) && !self.is_quick {
            // As a proxy does that has lost its own connection: another peer must not execute it, too.
            let failure = CallFailure::new(Status::Unavailable, "lost");
            return self.answer(
                connection,
                now,
                to.fail(&failure.with_executed(Executed::Maybe)),
            );
        }
        if !wants_reply || (self.dice.percent(5) && !self.is_quick) {
            return;
        }
        let value = Reply::Value {
            codec: 0,
            metadata: Metadata::EMPTY,
            body: request.body,
        };
        let is_slow = self.dice.percent(10) && !self.is_quick;
        let delay = self.dice.milliseconds(if is_slow { 4_000 } else { 50 });
        if self.dice.percent(20) {
            self.answer(connection, now + delay / 2, to.encode(Outbound::Working));
        }
        self.answer(connection, now + delay, to.encode(value));
        if self.dice.percent(5) {
            let later = delay + MILLISECOND + self.dice.milliseconds(200);
            self.answer(connection, now + later, to.encode(value));
        }
    }

    fn answer(&mut self, connection: u64, at: Instant, frame: Frame) {
        self.next_answer += 1;
        self.answers
            .insert((at, self.next_answer), (connection, frame));
    }
}
