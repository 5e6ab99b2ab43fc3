//! The caller's socket: one connection to one endpoint.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use super::inproc;
use super::load::{Load, NoRoom};
use super::monitor::{ConnectionChange, Monitor};
use super::outbound::OutboundConnection;
use super::raw::{RawSocket, WouldBlock};
use super::{AuthFailure, Endpoint, Message, Poller, RejectedLogins, SocketError, SocketOptions};
use crate::log;

/// What a drain brings up, in the order in which the owner has to know it.
pub(crate) enum ConnectionEvent {
    /// A message. What was sent before may be answered by it.
    Received(Message),
    /// A server is there: sends go through.
    Up,
    /// The connection is gone, and is made again by itself. libzmq has lost what it had not written yet, without
    /// telling.
    Down,
    /// The connection is gone, and is not made again by itself: [`DealerSocket::renew`] does.
    Cut,
    /// The endpoint answers, but not with ZeroMQ.
    Foreign,
    /// The server does not let this client in, or is not the one that it should be.
    Denied(AuthFailure),
}

/// Messages that are handed over at a time.
const TURN: usize = 1024;

/// The same of a connection that is lost, before that is told: what it has brought counts.
const LAST_TURN: usize = 65_536;

/// A DEALER with a monitor.
pub(crate) struct DealerSocket {
    outbound: OutboundConnection,
    options: SocketOptions,
    connection: Connected,
    poller: Arc<Poller>,
}

struct Connected {
    socket: RawSocket,
    news: News,
    /// What is on its way to the server.
    load: Load,
}

/// How the connection's ups and downs become known.
enum News {
    Monitor(Monitor),
    /// For `inproc`, which libzmq reports nothing of: the binding that the socket is connected to.
    Binding(Option<u64>),
}

impl DealerSocket {
    /// Opens the socket; the connection itself is made in the background.
    pub(crate) fn connect(
        endpoint: &Endpoint,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let (security, refused) = (&options.security, RejectedLogins::default());
        let mut outbound = OutboundConnection::new(endpoint, security, options.ipv6, refused);
        let mut connection = Connected::new(endpoint, options)?;
        let poller = Arc::new(Poller::new(connection.sources()?)?);
        connection.dial(&mut outbound, &poller)?;
        Ok(Self {
            outbound,
            options: options.clone(),
            connection,
            poller,
        })
    }

    /// Gives the connection up and makes another one. What was handed over and not written yet is lost.
    pub(crate) fn renew(&mut self) -> Result<(), SocketError> {
        let mut connection = Connected::new(self.outbound.endpoint(), &self.options)?;
        let sources = connection.sources()?;
        self.outbound.renew();
        connection.dial(&mut self.outbound, &self.poller)?;
        self.poller.replace(sources);
        self.connection = connection;
        Ok(())
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Takes the message, or gives it back when there is no room.
    pub(crate) fn send(&mut self, mut message: Message) -> Result<(), Message> {
        let Connected { socket, load, .. } = &mut self.connection;
        let carries = match load.room_for(message.len()) {
            Ok(None) => false,
            // A socket that is unusable says so when it is used.
            Ok(Some(load)) if socket.has_room().unwrap_or(true) => {
                message = load.carry(message);
                true
            }
            Ok(Some(_)) | Err(NoRoom) => return Err(message),
        };
        match socket.send(&mut message, false) {
            Ok(()) => return Ok(()),
            Err(WouldBlock::Full | WouldBlock::Unreachable) => {}
            Err(WouldBlock::Broken(error)) => {
                log::line!(error, error = log::text(&error); "a request could not be sent");
            }
        }
        // The connection has just broken. What is given back is on its way no more.
        if carries {
            message = Message::copy_of(&message);
        }
        Err(message)
    }

    /// Hands over what has arrived. `true` if that was all: the socket may be waited on then. A server that never stops
    /// sending does not keep its client.
    pub(crate) fn drain(&mut self, on: impl FnMut(ConnectionEvent)) -> Result<bool, SocketError> {
        self.connection.drain(&mut self.outbound, &self.poller, on)
    }

    /// Nothing tells when an `inproc` server goes: it has to be asked for.
    pub(crate) fn is_inproc(&self) -> bool {
        matches!(self.connection.news, News::Binding(_))
    }

    /// Somebody waits for the connection: a login that was refused is tried again soon.
    pub(crate) fn hurry(&mut self) {
        self.outbound.hurry();
    }

    /// Why the last login was refused, if it was and no other is under way.
    pub(crate) fn failure(&self) -> Option<AuthFailure> {
        self.outbound.failure()
    }

    /// How often the login was refused.
    pub(crate) fn refused(&self) -> RejectedLogins {
        self.outbound.refused()
    }

    /// Why there is no connection, if it is for the endpoint's name.
    pub(crate) fn obstacle(&self) -> Option<String> {
        self.outbound.obstacle()
    }

    /// When the connection has to be made again, unless it is before.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.outbound.due()
    }

    /// The connection may have to be made again, of which nothing tells.
    pub(crate) fn is_cut(&self) -> bool {
        self.outbound.due().is_some()
    }

    /// Nothing tells when an `inproc` server comes: while it is not there, it has to be looked for. Nor does anything
    /// tell that a connection is not made again.
    pub(crate) fn must_look(&self) -> bool {
        matches!(self.connection.news, News::Binding(None)) || self.outbound.must_look()
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let News::Monitor(_) = self.news {
            self.socket.stop_monitor();
        }
    }
}

impl Connected {
    /// A socket that is not connected yet.
    fn new(endpoint: &Endpoint, options: &SocketOptions) -> Result<Self, SocketError> {
        let socket = RawSocket::new(zmq::DEALER, options)?;
        if endpoint.is_inproc() {
            // Connected when the name is bound: libzmq would take requests before that.
            return Ok(Self {
                socket,
                news: News::Binding(None),
                load: Load::default(),
            });
        }
        // Without it libzmq queues for a server that is gone and delivers after its restart: requests would run
        // whose callers had been told that they failed.
        let immediate = socket.options().set_immediate(true);
        immediate.map_err(SocketError::of("setting a socket option"))?;
        let news = News::Monitor(Monitor::of_connections(&socket)?);
        let load = Load::default();
        Ok(Self { socket, news, load })
    }

    fn dial(
        &mut self,
        outbound: &mut OutboundConnection,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        match self.news {
            News::Monitor(_) => outbound.dial(&mut self.socket, poller),
            News::Binding(_) => Ok(()),
        }
    }

    fn sources(&mut self) -> Result<Vec<OwnedFd>, SocketError> {
        let mut sources = vec![self.socket.descriptor()?];
        if let News::Monitor(monitor) = &mut self.news {
            sources.push(monitor.descriptor()?);
        }
        Ok(sources)
    }

    fn drain(
        &mut self,
        outbound: &mut OutboundConnection,
        poller: &Arc<Poller>,
        mut on: impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        let mut drained = self.drain_messages(TURN, &mut on)?;
        if !drained {
            return Ok(false);
        }
        if let News::Binding(own) = self.news {
            return self.check_binding(outbound.endpoint(), own, on);
        }
        if poller.take_news() {
            drained = self.read_news(outbound, poller, &mut on)?;
            if let Some(failure) = outbound.found(&mut self.socket) {
                on(ConnectionEvent::Denied(failure));
            }
        }
        if outbound.follow(&mut self.socket, poller)? {
            drained &= self.drain_messages(TURN, &mut on)?;
        }
        if outbound.begin() {
            on(ConnectionEvent::Cut);
        }
        Ok(drained)
    }

    fn read_news(
        &mut self,
        outbound: &mut OutboundConnection,
        poller: &Arc<Poller>,
        on: &mut impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        let mut drained = true;
        while let News::Monitor(monitor) = &mut self.news
            && let Some((event, place)) = monitor.next_with_place()?
        {
            if outbound.is_over(&place) {
                continue;
            }
            if let Some(failure) = outbound.note(event, &mut self.socket, poller) {
                on(ConnectionEvent::Denied(failure));
            }
            match event {
                ConnectionChange::Established => {
                    // Lets libzmq attach the new connection, so that the sends that follow find it.
                    drained = self.drain_messages(TURN, on)?;
                    on(ConnectionEvent::Up);
                }
                ConnectionChange::Lost => {
                    // Replies that came before the loss count: they are in the socket already.
                    drained = self.drain_messages(LAST_TURN, on)?;
                    on(ConnectionEvent::Down);
                }
                // It was left, and nothing was sent over it.
                ConnectionChange::Itself => drained = self.drain_messages(TURN, on)?,
                ConnectionChange::Foreign => on(ConnectionEvent::Foreign),
                ConnectionChange::Denied
                | ConnectionChange::Mismatched
                | ConnectionChange::Failed
                | ConnectionChange::Retried
                | ConnectionChange::ListenerClosed => {}
            }
        }
        Ok(drained)
    }

    fn check_binding(
        &mut self,
        endpoint: &Endpoint,
        own: Option<u64>,
        mut on: impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        let mut drained = true;
        match (own, inproc::binding(endpoint.as_str())) {
            (None, Some(binding)) => {
                self.socket.open(endpoint, false)?;
                self.news = News::Binding(Some(binding));
                drained = self.drain_messages(TURN, &mut on)?;
                on(ConnectionEvent::Up);
            }
            (Some(own), now) if now != Some(own) => {
                // A server sends its last replies before it unbinds.
                drained = self.drain_messages(LAST_TURN, &mut on)?;
                on(ConnectionEvent::Cut);
            }
            _ => {}
        }
        Ok(drained)
    }

    /// Hands over so many messages at most. Whether that was all.
    fn drain_messages(
        &mut self,
        most: usize,
        on: &mut impl FnMut(ConnectionEvent),
    ) -> Result<bool, SocketError> {
        for _ in 0..most {
            let Some(mut frame) = self.socket.receive()? else {
                return Ok(true);
            };
            // The last frame is the message; what stands before it is a route that ends here.
            while frame.more() {
                match self.socket.receive()? {
                    Some(next) => frame = next,
                    None => return Ok(true),
                }
            }
            on(ConnectionEvent::Received(frame));
        }
        Ok(false)
    }
}
