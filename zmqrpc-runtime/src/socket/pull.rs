//! The worker's socket: takes what is pushed to it.

use std::sync::Arc;
use std::time::Instant;

use super::recv_socket::{self, Arrival, RecvSocket};
use super::{Endpoint, Message, Poller, RejectedLogins, SocketError, SocketOptions};

/// A PULL at one endpoint.
pub(crate) struct PullSocket {
    recv: RecvSocket,
    options: SocketOptions,
}

impl PullSocket {
    /// Messages that are held for each of those who push. Few: they are lost if the process dies, and no other worker gets
    /// them meanwhile.
    pub(crate) const HIGH_WATER: u32 = 100;

    pub(crate) fn open(endpoint: &Endpoint, options: &SocketOptions) -> Result<Self, SocketError> {
        let socket = recv_socket::socket(zmq::PULL, options)?;
        Ok(Self {
            recv: RecvSocket::open(socket, endpoint, options)?,
            options: options.clone(),
        })
    }

    /// The endpoint, with its wildcards resolved.
    pub(crate) fn endpoint(&self) -> &str {
        self.recv.endpoint()
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        self.recv.poller()
    }

    /// Takes the next message, which has one frame, or nothing when all have been taken. After nothing the socket may be
    /// waited on.
    pub(crate) fn receive(
        &mut self,
        frame: &mut Message,
    ) -> Result<Option<Arrival<()>>, SocketError> {
        self.recv.receive([frame])
    }

    /// When to [follow](Self::follow) the endpoint's name, if nothing happens until then.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.recv.due()
    }

    /// Connects to where the endpoint is now, if it is time to.
    pub(crate) fn follow(&mut self) {
        self.recv.follow();
    }

    /// Takes in what becomes of connections. To be called from [time to time](super::UnreadTimer) while nothing is received; a
    /// message may have arrived of which nothing tells afterwards.
    pub(crate) fn settle(&mut self) -> Result<(), SocketError> {
        self.recv.settle()
    }

    /// When to [renew](Self::renew) a connection that is not made again otherwise.
    pub(crate) fn reconnect_due(&self) -> Option<Instant> {
        self.recv.reconnect_due()
    }

    /// Whether the login was refused, and is to be tried again when the [reconnection](Self::reconnect_due) is due.
    pub(crate) fn is_refused(&self) -> bool {
        self.recv.is_refused()
    }

    /// How often the login was refused.
    pub(crate) fn refused(&self) -> RejectedLogins {
        self.recv.refused()
    }

    /// Gives the connection up and makes a new one. What has not been received is lost.
    pub(crate) fn renew(&mut self) -> Result<(), SocketError> {
        let socket = recv_socket::socket(zmq::PULL, &self.options)?;
        self.recv.renew(socket)
    }

    /// Closes the socket and frees its endpoint.
    pub(crate) fn close_and_release(mut self) {
        self.recv.close_and_release();
    }
}
