//! The caller's socket: one connection to one endpoint.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::monitor::{Connection, Monitor};
use super::raw::{RawSocket, Refused};
use super::{Endpoint, Message, Options, SocketError, Waiter};

/// What a drain brings up, in the order in which the owner has to know it.
pub(crate) enum LinkEvent {
    /// A message. What was sent before may be answered by it.
    Received(Message),
    /// A server is there: sends go through.
    Up,
    /// The connection is gone. libzmq has lost what it had not written yet, without telling.
    Down,
    /// The endpoint answers, but not with ZeroMQ, or not with the same way to log in.
    Foreign,
    /// The server does not let this client in.
    Denied,
}

/// A DEALER with a monitor.
pub(crate) struct Dealer {
    endpoint: Endpoint,
    options: Options,
    connection: Connected,
    waiter: Arc<Waiter>,
}

struct Connected {
    socket: RawSocket,
    /// `inproc` has none: libzmq reports nothing for it.
    monitor: Option<Monitor>,
    /// Without a monitor it is up from the start, and that has to be told.
    announce: bool,
}

impl Dealer {
    /// Opens the socket; the connection itself is made in the background.
    pub(crate) fn connect(endpoint: &Endpoint, options: &Options) -> Result<Self, SocketError> {
        let connection = Connected::open(endpoint, options)?;
        let waiter = Arc::new(Waiter::new(connection.sources()?)?);
        Ok(Self {
            endpoint: endpoint.clone(),
            options: options.clone(),
            connection,
            waiter,
        })
    }

    /// Gives the connection up and makes another one. What was handed over and not written yet is lost.
    pub(crate) fn renew(&mut self) -> Result<(), SocketError> {
        let connection = Connected::open(&self.endpoint, &self.options)?;
        self.waiter.replace(connection.sources()?);
        self.connection = connection;
        Ok(())
    }

    pub(crate) fn waiter(&self) -> Arc<Waiter> {
        Arc::clone(&self.waiter)
    }

    /// Takes the message, or gives it back when there is no room.
    pub(crate) fn send(&mut self, mut message: Message) -> Result<(), Message> {
        match self.connection.socket.send(&mut message, false) {
            Ok(()) => Ok(()),
            Err(Refused::Full | Refused::Unreachable) => Err(message),
            Err(Refused::Broken(error)) => {
                tracing::error!(%error, "a request could not be sent");
                Err(message)
            }
        }
    }

    /// Hands over everything that has arrived. Afterwards the socket may be waited on.
    pub(crate) fn drain(&mut self, on: impl FnMut(LinkEvent)) -> Result<(), SocketError> {
        self.connection.drain(on)
    }

    /// Whether an `inproc` connection has no room for a message. With few messages on their way that means that its
    /// server is gone, which libzmq does not tell otherwise.
    pub(crate) fn is_blocked_inproc(&self) -> bool {
        let events = || self.connection.socket.options().get_events();
        self.connection.monitor.is_none()
            && events().is_ok_and(|events| !events.contains(zmq::POLLOUT))
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if self.monitor.is_some() {
            self.socket.stop_monitor();
        }
    }
}

impl Connected {
    fn open(endpoint: &Endpoint, options: &Options) -> Result<Self, SocketError> {
        let mut socket = RawSocket::new(zmq::DEALER, options)?;
        // Without it libzmq queues for a server that is gone and delivers after its restart: requests would run
        // whose callers had been told that they failed.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        let monitor = if endpoint.is_inproc() {
            None
        } else {
            Some(Monitor::of_connections(&socket)?)
        };
        let announce = monitor.is_none();
        socket.open(endpoint, options.ipv6)?;
        Ok(Self {
            socket,
            monitor,
            announce,
        })
    }

    fn sources(&self) -> Result<Vec<OwnedFd>, SocketError> {
        let mut sources = vec![self.socket.descriptor()?];
        if let Some(monitor) = &self.monitor {
            sources.push(monitor.descriptor()?);
        }
        Ok(sources)
    }

    fn drain(&mut self, mut on: impl FnMut(LinkEvent)) -> Result<(), SocketError> {
        if std::mem::take(&mut self.announce) {
            on(LinkEvent::Up);
        }
        self.drain_messages(&mut on)?;
        while let Some(monitor) = &mut self.monitor
            && let Some(event) = monitor.next()?
        {
            match event {
                Connection::Established => {
                    // Lets libzmq attach the new connection, so that the sends that follow find it.
                    self.drain_messages(&mut on)?;
                    on(LinkEvent::Up);
                }
                Connection::Lost => {
                    // Replies that came before the loss count: they are in the socket already.
                    self.drain_messages(&mut on)?;
                    on(LinkEvent::Down);
                }
                Connection::Foreign => on(LinkEvent::Foreign),
                Connection::Denied => on(LinkEvent::Denied),
                Connection::ListenerClosed => {}
            }
        }
        Ok(())
    }

    fn drain_messages(&mut self, on: &mut impl FnMut(LinkEvent)) -> Result<(), SocketError> {
        while let Some(mut frame) = self.socket.receive()? {
            // The last frame is the message; what stands before it is a route that ends here.
            while frame.more() {
                match self.socket.receive()? {
                    Some(next) => frame = next,
                    None => return Ok(()),
                }
            }
            on(LinkEvent::Received(frame));
        }
        Ok(())
    }
}
