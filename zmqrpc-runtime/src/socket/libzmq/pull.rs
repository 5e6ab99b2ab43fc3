//! The worker's socket: receives jobs.

use std::sync::Arc;
use std::time::Instant;

use super::frame::Frame;
use super::recv_socket::{self, RecvSocket};
use crate::socket::arrival::Arrival;
use crate::socket::{Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

/// A PULL at one endpoint.
pub(crate) struct PullSocket {
    recv: RecvSocket,
    options: SocketOptions,
}

impl PullSocket {
    /// The receive high-water mark for each pusher. Low: queued jobs are lost if the process dies, and no other worker
    /// gets them meanwhile.
    pub(crate) const HIGH_WATER: u32 = 100;

    pub(crate) fn open(endpoint: &Endpoint, options: &SocketOptions) -> Result<Self, SocketError> {
        let socket = recv_socket::socket(zmq::PULL, options)?;
        Ok(Self {
            recv: RecvSocket::open(socket, endpoint, options)?,
            options: options.clone(),
        })
    }

    /// Returns the endpoint, with its wildcards resolved.
    pub(crate) fn endpoint(&self) -> &str {
        self.recv.endpoint()
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        self.recv.poller()
    }

    /// Receives the next message, which has one frame. `None` if no message is left: only then may a thread wait on the
    /// socket.
    pub(crate) fn receive(
        &mut self,
        frame: &mut Frame,
    ) -> Result<Option<Arrival<()>>, SocketError> {
        self.recv.receive([frame])
    }

    /// Receives the next message with all of its frames, as [`SubSocket::receive_whole`](super::SubSocket::receive_whole)
    /// does.
    pub(crate) fn receive_whole(
        &mut self,
        max_bytes: usize,
    ) -> Result<Option<(Vec<Frame>, usize)>, SocketError> {
        self.recv.receive_whole(max_bytes)
    }

    /// Returns when to call [`advance_dial`](Self::advance_dial), unless an event arrives before.
    pub(crate) fn dial_due(&self) -> Option<Instant> {
        self.recv.dial_due()
    }

    /// Takes the next step of dialling, if it is due.
    pub(crate) fn advance_dial(&mut self) {
        self.recv.advance_dial();
    }

    /// Handles connection events. To be called from [time to time](super::UnreadTimer) while the socket is left unread.
    /// A message may have arrived whose signal this has consumed.
    pub(crate) fn maintain(&mut self) -> Result<(), SocketError> {
        self.recv.maintain()
    }

    /// Returns when to [reconnect](Self::reconnect), because libzmq does not.
    pub(crate) fn reconnect_due(&self) -> Option<Instant> {
        self.recv.reconnect_due()
    }

    /// Returns whether the last login was refused. The next attempt is made when the
    /// [reconnection](Self::reconnect_due) is due.
    pub(crate) fn is_login_refused(&self) -> bool {
        self.recv.is_login_refused()
    }

    /// Returns the counter of refused logins.
    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        self.recv.rejected_logins()
    }

    /// Closes the connection and opens a new one. Messages that were not received yet are lost.
    pub(crate) fn reconnect(&mut self) -> Result<(), SocketError> {
        let socket = recv_socket::socket(zmq::PULL, &self.options)?;
        self.recv.reconnect(socket)
    }

    /// Closes the socket and waits until its endpoint is free.
    pub(crate) fn close_and_release(mut self) {
        self.recv.close_and_release();
    }
}
