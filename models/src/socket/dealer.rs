//! A socket as libzmq makes them, in the one respect that matters for waiting: its descriptor tells that something has
//! arrived, once. Any operation takes the signal; and until a receive has found nothing, what arrives further gives none.

use std::collections::VecDeque;
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::kernel;
use shuttle::sync::{Condvar, Mutex};

use crate::clock::Instant;

use super::{
    ConnectionEvent, Endpoint, Frame, Poller, Requester, SocketError, SocketOptions, Upkeep,
};

pub(crate) struct DealerSocket {
    peer: Peer,
    poller: Arc<Poller>,
    is_up: bool,
}

/// The other end.
#[derive(Clone)]
pub(crate) struct Peer(Arc<Pipes>);

struct Pipes {
    state: Mutex<PipesState>,
    sent: Condvar,
    signal: OwnedFd,
}

#[derive(Default)]
struct PipesState {
    requests: VecDeque<Frame>,
    replies: VecDeque<Frame>,
    /// Whether no receive has come back empty since a reply was signalled.
    active: bool,
    closed: bool,
}

impl DealerSocket {
    pub(crate) fn connect(
        _endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let peer = options.0.clone();
        Ok(Self {
            poller: Arc::new(Poller::new(vec![peer.0.signal.clone()])?),
            peer,
            is_up: false,
        })
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    fn receive(&mut self) -> Option<Frame> {
        let mut pipes = self.peer.0.state.lock().unwrap();
        kernel::set_ready(&self.peer.0.signal, false);
        let frame = pipes.replies.pop_front();
        pipes.active = frame.is_some();
        frame
    }
}

impl Requester for DealerSocket {
    fn send(&mut self, frame: &mut Frame) -> bool {
        let mut pipes = self.peer.0.state.lock().unwrap();
        kernel::set_ready(&self.peer.0.signal, false);
        pipes.requests.push_back(std::mem::take(frame));
        self.peer.0.sent.notify_all();
        true
    }

    fn drain(&mut self, mut on: impl FnMut(ConnectionEvent)) -> Result<bool, SocketError> {
        if self.poller.take_monitor_pending() && !std::mem::replace(&mut self.is_up, true) {
            on(ConnectionEvent::Up);
        }
        while let Some(frame) = self.receive() {
            on(ConnectionEvent::Received(frame));
        }
        Ok(true)
    }

    fn reconnect(&mut self) -> Result<(), SocketError> {
        unreachable!("the peer of a model answers")
    }
}

impl Upkeep for DealerSocket {
    fn expect_events(&mut self) {
        self.poller.set_monitor_pending();
    }

    fn expects_events(&self) -> bool {
        self.poller.is_monitor_pending()
    }
}

impl Peer {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Pipes {
            state: Mutex::default(),
            sent: Condvar::new(),
            signal: kernel::socket(),
        }))
    }

    /// Waits for a request. `None` when the peer is to end.
    pub(crate) fn next(&self) -> Option<Frame> {
        let mut pipes = self.0.state.lock().unwrap();
        loop {
            if let Some(frame) = pipes.requests.pop_front() {
                return Some(frame);
            }
            if pipes.closed {
                return None;
            }
            pipes = self.0.sent.wait(pipes).unwrap();
        }
    }

    pub(crate) fn reply(&self, frame: Frame) {
        let mut pipes = self.0.state.lock().unwrap();
        pipes.replies.push_back(frame);
        if !std::mem::replace(&mut pipes.active, true) {
            kernel::set_ready(&self.0.signal, true);
        }
    }

    pub(crate) fn close(&self) {
        self.0.state.lock().unwrap().closed = true;
        self.0.sent.notify_all();
    }
}
