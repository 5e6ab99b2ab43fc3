//! The sockets of a client's connection.

use std::sync::Arc;

use super::peers::{Peers, ReceiveOutcome};
use super::waiter::{Waiter, Waiters};
use super::workers::Workers;
use crate::clock::Instant;
use crate::connection::{Multiplexer, Transmit};
use crate::dialect::WorkerOfferBuf;
use crate::socket::{
    DealerSocket, Direction, Endpoint, Frame, Poller, RouterSocket, SocketError, SocketOptions,
    Upkeep,
};
use crate::wire::Limits;

/// The server that a client connects to, or the workers that connect to it.
#[expect(
    clippy::large_enum_variant,
    reason = "each connection has one, which does not move"
)]
pub(super) enum ClientPeers {
    Server(DealerSocket),
    Workers(Workers),
}

/// The sockets of a connection that is open.
pub(super) struct OpenPeers {
    pub(super) peers: ClientPeers,
    pub(super) poller: Arc<Poller>,
    /// With the port that was chosen, where the endpoint left it open.
    pub(super) endpoint: Arc<str>,
}

/// Opens the sockets of a connection to an endpoint, or of one that is bound to it.
pub(super) fn open(
    endpoint: &Endpoint,
    options: &SocketOptions,
    limits: Limits,
) -> Result<OpenPeers, SocketError> {
    Ok(match endpoint.direction() {
        Direction::Connect => {
            let dealer = DealerSocket::connect(endpoint, options)?;
            OpenPeers {
                poller: dealer.poller(),
                peers: ClientPeers::Server(dealer),
                endpoint: endpoint.as_str().into(),
            }
        }
        Direction::Bind => {
            let mut router = RouterSocket::new(options)?;
            router.watch_connections()?;
            OpenPeers {
                endpoint: router.open(endpoint)?.into(),
                poller: router.poller(),
                peers: ClientPeers::Workers(Workers::new(router, limits)),
            }
        }
    })
}

/// Calls the same method of either.
macro_rules! either {
    ($peers:expr, $peer:ident => $call:expr) => {
        match $peers {
            ClientPeers::Server($peer) => $call,
            ClientPeers::Workers($peer) => $call,
        }
    };
}

impl Transmit for ClientPeers {
    #[inline]
    fn send(&mut self, link: usize, frame: &mut Frame) -> bool {
        either!(self, peer => Transmit::send(&mut *peer, link, frame))
    }
}

impl Peers for ClientPeers {
    #[inline]
    fn receive(
        &mut self,
        calls: &mut Multiplexer<Waiter>,
        waiters: &mut Waiters,
        now: Instant,
    ) -> Result<ReceiveOutcome, SocketError> {
        either!(self, peer => peer.receive(calls, waiters, now))
    }

    fn replace(&mut self, link: usize) -> Result<(), SocketError> {
        either!(self, peer => peer.replace(link))
    }

    fn come_by_themselves(&self) -> bool {
        either!(self, peer => peer.come_by_themselves())
    }

    fn offers(&self) -> Vec<(usize, WorkerOfferBuf)> {
        either!(self, peer => peer.offers())
    }
}

impl Upkeep for ClientPeers {
    fn expect_events(&mut self) {
        either!(self, peer => peer.expect_events());
    }

    fn expects_events(&self) -> bool {
        either!(self, peer => peer.expects_events())
    }

    fn retry_login_soon(&mut self) {
        either!(self, peer => peer.retry_login_soon());
    }

    fn resolve_failure(&self) -> Option<String> {
        either!(self, peer => peer.resolve_failure())
    }

    fn due(&self) -> Option<Instant> {
        either!(self, peer => peer.due())
    }

    fn needs_polling(&self) -> bool {
        either!(self, peer => peer.needs_polling())
    }

    fn is_inproc(&self) -> bool {
        either!(self, peer => peer.is_inproc())
    }
}
