//! The publisher's socket: sends to all who have subscribed.

use std::sync::Arc;

use super::create::create;
use super::frame::Frame;
use super::monitor::Monitor;
use super::raw::WouldBlock;
use super::send_socket::SendSocket;
use crate::socket::{AuthFailure, Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

/// An XPUB.
pub(crate) struct PubSocket {
    send_side: SendSocket,
}

/// A subscriber's request to begin or end a subscription to a topic prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    Subscribed(Box<[u8]>),
    Unsubscribed(Box<[u8]>),
}

/// Why a message was not published.
#[derive(Debug)]
pub(crate) enum PublishError {
    /// A subscriber has no room. The message was sent to none.
    Full(Frame),
    Broken(SocketError),
}

/// The largest frame that a subscriber may send, in bytes: a topic and little else. libzmq allocates a node for each
/// byte of a subscription, so a long frame would cost a multiple of its length. A login has to fit, too.
pub(super) const MAX_SUBSCRIPTION: usize = 1024;

impl PubSocket {
    pub(crate) fn new(options: &SocketOptions) -> Result<Self, SocketError> {
        let options = &SocketOptions {
            max_frame: MAX_SUBSCRIPTION,
            ..options.clone()
        };
        let mut socket = create(zmq::XPUB, options)?;
        // Otherwise a subscriber that this socket connects to still counts, and messages are queued for it, after it
        // has gone.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        // Reports each subscription and each end of one, not only the first and the last of a topic.
        socket.set(zmq_sys::ZMQ_XPUB_VERBOSER, 1)?;
        socket.set(zmq_sys::ZMQ_XPUB_NODROP, 1)?;
        let requires_login = options.security.requires_login();
        let monitor = requires_login.then(|| Monitor::of_refusals(&socket));
        Ok(Self {
            send_side: SendSocket::new(socket, monitor.transpose()?, options)?,
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

    /// Shortens the back-off of refused logins, because a sender waits for a connection.
    pub(crate) fn retry_login_soon(&mut self) {
        self.send_side.retry_login_soon();
    }

    /// Returns why no peer can be reached, if all refuse the login and the counter of [refused
    /// logins](Self::rejected_logins) is above `since`.
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

    /// Sends to all subscribers of `topic`, or to none.
    pub(crate) fn send(&mut self, topic: &[u8], message: Frame) -> Result<(), PublishError> {
        let mut first = Frame::copy_of(topic);
        let socket = &mut self.send_side.socket;
        match socket.send(&mut first, true) {
            // libzmq may not have handled yet what subscribers have read meanwhile.
            Err(WouldBlock::Full) => {
                socket.process_commands()?;
                match socket.send(&mut first, true) {
                    Err(WouldBlock::Full) => return Err(PublishError::Full(message)),
                    sent => sent?,
                }
            }
            sent => sent?,
        }
        self.send_rest(message)
    }

    /// Sends to all subscribers of `topic` that have room.
    pub(crate) fn send_lossy(&mut self, topic: &[u8], message: Frame) -> Result<(), PublishError> {
        self.send_side.socket.set(zmq_sys::ZMQ_XPUB_NODROP, 0)?;
        let sent = self.send_side.socket.send(&mut Frame::copy_of(topic), true);
        let sent = sent
            .map_err(PublishError::from)
            .and_then(|()| self.send_rest(message));
        self.send_side.socket.set(zmq_sys::ZMQ_XPUB_NODROP, 1)?;
        sent
    }

    /// Sends the message's second frame. Cannot find a queue full: libzmq counts whole messages, so a subscriber with
    /// room for the topic has room for this frame.
    fn send_rest(&mut self, mut message: Frame) -> Result<(), PublishError> {
        Ok(self.send_side.socket.send(&mut message, false)?)
    }

    /// Makes the connections that libzmq does not make. To be called from time to time.
    pub(crate) fn maintain(&mut self) -> Result<(), SocketError> {
        self.send_side.maintain(|_| ())
    }

    /// Returns the next change of a subscription. `None` if none is left: only then may a thread wait on the socket.
    pub(crate) fn next_interest(&mut self) -> Result<Option<Interest>, SocketError> {
        while let Some(frame) = self.send_side.socket.receive()? {
            match frame.split_first() {
                Some((1, topic)) => return Ok(Some(Interest::Subscribed(topic.into()))),
                Some((0, topic)) => return Ok(Some(Interest::Unsubscribed(topic.into()))),
                // Subscribers have nothing else to send.
                _ => {}
            }
        }
        Ok(None)
    }

    /// Closes all endpoints and waits until they are free.
    pub(crate) fn close_and_release(&mut self) {
        self.send_side.close_and_release();
    }
}

impl From<SocketError> for PublishError {
    fn from(error: SocketError) -> Self {
        Self::Broken(error)
    }
}

impl From<WouldBlock> for PublishError {
    fn from(error: WouldBlock) -> Self {
        match error {
            WouldBlock::Broken(error) => Self::Broken(error),
            WouldBlock::Full | WouldBlock::Unreachable => Self::Broken(SocketError::refused(
                "send",
                "the message was sent incompletely",
            )),
        }
    }
}
