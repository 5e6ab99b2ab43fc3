//! The pusher's socket: sends each job to one of the connected pullers.

use std::sync::Arc;

use super::create::create;
use super::frame::Frame;
use super::monitor::Monitor;
use super::publisher::MAX_SUBSCRIPTION;
use super::raw::WouldBlock;
use super::send_socket::SendSocket;
use super::unsent::UnsentCounter;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{AuthFailure, Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

/// A PUSH with a monitor.
pub(crate) struct PushSocket {
    send_side: SendSocket,
    /// Connections that have completed a handshake, except those within the process.
    connections: u64,
    /// Whether a message was ever sent: then a peer within the process was connected.
    has_sent: bool,
}

/// Why a message was not sent.
#[derive(Debug)]
pub(crate) enum PushError {
    /// No puller has room, or none is connected.
    Full(Frame),
    Broken(SocketError),
}

impl PushSocket {
    pub(crate) fn new(options: &SocketOptions) -> Result<Self, SocketError> {
        // Pullers have nothing to send, and what they send is never read.
        let limited = SocketOptions {
            max_frame: MAX_SUBSCRIPTION,
            ..options.clone()
        };
        let socket = create(zmq::PUSH, &limited)?;
        // Otherwise libzmq queues messages for a peer that is not connected, and the sender does not learn that it
        // never was.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        let monitor = Monitor::of_peers(&socket)?;
        Ok(Self {
            send_side: SendSocket::new(socket, Some(monitor), options)?,
            connections: 0,
            has_sent: false,
        })
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        self.send_side.poller()
    }

    /// Returns whether the socket requires logins.
    pub(crate) fn requires_login(&self) -> bool {
        self.send_side.requires_login()
    }

    /// Adds an endpoint. Returns it with its wildcards resolved.
    pub(crate) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        self.send_side.open(endpoint)
    }

    /// Removes an endpoint, named as [`open`](Self::open) returned it. Returns `false` if there is no such endpoint.
    pub(crate) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        self.send_side.close(resolved)
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.send_side.endpoints()
    }

    /// Sends the message, or returns it if there is no room. Afterwards a thread may wait on the socket.
    pub(crate) fn send(&mut self, mut message: Frame) -> Result<(), PushError> {
        for maintained in [false, true] {
            match self.send_side.socket.send(&mut message, false) {
                Ok(()) => {
                    self.has_sent = true;
                    return Ok(());
                }
                Err(WouldBlock::Broken(error)) => return Err(PushError::Broken(error)),
                // libzmq may not have handled yet what pullers have read meanwhile, and would not signal it a second
                // time: without this, a thread could wait for ever.
                Err(WouldBlock::Full | WouldBlock::Unreachable) if !maintained => {
                    self.send_side.retry_login_soon();
                    self.maintain().map_err(PushError::Broken)?;
                }
                Err(WouldBlock::Full | WouldBlock::Unreachable) => {}
            }
        }
        Err(PushError::Full(message))
    }

    /// As [`send`](Self::send), and `counter` counts the message if it is sent.
    pub(crate) fn send_tracked(
        &mut self,
        message: Frame,
        counter: &Arc<UnsentCounter>,
    ) -> Result<(), PushError> {
        if !self.has_room() {
            self.send_side.retry_login_soon();
            self.maintain().map_err(PushError::Broken)?;
        }
        // A returned message must not be counted.
        if !self.has_room() {
            return Err(PushError::Full(message));
        }
        self.send(message.tracked_by(counter))
            .map_err(|error| match error {
                PushError::Full(message) => PushError::Full(Frame::copy_of(&message)),
                broken @ PushError::Broken(_) => broken,
            })
    }

    /// Handles connection events. To be called from time to time: the monitor's events accumulate until they are read.
    pub(crate) fn maintain(&mut self) -> Result<(), SocketError> {
        let connections = &mut self.connections;
        self.send_side.maintain(|event| match event {
            // A failure is followed by a loss, although no connection was established.
            ConnectionChange::Established
            | ConnectionChange::NotZmtp
            | ConnectionChange::Mismatched
            | ConnectionChange::LoginRefused
            | ConnectionChange::BrokenOff => *connections += 1,
            ConnectionChange::Lost => *connections = connections.saturating_sub(1),
            ConnectionChange::SelfConnected
            | ConnectionChange::Retried
            | ConnectionChange::ListenerClosed
            | ConnectionChange::Accepted => {}
        })?;
        self.send_side.socket.process_commands()
    }

    /// Returns how many peers may hold messages of this socket, as far as is known.
    pub(crate) fn connections(&self) -> u64 {
        self.connections
    }

    /// Returns whether all endpoints are `inproc`.
    pub(crate) fn is_inproc_only(&self) -> bool {
        let mut endpoints = self.send_side.endpoints();
        endpoints.all(|endpoint| endpoint.starts_with("inproc:"))
    }

    /// Returns whether a send would succeed now.
    pub(crate) fn has_room(&self) -> bool {
        self.send_side.socket.has_room().unwrap_or(false)
    }

    /// Returns whether a puller is connected. About the peers of an `inproc` name that is bound here, it is only known
    /// that one has received a message at some time.
    pub(crate) fn has_puller(&self) -> bool {
        self.connections > 0
            || self.send_side.has_bound_inproc_peer()
            || (self.send_side.binds_inproc() && self.has_sent)
    }

    /// Returns why no peer can be reached, if all refuse the login.
    pub(crate) fn login_failure(&self) -> Option<AuthFailure> {
        self.send_side.login_failure()
    }

    /// The same, if the counter of [refused logins](Self::rejected_logins) is above `since`.
    pub(crate) fn login_failure_since(&self, since: u64) -> Option<AuthFailure> {
        self.send_side.login_failure_since(since)
    }

    /// Returns why an endpoint's name cannot be resolved.
    pub(crate) fn resolve_failure(&self) -> Option<String> {
        self.send_side.resolve_failure()
    }

    /// Returns the counter of logins of this socket that were refused.
    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        self.send_side.rejected_logins()
    }

    /// Returns whether the socket may have to reconnect, which no event announces.
    pub(crate) fn awaits_reconnect(&self) -> bool {
        self.send_side.awaits_reconnect()
    }

    /// Returns whether the owner has to call [`maintain`](Self::maintain) from time to time, since no event announces
    /// that the socket can connect or reconnect.
    pub(crate) fn needs_polling(&self) -> bool {
        self.send_side.needs_polling()
    }

    /// Closes all endpoints and waits until they are free.
    pub(crate) fn close_and_release(&mut self) {
        self.send_side.close_and_release();
    }
}
