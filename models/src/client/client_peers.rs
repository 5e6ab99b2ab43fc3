//! The sockets of a connection: that to one server.

use std::sync::Arc;

use crate::socket::{Endpoint, Poller, SocketError, SocketOptions};
use crate::wire::Limits;

pub(super) use crate::socket::DealerSocket as ClientPeers;

pub(super) struct OpenPeers {
    pub(super) peers: ClientPeers,
    pub(super) poller: Arc<Poller>,
    pub(super) endpoint: Arc<str>,
}

pub(super) fn open(
    endpoint: &Endpoint,
    options: &SocketOptions,
    _: Limits,
) -> Result<OpenPeers, SocketError> {
    let dealer = ClientPeers::connect(endpoint, options)?;
    Ok(OpenPeers {
        poller: dealer.poller(),
        peers: dealer,
        endpoint: endpoint.as_str().into(),
    })
}
