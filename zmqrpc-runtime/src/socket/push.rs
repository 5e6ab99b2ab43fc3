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
    outlet: SendSocket,
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
        let aside = SocketOptions {
            max_frame: MAX_SUBSCRIPTION,
            ..options.clone()
        };
        let socket = RawSocket::new(zmq::PUSH, &aside)?;
        // Without it libzmq queues for a peer that is not there, and nobody learns that it never came.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        let monitor = Monitor::of_peers(&socket)?;
        Ok(Self {
            outlet: SendSocket::new(socket, Some(monitor), options)?,
            connections: 0,
            has_sent: false,
        })
    }

    pub(crate) fn waiter(&self) -> Arc<Poller> {
        self.outlet.waiter()
    }

    /// Whether it asks for logins.
    pub(crate) fn is_guarded(&self) -> bool {
        self.outlet.is_guarded()
    }

    /// Adds an endpoint; answers it with its wildcards resolved.
    pub(crate) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        self.outlet.open(endpoint)
    }

    /// Removes an endpoint, named as [`open`](Self::open) answered it. `false` if there is none.
    pub(crate) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        self.outlet.close(resolved)
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.outlet.endpoints()
    }

    /// Takes the message, or gives it back when there is no room. After that the socket may be waited on.
    pub(crate) fn send(&mut self, mut message: Message) -> Result<(), PushError> {
        for settled in [false, true] {
            match self.outlet.socket.send(&mut message, false) {
                Ok(()) => {
                    self.has_sent = true;
                    return Ok(());
                }
                Err(WouldBlock::Broken(error)) => return Err(PushError::Broken(error)),
                // What pullers have read meanwhile may still wait to be noticed, and whoever waits for it to be
                // signalled once more would wait for ever.
                Err(WouldBlock::Full | WouldBlock::Unreachable) if !settled => {
                    self.outlet.hurry();
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
            self.outlet.hurry();
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
        self.outlet.tend(|event| match event {
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
        self.outlet.socket.settle()
    }

    /// How many may have messages of this socket waiting, as far as is known.
    pub(crate) fn connections(&self) -> u64 {
        self.connections
    }

    /// Whether nobody is reached but within the process.
    pub(crate) fn is_within(&self) -> bool {
        let mut endpoints = self.outlet.endpoints();
        endpoints.all(|endpoint| endpoint.starts_with("inproc:"))
    }

    /// Whether a message would be taken now.
    pub(crate) fn has_room(&self) -> bool {
        self.outlet.socket.has_room().unwrap_or(false)
    }

    /// Whether somebody pulls. Of those who are connected to an `inproc` name that is bound here nothing is known but
    /// that they once took something.
    pub(crate) fn is_pulled(&self) -> bool {
        self.connections > 0
            || self.outlet.is_linked()
            || (self.outlet.is_bound_within() && self.has_sent)
    }

    /// Why nobody can be reached, if it is for the login.
    pub(crate) fn denial(&self) -> Option<AuthFailure> {
        self.outlet.denial()
    }

    /// The same, if that is not known to whom knows `since` so many [refusals](Self::refused).
    pub(crate) fn denial_since(&self, since: u64) -> Option<AuthFailure> {
        self.outlet.denial_since(since)
    }

    /// Why nobody can be reached, if it is for an endpoint's name.
    pub(crate) fn obstacle(&self) -> Option<String> {
        self.outlet.obstacle()
    }

    /// How often a login of this socket's was refused.
    pub(crate) fn refused(&self) -> RejectedLogins {
        self.outlet.refused()
    }

    /// A connection may have to be made again, of which nothing tells.
    pub(crate) fn is_cut(&self) -> bool {
        self.outlet.is_cut()
    }

    /// Nothing tells when something can be connected to, or again: it has to be looked for, by
    /// [`settle`](Self::settle).
    pub(crate) fn must_look(&self) -> bool {
        self.outlet.must_look()
    }

    /// Leaves all endpoints, which are free for others then.
    pub(crate) fn shut(&mut self) {
        self.outlet.shut();
    }
}
