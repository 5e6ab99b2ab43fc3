//! Where the calls of a connection go: to one server, or to the workers that have come.

use super::state::LINK;
use super::waiter::{Waiter, Waiters};
use crate::clock::Instant;
use crate::connection::{Arrivals, Multiplexer, NoReply, Transmit};
use crate::dialect::WorkerOfferBuf;
use crate::socket::{Requester, SocketError, Upkeep};

/// What a turn has received.
#[derive(Default)]
pub(super) struct ReceiveOutcome {
    /// Whether anything had arrived.
    pub(super) any: bool,
    /// Whether more is left than one turn takes in.
    pub(super) more: bool,
    /// The links whose connections have to be replaced, and why.
    pub(super) lost: Vec<(usize, NoReply)>,
}

/// The sockets of a connection, and who is behind them.
pub(super) trait Peers: Transmit + Upkeep {
    /// Receives one turn's worth, and settles what it means for calls.
    fn receive(
        &mut self,
        calls: &mut Multiplexer<Waiter>,
        waiters: &mut Waiters,
        now: Instant,
    ) -> Result<ReceiveOutcome, SocketError>;
    /// Replaces the connection of a link.
    fn replace(&mut self, link: usize) -> Result<(), SocketError>;
    /// Returns whether peers come by themselves, any number of them.
    fn come_by_themselves(&self) -> bool {
        false
    }
    /// Returns what those that came by themselves say of themselves, by link.
    fn offers(&self) -> Vec<(usize, WorkerOfferBuf)> {
        Vec::new()
    }
}

impl<S: Requester> Peers for S {
    #[inline]
    fn receive(
        &mut self,
        calls: &mut Multiplexer<Waiter>,
        waiters: &mut Waiters,
        now: Instant,
    ) -> Result<ReceiveOutcome, SocketError> {
        let mut arrivals = Arrivals::default();
        let is_empty =
            self.drain(|event| calls.handle_event(LINK, event, &mut arrivals, waiters))?;
        let mut received = ReceiveOutcome {
            any: arrivals.any(),
            more: !is_empty,
            lost: Vec::new(),
        };
        if received.any
            && let Some(reason) = calls.settle(LINK, arrivals, now, self, waiters)
        {
            received.lost.push((LINK, reason));
        }
        Ok(received)
    }

    fn replace(&mut self, _: usize) -> Result<(), SocketError> {
        self.reconnect()
    }
}
