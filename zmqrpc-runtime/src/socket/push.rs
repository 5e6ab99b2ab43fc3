//! The pusher's socket: sends each message to one of those who pull.

use std::sync::Arc;

use super::monitor::{ConnectionChange, Monitor};
use super::publisher::MAX_SUBSCRIPTION;
use super::raw::{RawSocket, WouldBlock};
use super::send_socket::SendSocket;
use super::{
    AuthFailure, Endpoint, Message, Poller, RejectedLogins, SocketError, SocketOptions,
    UnsentCounter,
};

/// A PUSH with a monitor.
pub(crate) struct PushSocket {
    send_side: SendSocket,
    /// Connections that have said who they are, those in the process not counted.
    connections: u64,
    /// Something was sent: a peer in the process was there.
    has_sent: bool,
}

/// Why a message was not taken.
#[derive(Debug)]
pub(crate) enum PushError {
    /// Nobody has room, or there is nobody.
    Full(Message),
    Broken(SocketError),
}

impl PushSocket {
    pub(crate) fn new(options: &SocketOptions) -> Result<Self, SocketError> {
        // Who pulls has nothing to say, and what it says is never read.
        let unblock = SocketOptions {
            max_frame: MAX_SUBSCRIPTION,
            ..options.clone()
        };
        let socket = RawSocket::new(zmq::PUSH, &unblock)?;
        // Without it libzmq queues for a peer that is not there, and nobody learns that it never came.
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

    /// Takes the message, or gives it back when there is no room. After that the socket may be waited on.
    pub(crate) fn send(&mut self, mut message: Message) -> Result<(), PushError> {
        for settled in [false, true] {
            match self.send_side.socket.send(&mut message, false) {
                Ok(()) => {
                    self.has_sent = true;
                    return Ok(());
                }
                Err(WouldBlock::Broken(error)) => return Err(PushError::Broken(error)),
                // What pullers have read meanwhile may still wait to be noticed, and whoever waits for it to be
                // signalled once more would wait for ever.
                Err(WouldBlock::Full | WouldBlock::Unreachable) if !settled => {
                    self.send_side.hurry();
                    self.settle().map_err(PushError::Broken)?;
                }
                Err(WouldBlock::Full | WouldBlock::Unreachable) => {}
            }
        }
        Err(PushError::Full(message))
    }

    /// The same, and the message is marked if it is taken.
    pub(crate) fn send_marked(
        &mut self,
        message: Message,
        mark: &Arc<UnsentCounter>,
    ) -> Result<(), PushError> {
        if !self.has_room() {
            self.send_side.hurry();
            self.settle().map_err(PushError::Broken)?;
        }
        // A message that is given back is not marked.
        if !self.has_room() {
            return Err(PushError::Full(message));
        }
        self.send(message.marked(mark))
            .map_err(|unpushed| match unpushed {
                PushError::Full(message) => PushError::Full(Message::copy_of(&message)),
                broken @ PushError::Broken(_) => broken,
            })
    }

    /// Notices what has happened since. To be called now and then: libzmq's news pile up until they are read.
    pub(crate) fn settle(&mut self) -> Result<(), SocketError> {
        let connections = &mut self.connections;
        self.send_side.look_after(|event| match event {
            // What fails is followed by a loss, though nothing was established.
            ConnectionChange::Established
            | ConnectionChange::Foreign
            | ConnectionChange::Mismatched
            | ConnectionChange::Denied
            | ConnectionChange::Failed => *connections += 1,
            ConnectionChange::Lost => *connections = connections.saturating_sub(1),
            ConnectionChange::Itself
            | ConnectionChange::Retried
            | ConnectionChange::ListenerClosed => {}
        })?;
        self.send_side.socket.settle()
    }

    /// How many may have messages of this socket waiting, as far as is known.
    pub(crate) fn connections(&self) -> u64 {
        self.connections
    }

    /// Whether nobody is reached but within the process.
    pub(crate) fn is_within(&self) -> bool {
        let mut endpoints = self.send_side.endpoints();
        endpoints.all(|endpoint| endpoint.starts_with("inproc:"))
    }

    /// Whether a message would be taken now.
    pub(crate) fn has_room(&self) -> bool {
        self.send_side.socket.has_room().unwrap_or(false)
    }

    /// Whether somebody pulls. Of those who are connected to an `inproc` name that is bound here nothing is known but
    /// that they once took something.
    pub(crate) fn is_pulled(&self) -> bool {
        self.connections > 0
            || self.send_side.is_linked()
            || (self.send_side.is_bound_within() && self.has_sent)
    }

    /// Why nobody can be reached, if it is for the login.
    pub(crate) fn failure(&self) -> Option<AuthFailure> {
        self.send_side.failure()
    }

    /// The same, if that is not known to whom knows `since` so many [refusals](Self::refused).
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

    /// Nothing tells when something can be connected to, or again: it has to be looked for, by
    /// [`settle`](Self::settle).
    pub(crate) fn must_look(&self) -> bool {
        self.send_side.must_look()
    }

    /// Leaves all endpoints, which are free for others then.
    pub(crate) fn close_and_release(&mut self) {
        self.send_side.close_and_release();
    }
}
