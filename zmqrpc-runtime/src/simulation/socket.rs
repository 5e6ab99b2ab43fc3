//! A socket whose network is a queue.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::socket::{ConnectionEvent, Frame, Requester, SocketError, Upkeep};

/// One connection between the caller and a peer. Its number tells it from those before it.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) number: u64,
    pub(super) up: bool,
    /// What the socket reports next.
    pub(super) inbox: VecDeque<ConnectionEvent>,
    /// What the caller has sent and has not left yet.
    pub(super) outbox: VecDeque<Frame>,
    pub(super) capacity: usize,
    /// The caller wants another connection.
    pub(super) reconnects: bool,
}

/// The caller's end of a wire.
pub(crate) struct SimulatedSocket(pub(super) Rc<RefCell<Wire>>);

impl Requester for SimulatedSocket {
    fn send(&mut self, frame: &mut Frame) -> bool {
        let mut wire = self.0.borrow_mut();
        if wire.outbox.len() >= wire.capacity {
            return false;
        }
        // libzmq takes it in any case, and loses it where there is no connection any more.
        if wire.up {
            wire.outbox.push_back(std::mem::take(frame));
        }
        true
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

    #[cfg(feature = "proxy")]
    fn take_ready(&mut self) -> bool {
        !self.0.borrow().inbox.is_empty()
    }
}

impl Upkeep for SimulatedSocket {
    fn expects_events(&self) -> bool {
        !self.0.borrow().inbox.is_empty()
    }
}
