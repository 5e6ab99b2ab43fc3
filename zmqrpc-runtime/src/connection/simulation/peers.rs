//! The peers: what they do with what arrives, and how their connections end.

use std::time::Duration;

use super::world::{Happening, World};
use crate::connection::DIALECT;
use crate::dialect::{CallFailure, CallId, Inbound, Outbound, ReplyTo, RequestKind};
use crate::socket::{ConnectionEvent, Frame};
use crate::wire::{Executed, Limits, Metadata, Status};

#[derive(Default)]
pub(super) struct Peer {
    pub(super) frozen: bool,
    /// What has arrived meanwhile.
    pub(super) held: Vec<(u64, Frame)>,
    pub(super) draining: Option<u64>,
    /// The connection over which it was told that nothing more follows.
    pub(super) left: Option<u64>,
}

impl World {
    pub(super) fn break_connection(&mut self, at: usize) {
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

    /// Returns whether a peer is connected that has not said that it is about to end.
    pub(super) fn is_open(&self, at: usize) -> bool {
        let (wire, peer) = (self.wires[at].borrow(), &self.peers[at]);
        wire.up && peer.draining.is_none() && peer.left != Some(wire.number)
    }

    /// A frame arrives at a peer.
    pub(super) fn arrive(&mut self, at: usize, number: u64, frame: &Frame) {
        let arrived = DIALECT.decode_inbound(frame, &Limits::default()).unwrap();
        assert!(
            self.peers[at].left != Some(number),
            "{arrived:?} follows the acknowledgement of a notice"
        );
        match arrived {
            Inbound::Ping(id) => {
                let is_acknowledgement =
                    self.peers[at].draining.map(CallId::from) == Some(id.clone());
                if is_acknowledgement {
                    self.peers[at].draining = None;
                    self.peers[at].left = Some(number);
                }
                let pong = ReplyTo::new(DIALECT, id).encode(&Outbound::Pong);
                self.answer_over(at, number, Duration::ZERO, pong);
            }
            Inbound::Cancel(_) => {}
            Inbound::Request(request) => {
                let call = u64::from_le_bytes(request.body.try_into().unwrap());
                self.calls.get_mut(&call).unwrap().arrived = true;
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
        if !wants_reply || (self.dice.percent(5)) {
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

    pub(super) fn answer(&mut self, at: usize, delay: Duration, frame: Frame) {
        let number = self.wires[at].borrow().number;
        self.answer_over(at, number, delay, frame);
    }

    fn answer_over(&mut self, at: usize, number: u64, delay: Duration, frame: Frame) {
        let delay = delay + self.dice.milliseconds(5);
        self.after(delay, Happening::Answer(at, number, frame));
    }
}
