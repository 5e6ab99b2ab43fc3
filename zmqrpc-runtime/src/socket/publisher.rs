//! The publisher's socket: sends to all who have subscribed.

use std::sync::Arc;

use super::monitor::Monitor;
use super::raw::{RawSocket, WouldBlock};
use super::send_socket::SendSocket;
use super::{AuthFailure, Endpoint, Message, Poller, RejectedLogins, SocketError, SocketOptions};

/// An XPUB.
pub(crate) struct PubSocket {
    send_side: SendSocket,
}

/// What a subscriber does: it begins or ends to want the topics with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    Begins(Box<[u8]>),
    Ends(Box<[u8]>),
}

/// Why a message was not published.
#[derive(Debug)]
pub(crate) enum PublishError {
    /// A subscriber has no room. Nobody got it.
    Full(Message),
    Broken(SocketError),
}

/// Bytes of the largest frame that a subscriber may send: a topic and little else. libzmq makes a node of each byte of
/// a subscription, so that one long frame would cost a multiple of its length. A login has to fit, too.
pub(super) const MAX_SUBSCRIPTION: usize = 1024;

impl PubSocket {
    pub(crate) fn new(options: &SocketOptions) -> Result<Self, SocketError> {
        let options = &SocketOptions {
            max_frame: MAX_SUBSCRIPTION,
            ..options.clone()
        };
        let mut socket = RawSocket::new(zmq::XPUB, options)?;
        // Without it a subscriber that was connected to goes on to count, and to be sent to, when it is gone.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        // Tells of each subscription and of each end of one, not only of the first and the last of a topic.
        socket.set(zmq_sys::ZMQ_XPUB_VERBOSER, 1)?;
        socket.set(zmq_sys::ZMQ_XPUB_NODROP, 1)?;
        let guarded = options.security.is_guarded();
        let monitor = guarded.then(|| Monitor::of_refusals(&socket));
        Ok(Self {
            send_side: SendSocket::new(socket, monitor.transpose()?, options)?,
        })
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        self.send_side.poller()
    }

    /// Whether it asks for logins.
    pub(crate) fn is_guarded(&self) -> bool {
        self.send_side.is_guarded()
    }

    /// Adds an endpoint; answers it with its wildcards resolved.
    pub(crate) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        self.send_side.open(endpoint)
    }

    /// Removes an endpoint, named as [`open`](Self::open) answered it. `false` if there is none.
    pub(crate) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        self.send_side.close(resolved)
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.send_side.endpoints()
    }

    /// Somebody waits for a connection: logins that were refused are tried again soon.
    pub(crate) fn hurry(&mut self) {
        self.send_side.hurry();
    }

    /// Why nobody can be reached, if it is for the login, and not known to whom knows `since` so many
    /// [refusals](Self::refused).
    pub(crate) fn denial_since(&self, since: u64) -> Option<AuthFailure> {
        self.send_side.denial_since(since)
    }

    /// Why nobody can be reached, if it is for an endpoint's name.
    pub(crate) fn obstacle(&self) -> Option<String> {
        self.send_side.obstacle()
    }

    /// How often a login of this socket's was refused.
    pub(crate) fn refused(&self) -> RejectedLogins {
        self.send_side.refused()
    }

    /// A connection may have to be made again, of which nothing tells.
    pub(crate) fn is_cut(&self) -> bool {
        self.send_side.is_cut()
    }

    /// Nothing tells when something can be connected to, or again: it has to be looked for, by [`look_after`](Self::look_after).
    pub(crate) fn must_look(&self) -> bool {
        self.send_side.must_look()
    }

    /// Sends to all who want `topic`, or to nobody.
    pub(crate) fn send(&mut self, topic: &[u8], message: Message) -> Result<(), PublishError> {
        let mut first = Message::copy_of(topic);
        let socket = &mut self.send_side.socket;
        match socket.send(&mut first, true) {
            // What subscribers have read meanwhile may still wait to be noticed.
            Err(WouldBlock::Full) => {
                socket.settle()?;
                match socket.send(&mut first, true) {
                    Err(WouldBlock::Full) => return Err(PublishError::Full(message)),
                    sent => sent?,
                }
            }
            sent => sent?,
        }
        self.finish(message)
    }

    /// Sends to all who want `topic` and have room.
    pub(crate) fn send_lossy(
        &mut self,
        topic: &[u8],
        message: Message,
    ) -> Result<(), PublishError> {
        self.send_side.socket.set(zmq_sys::ZMQ_XPUB_NODROP, 0)?;
        let sent = self
            .send_side
            .socket
            .send(&mut Message::copy_of(topic), true);
        let sent = sent
            .map_err(PublishError::from)
            .and_then(|()| self.finish(message));
        self.send_side.socket.set(zmq_sys::ZMQ_XPUB_NODROP, 1)?;
        sent
    }

    /// Never refused: libzmq counts whole messages, so who had room for the topic has it for what follows.
    fn finish(&mut self, mut message: Message) -> Result<(), PublishError> {
        Ok(self.send_side.socket.send(&mut message, false)?)
    }

    /// Makes the connections that libzmq does not make. To be called now and then.
    pub(crate) fn look_after(&mut self) -> Result<(), SocketError> {
        self.send_side.look_after(|_| ())
    }

    /// What the next subscriber has said, or nothing when all has been taken. After nothing the socket may be waited
    /// on.
    pub(crate) fn interest(&mut self) -> Result<Option<Interest>, SocketError> {
        while let Some(frame) = self.send_side.socket.receive()? {
            match frame.split_first() {
                Some((1, topic)) => return Ok(Some(Interest::Begins(topic.into()))),
                Some((0, topic)) => return Ok(Some(Interest::Ends(topic.into()))),
                // Subscribers have nothing else to say.
                _ => {}
            }
        }
        Ok(None)
    }

    /// Leaves all endpoints, which are free for others then.
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
    fn from(refused: WouldBlock) -> Self {
        match refused {
            WouldBlock::Broken(error) => Self::Broken(error),
            WouldBlock::Full | WouldBlock::Unreachable => {
                Self::Broken(SocketError::refused("send", "an incomplete message"))
            }
        }
    }
}
