//! The worker's socket: takes what is pushed to it.

use std::sync::Arc;

use super::inlet::{self, Arrival, Inlet};
use super::{Endpoint, Message, Options, SocketError, Waiter};

/// A PULL at one endpoint.
pub(crate) struct Pull(Inlet);

impl Pull {
    pub(crate) fn open(endpoint: &Endpoint, options: &Options) -> Result<Self, SocketError> {
        let socket = inlet::socket(zmq::PULL, options)?;
        Inlet::open(socket, endpoint, options.ipv6).map(Self)
    }

    /// The endpoint, with its wildcards resolved.
    pub(crate) fn endpoint(&self) -> &str {
        self.0.endpoint()
    }

    pub(crate) fn waiter(&self) -> Arc<Waiter> {
        self.0.waiter()
    }

    /// The next message, which has one frame, or nothing when all have been taken. After nothing the socket may be
    /// waited on.
    pub(crate) fn receive(&mut self) -> Result<Option<Arrival<Message>>, SocketError> {
        let arrival = self.0.receive()?;
        Ok(arrival.map(|arrival| arrival.map(|[frame]| frame)))
    }

    /// Closes the socket and frees its endpoint.
    pub(crate) fn shut(mut self) {
        self.0.shut();
    }
}
