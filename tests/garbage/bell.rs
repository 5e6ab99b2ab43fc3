//! What is rung at the end of every way into the process, and knows what rang it.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use zmqrpc::zmq_service;

#[zmq_service]
pub(crate) trait Bell {
    fn ring(&self, seal: Seal);
    fn heard(&self) -> Heard;
    /// Publishes and pushes it.
    fn speak(&self, seal: Seal);
    /// Messages that were no messages, at each port that counts them.
    fn malformed(&self) -> Vec<(String, u64)>;
}

/// An argument that shows it when it was changed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(u8, u64, u64)", into = "(u8, u64, u64)")]
pub(crate) struct Seal {
    pub(crate) mark: Mark,
    pub(crate) number: u64,
}

/// Who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A peer that means it.
    Valid = 1,
    /// Recorded traffic with a change that its reader need not notice.
    Harmless,
    /// Recorded traffic that was cut, or changed where it matters: a command of it must never run.
    Harmed,
}

impl Seal {
    /// In no other bytes that travel.
    pub(crate) fn check(self) -> u64 {
        let mut random = crate::support::Random(self.number << 8 | self.mark as u64);
        // All of ten bytes long as a varint.
        random.number() | 1 << 63
    }
}

impl From<Seal> for (u8, u64, u64) {
    fn from(seal: Seal) -> Self {
        (seal.mark as u8, seal.number, seal.check())
    }
}

impl TryFrom<(u8, u64, u64)> for Seal {
    type Error = &'static str;

    fn try_from((mark, number, check): (u8, u64, u64)) -> Result<Self, Self::Error> {
        let marks = [Mark::Valid, Mark::Harmless, Mark::Harmed];
        let mark = marks.into_iter().find(|known| *known as u8 == mark);
        let seal = mark.map(|mark| Self { mark, number });
        seal.filter(|seal| seal.check() == check).ok_or("broken")
    }
}

/// What has rung.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// Numbers of the last hundred valid ones.
    pub(crate) valid: Vec<u64>,
    pub(crate) harmless: u64,
    pub(crate) harmed: u64,
}

/// The same, while it goes on.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Heard>>);

impl Ear {
    pub(crate) fn hear(&self, seal: Seal) {
        let mut heard = self.0.lock().unwrap();
        match seal.mark {
            Mark::Valid => {
                let surplus = heard.valid.len().saturating_sub(99);
                heard.valid.drain(..surplus);
                heard.valid.push(seal.number);
            }
            Mark::Harmless => heard.harmless += 1,
            Mark::Harmed => heard.harmed += 1,
        }
    }

    pub(crate) fn heard(&self) -> Heard {
        self.0.lock().unwrap().clone()
    }
}
