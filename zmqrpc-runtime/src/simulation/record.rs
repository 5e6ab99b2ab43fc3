//! What is known of each call, and how they end.

use std::collections::HashMap;

use crate::clock::Instant;
use crate::connection::{CallKind, DIALECT};
use crate::dialect::Reply;
use crate::socket::Frame;
use crate::wire::{Executed, Limits};

/// How a call has ended.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// In its value, or sent if it is a notification.
    Good,
    Failed(Executed, String),
}

/// What the world knows of a call.
pub(super) struct Record {
    pub(super) kind: CallKind,
    /// Whether its request has arrived at a peer.
    pub(super) arrived: bool,
    pub(super) executions: u32,
    /// How it has ended, and when.
    pub(super) ended: Option<(Ending, Instant)>,
    /// Its id, unless it was rejected.
    pub(super) id: Option<u64>,
    pub(super) deadline: Instant,
    pub(super) given_up: bool,
}

/// Takes the ends of calls.
pub(crate) struct Ends<'w> {
    pub(super) calls: &'w mut HashMap<u64, Record>,
    pub(super) now: Instant,
}

impl Ends<'_> {
    /// A call has ended in this reply.
    pub(crate) fn answered(&mut self, call: u64, reply: &Frame) {
        match DIALECT.decode_reply(reply, &Limits::NONE).unwrap() {
            Reply::Value { body, .. } => {
                let of = u64::from_le_bytes(body.try_into().unwrap());
                assert_eq!(of, call, "the reply is another call's");
                assert!(self.calls[&call].executions > 0);
                self.end(call, Ending::Good);
            }
            Reply::Failure {
                executed, detail, ..
            } => self.end(call, Ending::Failed(executed, detail.to_owned())),
            other @ Reply::ServiceError { .. } => panic!("{other:?}"),
        }
    }

    pub(crate) fn end(&mut self, call: u64, end: Ending) {
        let record = self.calls.get_mut(&call).expect("it is a call");
        assert!(record.ended.is_none(), "call {call} ends twice");
        assert!(!record.given_up, "call {call} ends after it was given up");
        record.ended = Some((end, self.now));
    }

    /// A flush has shown that these notifications have arrived.
    pub(crate) fn have_arrived(&self, notifications: &[u64]) {
        for call in notifications {
            assert!(self.calls[call].arrived, "{call} has not arrived");
        }
    }

    /// A call is still being executed.
    #[cfg(feature = "proxy")]
    pub(crate) fn working(&mut self, call: u64) {
        assert!(self.calls[&call].ended.is_none());
    }
}
