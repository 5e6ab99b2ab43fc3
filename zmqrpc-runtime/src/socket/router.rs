//! The server's socket: any number of peers over any number of endpoints.

use std::sync::Arc;
use std::time::Instant;

use super::close::close_and_release;
use super::load::{Loads, NoRoom};
use super::monitor::{ConnectionChange, Monitor};
use super::outbound::{OutboundConnection, complain, complain_of};
use super::raw::{RawSocket, WouldBlock};
use super::route::RouteParts;
use super::sessions::{Session, SessionGenerations};
use super::{
    Arrival, Direction, Endpoint, Message, Poller, RejectedLogins, Route, RoutedMessage,
    SocketError, SocketOptions, inproc,
};

/// Why a message was not sent. `Full` returns it.
#[derive(Debug)]
pub(crate) enum SendError {
    Full(Box<RoutedMessage>),
    /// The peer has disconnected, or never was connected.
    Gone(Route),
    Broken(SocketError),
}

/// The largest routing frame, in bytes. ZeroMQ's routing ids are no longer.
const MAX_HOP: usize = 255;

/// Devices that a message may pass at most. No realistic topology has more.
const MAX_HOPS: usize = 16;

/// Routes that are kept for reuse. Replies to queued calls come in bursts, and allocators with small caches are slow
/// with so many.
const SPARES: usize = 256;

/// A ROUTER.
pub(crate) struct RouterSocket {
    /// On a socket that requires logins: reports logins that fail before they are verified. On one that connects:
    /// reports connection events.
    news: Option<Monitor>,
    /// The endpoints that it connects to, except `inproc`.
    links: Vec<OutboundConnection>,
    refused: RejectedLogins,
    socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    poller: Arc<Poller>,
    ipv6: bool,
    /// Bytes that libzmq holds, by peer.
    loads: Loads,
    /// Present once a peer has chosen its own name.
    endings: Option<SessionGenerations>,
    /// Routes for the next messages.
    #[expect(clippy::vec_box, reason = "they come and go as they are")]
    spare: Vec<Box<RouteParts>>,
}

impl RouterSocket {
    pub(crate) fn new(options: &SocketOptions) -> Result<Self, SocketError> {
        let socket = RawSocket::new(zmq::ROUTER, options)?;
        let set = SocketError::of("setting a socket option");
        // Otherwise libzmq drops a reply to a full or unknown peer, and the send "succeeds"
        // (<https://github.com/zeromq/libzmq/issues/2348>).
        socket.options().set_router_mandatory(true).map_err(&set)?;
        let mut sources = vec![socket.descriptor()?];
        let mut news = None;
        if options.security.is_guarded() {
            let mut monitor = Monitor::of_losses(&socket)?;
            sources.push(monitor.descriptor()?);
            news = Some(monitor);
        }
        let poller = Arc::new(Poller::new(sources)?);
        Ok(Self {
            news,
            links: Vec::new(),
            refused: RejectedLogins::default(),
            socket,
            endpoints: Vec::new(),
            poller,
            ipv6: options.ipv6,
            loads: Loads::default(),
            endings: None,
            spare: Vec::new(),
        })
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Returns whether the socket requires logins.
    pub(crate) fn is_guarded(&self) -> bool {
        self.socket.security().is_guarded()
    }

    /// Adds an endpoint. Returns it with its wildcards resolved.
    pub(crate) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        let watched = endpoint.direction() == Direction::Connect && !endpoint.is_inproc();
        if watched {
            self.watch()?;
        }
        let resolved = if watched {
            let (security, refused) = (self.socket.security(), self.refused.clone());
            let mut link = OutboundConnection::new(endpoint, security, self.ipv6, refused);
            link.dial(&mut self.socket, &self.poller)?;
            self.links.push(link);
            endpoint.as_str().to_owned()
        } else {
            self.socket.open(endpoint, self.ipv6)?
        };
        self.endpoints
            .push((resolved.clone(), endpoint.direction()));
        if endpoint.is_inproc() && endpoint.direction() == Direction::Bind {
            inproc::bound(&resolved);
        }
        Ok(resolved)
    }

    /// Removes an endpoint, named as [`open`](Self::open) returned it. Returns `false` if there is no such endpoint.
    pub(crate) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        let Some(at) = self
            .endpoints
            .iter()
            .position(|(endpoint, _)| endpoint == resolved)
        else {
            return Ok(false);
        };
        let (endpoint, direction) = self.endpoints.remove(at);
        inproc::unbound(&endpoint);
        let is_link = |link: &OutboundConnection| link.endpoint().as_str() == endpoint;
        let link = match direction {
            Direction::Connect => self.links.iter().position(is_link),
            Direction::Bind => None,
        };
        match link {
            // libzmq may have dropped it already.
            Some(at) => drop(self.links.remove(at).hang_up(&mut self.socket)),
            None => self.socket.close(&endpoint, direction)?,
        }
        Ok(true)
    }

    fn watch(&mut self) -> Result<(), SocketError> {
        if self.news.is_none() {
            // Duplicated first: once a monitor exists, nothing may fail before it is read.
            let mut sources = vec![self.socket.descriptor()?];
            let mut monitor = Monitor::of_connections(&self.socket)?;
            sources.push(monitor.descriptor()?);
            self.news = Some(monitor);
            self.poller.replace(sources);
        }
        Ok(())
    }

    /// Returns when a reconnection or a step of a dialer is due, which no event announces.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.links.iter().filter_map(OutboundConnection::due).min()
    }

    /// Returns the counter of logins of this socket that were refused.
    pub(crate) fn refused(&self) -> RejectedLogins {
        self.refused.clone()
    }

    /// Closes every endpoint and waits, for a limited time, until the bound ones are free.
    pub(crate) fn close_and_release(mut self) {
        self.stop_news();
        let mut endpoints = std::mem::take(&mut self.endpoints);
        for mut link in std::mem::take(&mut self.links) {
            endpoints.retain(|(endpoint, direction)| {
                *direction == Direction::Bind || link.endpoint().as_str() != endpoint
            });
            let _ = link.hang_up(&mut self.socket);
        }
        close_and_release(&mut self.socket, &endpoints);
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    /// Sends the whole message, or returns it.
    pub(crate) fn send(&mut self, mut delivery: RoutedMessage) -> Result<(), SendError> {
        let Some(way) = &mut delivery.route.0 else {
            return Err(SendError::Gone(delivery.route));
        };
        if let Some(session) = way.peer.session {
            match self.is_over(session) {
                Ok(false) => {}
                // Another peer may have the name now, and has not sent this request.
                Ok(true) => return Err(SendError::Gone(delivery.route)),
                Err(error) => return Err(SendError::Broken(error)),
            }
        }
        let load = match self.loads.room_for(&way.peer, delivery.message.len()) {
            Ok(load) => load,
            Err(NoRoom) => return Err(SendError::Full(Box::new(delivery))),
        };
        // The peer's frame stays in the route until the message is sent, since `Full` returns the message.
        match self.socket.send(&mut way.peer.name, true) {
            Ok(()) => {}
            Err(WouldBlock::Full) => return Err(SendError::Full(Box::new(delivery))),
            Err(WouldBlock::Unreachable) => return Err(SendError::Gone(delivery.route)),
            Err(WouldBlock::Broken(error)) => return Err(SendError::Broken(error)),
        }
        for mut hop in way.hops.drain(..) {
            self.rest(&mut hop, true)?;
        }
        if let Some(way) = delivery.route.0
            && self.spare.len() < SPARES
        {
            self.spare.push(way);
        }
        if let Some(load) = load {
            delivery.message = load.carry(delivery.message);
        }
        self.rest(&mut delivery.message, false)
    }

    fn rest(&mut self, frame: &mut Message, more: bool) -> Result<(), SendError> {
        match self.socket.send(frame, more) {
            // Never fails: libzmq decides with the first frame whether it takes a message, and drops the rest if the
            // peer disconnects.
            Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => Ok(()),
            Err(WouldBlock::Broken(error)) => Err(SendError::Broken(error)),
        }
    }

    /// Handles connection events and reconnections that are due. Returns whether this changed the socket.
    fn look_after(&mut self) -> Result<bool, SocketError> {
        let mut touched = false;
        if self.news.is_some() && self.poller.take_news() {
            touched |= self.read_news()?;
        }
        for link in &mut self.links {
            if link.begin() {
                touched = true;
                if let Err(error) = link.redial(&mut self.socket, &self.poller) {
                    complain_of(link.endpoint(), &error);
                }
            }
            match link.follow(&mut self.socket, &self.poller) {
                Ok(followed) => touched |= followed,
                Err(error) => {
                    complain_of(link.endpoint(), &error);
                    touched = true;
                }
            }
        }
        Ok(touched)
    }

    fn read_news(&mut self) -> Result<bool, SocketError> {
        while let Some(news) = &mut self.news
            && let Some((event, place, number)) = news.next_in_full()?
        {
            if event == ConnectionChange::Lost
                && let Some(endings) = &mut self.endings
            {
                endings.note(number);
            }
            if event == ConnectionChange::Mismatched {
                self.socket.security().note_mismatch();
            }
            for link in &mut self.links {
                if link.is_at(&place)
                    && let Some(failure) = link.note(event, &mut self.socket, &self.poller)
                {
                    complain(link.endpoint(), failure);
                }
            }
        }
        let mut closed = false;
        for link in &mut self.links {
            if let Some(failure) = link.found(&mut self.socket) {
                complain(link.endpoint(), failure);
                closed = true;
            }
        }
        Ok(closed)
    }

    /// Returns the session of a peer that has chosen its own name, given a frame from the peer's connection.
    ///
    /// libzmq reports the end of a connection before it reuses the connection's number or the peer's name, so the
    /// monitor is read first. This costs a system call, but not for peers with names from libzmq.
    fn identify(&mut self, frame: &Message) -> Result<Option<Session>, SocketError> {
        let number = frame.connection();
        if number == 0 {
            return Ok(None);
        }
        if self.endings.is_none() {
            self.endings = Some(SessionGenerations::default());
            if self.news.is_none() {
                self.watch()?;
            }
        }
        self.read_news()?;
        Ok(self.endings.as_ref().map(|endings| endings.current(number)))
    }

    fn is_over(&mut self, session: Session) -> Result<bool, SocketError> {
        self.read_news()?;
        let endings = self.endings.as_ref();
        Ok(endings.is_some_and(|endings| endings.is_over(session)))
    }

    fn stop_news(&mut self) {
        if let Some(news) = self.news.take() {
            self.socket.stop_monitor();
            drop(news);
        }
    }

    /// Receives the next message: its body into `body`; returns its route. `None` if no message is left: only then may
    /// a thread wait on the socket.
    ///
    /// A message without a body or with an overlong route is malformed; `body` is unspecified then.
    pub(crate) fn receive(
        &mut self,
        body: &mut Message,
    ) -> Result<Option<Arrival<Route>>, SocketError> {
        let mut way = self.spare.pop().unwrap_or_default();
        // Maintenance may change the socket, and the last operation before a wait must be a receive.
        let received = self.socket.receive_into(&mut way.peer.name)?
            || self.look_after()? && self.socket.receive_into(&mut way.peer.name)?;
        if !received {
            self.spare.push(way);
            return Ok(None);
        }
        let mut more = way.peer.name.more();
        // libzmq delivers a message as the name of a peer if the peer's own name is in use.
        let (mut frames, mut too_long) = (0, way.peer.name.len() > MAX_HOP);

        while more {
            if frames > 0 {
                let hop = std::mem::take(body);
                too_long |= way.hops.len() == MAX_HOPS || hop.len() > MAX_HOP;
                if !too_long {
                    way.hops.push(hop);
                }
            }
            if !self.socket.receive_into(body)? {
                break;
            }
            frames += 1;
            more = body.more();
        }
        if frames == 0 || too_long {
            return Ok(Some(Arrival::Odd));
        }
        way.peer.session = None;
        if way.peer.is_chosen() {
            way.peer.session = self.identify(body)?;
        }
        Ok(Some(Arrival::Message(Route(Some(way)))))
    }
}

impl Drop for RouterSocket {
    fn drop(&mut self) {
        self.stop_news();
        for (endpoint, _) in &self.endpoints {
            inproc::unbound(endpoint);
        }
    }
}
