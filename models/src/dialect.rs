//! The dialect of the models: a frame is its kind, and an id.

#[path = "../../zmqrpc-runtime/src/dialect/outbound.rs"]
mod outbound;

pub(crate) use self::outbound::FrameKind;
use crate::socket::Frame;
use std::time::Duration;

pub(crate) const NO_ID: u64 = 0;

const REQUEST: u8 = 1;
const CANCEL: u8 = 2;
const PING: u8 = 3;
const REPLY: u8 = 4;

pub(crate) enum CallControl {
    Cancel,
}

/// What workers say of themselves; there are none.
pub(crate) struct WorkerOfferBuf;

#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    Native,
}

fn frame(kind: u8, id: u64) -> Frame {
    let mut frame = vec![kind];
    frame.extend(id.to_le_bytes());
    Frame::copy_of(&frame)
}

fn id_of(frame: &[u8]) -> u64 {
    let (_, id) = frame.split_first().expect("a frame has a kind");
    u64::from_le_bytes(id.try_into().expect("a frame has an id"))
}

/// Returns a request without an id.
pub(crate) fn request() -> Frame {
    frame(REQUEST, NO_ID)
}

/// Returns the reply to a request; `None` if the frame is none.
pub(crate) fn reply(request: &[u8]) -> Option<Frame> {
    (request[0] == REQUEST).then(|| frame(REPLY, id_of(request)))
}

impl Dialect {
    pub(crate) fn set_id(self, frame: &mut [u8], id: u64) {
        frame[1..].copy_from_slice(&id.to_le_bytes());
    }

    pub(crate) fn shorten_remaining(self, _frame: &mut [u8], _remaining: Duration) {}

    pub(crate) fn rejection(self, _reply: &[u8]) -> Option<()> {
        None
    }

    pub(crate) fn control(self, id: u64, control: CallControl) -> Frame {
        match control {
            CallControl::Cancel => frame(CANCEL, id),
        }
    }

    pub(crate) fn ping(self, id: u64) -> Frame {
        frame(PING, id)
    }

    pub(crate) fn classify(self, frame: &[u8]) -> FrameKind {
        match frame[0] {
            REPLY => FrameKind::Reply(id_of(frame)),
            _ => FrameKind::FromClient(id_of(frame)),
        }
    }
}

impl FrameKind {
    pub(crate) const fn is_from_server(self) -> bool {
        matches!(self, Self::Reply(_))
    }
}
