//! What is known of each call, and how they end.

use std::collections::HashMap;
use std::time::Instant;

use crate::dialect::{CallFailure, Outbound};
use crate::proxy::DIALECT;
use crate::proxy::backend::CallSink;
use crate::socket::Frame;
use crate::wire::Limits;

/// What the world knows of a call.
#[derive(Default)]
pub(super) struct Record {
    pub(super) executions: u32,
    /// The call has ended: how, and when.
    pub(super) ended: Option<(Option<CallFailure>, Instant)>,
    pub(super) id: Option<u64>,
    pub(super) deadline: Option<Instant>,
    pub(super) given_up: bool,
}

/// Takes the ends of calls.
pub(super) struct Ends<'w> {
    pub(super) calls: &'w mut HashMap<u64, Record>,
    pub(super) now: Instant,
    pub(super) working: u64,
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
