//! The server's socket: any number of peers over any number of endpoints.

use std::sync::Arc;

use super::close::close_and_release;
use super::create::create;
use super::frame::Frame;
use super::inproc;
use super::load::{Loads, NoRoom};
use super::monitor::Monitor;
use super::outbound::{OutboundConnection, log_failed_connection, log_refused_login};
use super::raw::{RawSocket, WouldBlock};
use crate::clock::Instant;
use crate::socket::accepted_connections::AcceptedConnections;
use crate::socket::arrival::Arrival;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::replier::{Replier, SendError, WatchedConnection};
use crate::socket::route::{Route, RouteParts, RoutedMessage};
use crate::socket::sessions::{Session, SessionGenerations};
use crate::socket::upkeep::Upkeep;
use crate::socket::{Direction, Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

/// The largest routing frame, in bytes. ZeroMQ's routing ids are no longer.
const MAX_HOP: usize = 255;

/// Devices that a message may pass at most. No realistic topology has more.
const MAX_HOPS: usize = 16;

/// Routes that are kept for reuse. Replies to queued calls come in bursts, and allocators with small caches are slow
/// with so many.
const MAX_SPARE_ROUTES: usize = 256;

/// A ROUTER.
pub(crate) struct RouterSocket {
    /// On a socket that requires logins: reports logins that fail before they are verified. On one that connects:
    /// reports connection events.
    monitor: Option<Monitor>,
    /// The endpoints that it connects to, except `inproc`.
    connections: Vec<OutboundConnection>,
    rejected_logins: RejectedLogins,
    socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    poller: Arc<Poller>,
    ipv6: bool,
    /// Who has connected, if that is watched.
    accepted: Option<AcceptedConnections>,
    /// Bytes that libzmq holds, by peer.
    loads: Loads,
    /// Present once a peer has chosen its own name.
    sessions: Option<SessionGenerations>,
    /// Routes for the next messages.
    #[expect(clippy::vec_box, reason = "routes own their parts boxed")]
    spare_routes: Vec<Box<RouteParts>>,
}

impl RouterSocket {
    pub(crate) fn new(options: &SocketOptions) -> Result<Self, SocketError> {
        let socket = create(zmq::ROUTER, options)?;
        let set = SocketError::of("setting a socket option");
        // Otherwise libzmq drops a reply to a full or unknown peer, and the send "succeeds"
        // (<https://github.com/zeromq/libzmq/issues/2348>).
        socket.options().set_router_mandatory(true).map_err(&set)?;
        let mut sources = vec![socket.descriptor()?];
        let mut monitor = None;
        if options.security.requires_login() {
            let mut losses = Monitor::of_losses(&socket)?;
            sources.push(losses.descriptor()?);
            monitor = Some(losses);
        }
        let poller = Arc::new(Poller::new(sources)?);
        Ok(Self {
            monitor,
            connections: Vec::new(),
            rejected_logins: RejectedLogins::default(),
            socket,
            endpoints: Vec::new(),
            poller,
            ipv6: options.ipv6,
            accepted: None,
            loads: Loads::default(),
            sessions: None,
            spare_routes: Vec::new(),
        })
    }

    pub(crate) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Returns whether the socket requires logins.
    pub(crate) fn requires_login(&self) -> bool {
        self.socket.security().requires_login()
    }

    /// Adds an endpoint. Returns it with its wildcards resolved.
    pub(crate) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        let is_dialled = endpoint.direction() == Direction::Connect && !endpoint.is_inproc();
        if is_dialled {
            self.start_monitor()?;
        }
        let resolved = if is_dialled {
            let (security, rejected_logins) =
                (self.socket.security(), self.rejected_logins.clone());
            let mut connection =
                OutboundConnection::new(endpoint, security, self.ipv6, rejected_logins);
            connection.dial(&mut self.socket, &self.poller)?;
            self.connections.push(connection);
            endpoint.as_str().to_owned()
        } else {
            self.socket.open(endpoint, self.ipv6)?
        };
        self.endpoints
            .push((resolved.clone(), endpoint.direction()));
        if endpoint.is_inproc() && endpoint.direction() == Direction::Bind {
            inproc::register(&resolved);
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
        inproc::unregister(&endpoint);
        let is_named = |connection: &OutboundConnection| connection.endpoint().as_str() == endpoint;
        let connection = match direction {
            Direction::Connect => self.connections.iter().position(is_named),
            Direction::Bind => None,
        };
        match connection {
            // libzmq may have dropped it already.
            Some(at) => drop(self.connections.remove(at).disconnect(&mut self.socket)),
            None => self.socket.close(&endpoint, direction)?,
        }
        Ok(true)
    }

    /// Watches who connects, from now on. To be called before anybody can.
    pub(crate) fn watch_connections(&mut self) -> Result<(), SocketError> {
        self.stop_monitor();
        self.accepted = Some(AcceptedConnections::default());
        self.monitor_by(Monitor::of_accepted)
    }

    fn start_monitor(&mut self) -> Result<(), SocketError> {
        if self.monitor.is_none() {
            self.monitor_by(Monitor::of_connections)?;
        }
        Ok(())
    }

    fn monitor_by(
        &mut self,
        monitor: impl FnOnce(&RawSocket) -> Result<Monitor, SocketError>,
    ) -> Result<(), SocketError> {
        // Duplicated first: once a monitor exists, nothing may fail before it is read.
        let mut sources = vec![self.socket.descriptor()?];
        let mut monitor = monitor(&self.socket)?;
        sources.push(monitor.descriptor()?);
        self.monitor = Some(monitor);
        self.poller.replace(sources);
        Ok(())
    }

    /// Returns the counter of logins of this socket that were refused.
    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        self.rejected_logins.clone()
    }

    /// Closes every endpoint and waits, for a limited time, until the bound ones are free.
    pub(crate) fn close_and_release(mut self) {
        self.stop_monitor();
        let mut endpoints = std::mem::take(&mut self.endpoints);
        for mut connection in std::mem::take(&mut self.connections) {
            endpoints.retain(|(endpoint, direction)| {
                *direction == Direction::Bind || connection.endpoint().as_str() != endpoint
            });
            let _ = connection.disconnect(&mut self.socket);
        }
        close_and_release(&mut self.socket, &endpoints);
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    fn send_rest(&mut self, frame: &mut Frame, more: bool) -> Result<(), SendError> {
        match self.socket.send(frame, more) {
            // Never fails: libzmq decides with the first frame whether it takes a message, and drops the rest if the
            // peer disconnects.
            Ok(()) | Err(WouldBlock::Full | WouldBlock::Unreachable) => Ok(()),
            Err(WouldBlock::Broken(error)) => Err(SendError::Broken(error)),
        }
    }

    /// Handles connection events and reconnections that are due. Returns whether this changed the socket.
    fn maintain(&mut self) -> Result<bool, SocketError> {
        let mut changed = false;
        if self.monitor.is_some() && self.poller.take_monitor_pending() {
            changed |= self.read_monitor()?;
        }
        for connection in &mut self.connections {
            if connection.should_reconnect() {
                changed = true;
                if let Err(error) = connection.redial(&mut self.socket, &self.poller) {
                    log_failed_connection(connection.endpoint(), &error);
                }
            }
            match connection.advance(&mut self.socket, &self.poller) {
                Ok(advanced) => changed |= advanced,
                Err(error) => {
                    log_failed_connection(connection.endpoint(), &error);
                    changed = true;
                }
            }
        }
        Ok(changed)
    }

    fn read_monitor(&mut self) -> Result<bool, SocketError> {
        while let Some(monitor) = &mut self.monitor
            && let Some((event, address, number)) = monitor.next_in_full()?
        {
            if let Some(accepted) = &mut self.accepted {
                match event {
                    ConnectionChange::Accepted => accepted.accept(number),
                    ConnectionChange::Lost => accepted.lose(number),
                    _ => {}
                }
            }
            if event == ConnectionChange::Lost
                && let Some(sessions) = &mut self.sessions
            {
                sessions.record_end(number);
            }
            if event == ConnectionChange::Mismatched {
                self.socket.security().record_mismatch();
            }
            for connection in &mut self.connections {
                if connection.is_at(&address)
                    && let Some(failure) =
                        connection.on_event(event, &mut self.socket, &self.poller)
                {
                    log_refused_login(connection.endpoint(), failure);
                }
            }
        }
        let mut closed = false;
        for connection in &mut self.connections {
            if let Some(failure) = connection.take_probe_failure(&mut self.socket) {
                log_refused_login(connection.endpoint(), failure);
                closed = true;
            }
        }
        Ok(closed)
    }

    /// Returns the session of a peer that has chosen its own name, given a frame from the peer's connection.
    ///
    /// libzmq reports the end of a connection before it reuses the connection's number or the peer's name, so the
    /// monitor is read first. This costs a system call, but not for peers with names from libzmq.
    fn session_of(&mut self, frame: &Frame) -> Result<Option<Session>, SocketError> {
        let number = frame.connection_number();
        if number == 0 {
            return Ok(None);
        }
        if self.sessions.is_none() {
            self.sessions = Some(SessionGenerations::default());
            if self.monitor.is_none() {
                self.start_monitor()?;
            }
        }
        self.read_monitor()?;
        Ok(self
            .sessions
            .as_ref()
            .map(|sessions| sessions.current(number)))
    }

    fn has_ended(&mut self, session: Session) -> Result<bool, SocketError> {
        self.read_monitor()?;
        let sessions = self.sessions.as_ref();
        Ok(sessions.is_some_and(|sessions| sessions.has_ended(session)))
    }

    fn stop_monitor(&mut self) {
        if let Some(monitor) = self.monitor.take() {
            self.socket.stop_monitor();
            drop(monitor);
        }
    }
}

impl Replier for RouterSocket {
    fn receive(&mut self, body: &mut Frame) -> Result<Option<Arrival<Route>>, SocketError> {
        let mut parts = self.spare_routes.pop().unwrap_or_default();
        // Maintenance may change the socket, and the last operation before a wait must be a receive.
        let received = self.socket.receive_into(&mut parts.peer.name)?
            || self.maintain()? && self.socket.receive_into(&mut parts.peer.name)?;
        if !received {
            self.spare_routes.push(parts);
            return Ok(None);
        }
        let mut more = parts.peer.name.more();
        // libzmq delivers a message as the name of a peer if the peer's own name is in use.
        let (mut frames, mut too_long) = (0, parts.peer.name.len() > MAX_HOP);

        while more {
            if frames > 0 {
                let hop = std::mem::take(body);
                too_long |= parts.hops.len() == MAX_HOPS || hop.len() > MAX_HOP;
                if !too_long {
                    parts.hops.push(hop);
                }
            }
            if !self.socket.receive_into(body)? {
                break;
            }
            frames += 1;
            more = body.more();
        }
        if frames == 0 || too_long {
            return Ok(Some(Arrival::Malformed));
        }
        parts.peer.session = None;
        if parts.peer.has_chosen_name() {
            parts.peer.session = self.session_of(body)?;
        }
        Ok(Some(Arrival::Message(Route(Some(parts)))))
    }

    fn send(&mut self, mut delivery: RoutedMessage) -> Result<(), SendError> {
        let Some(parts) = &mut delivery.route.0 else {
            return Err(SendError::Gone(Box::new(delivery)));
        };
        if let Some(session) = parts.peer.session {
            match self.has_ended(session) {
                Ok(false) => {}
                // Another peer may have the name now, and has not sent this request.
                Ok(true) => return Err(SendError::Gone(Box::new(delivery))),
                Err(error) => return Err(SendError::Broken(error)),
            }
        }
        let load = match self.loads.room_for(&parts.peer, delivery.message.len()) {
            Ok(load) => load,
            Err(NoRoom) => return Err(SendError::Full(Box::new(delivery))),
        };
        // The peer's frame stays in the route until the message is sent, since `Full` returns the message.
        match self.socket.send(&mut parts.peer.name, true) {
            Ok(()) => {}
            Err(WouldBlock::Full) => return Err(SendError::Full(Box::new(delivery))),
            Err(WouldBlock::Unreachable) => return Err(SendError::Gone(Box::new(delivery))),
            Err(WouldBlock::Broken(error)) => return Err(SendError::Broken(error)),
        }
        for mut hop in parts.hops.drain(..) {
            self.send_rest(&mut hop, true)?;
        }
        if let Some(parts) = delivery.route.0
            && self.spare_routes.len() < MAX_SPARE_ROUTES
        {
            self.spare_routes.push(parts);
        }
        if let Some(load) = load {
            delivery.message = load.track(delivery.message);
        }
        self.send_rest(&mut delivery.message, false)
    }

    fn connection_of(&mut self, frame: &Frame) -> Result<WatchedConnection, SocketError> {
        let number = frame.connection_number();
        // libzmq reports that it has accepted a connection before it reads from it.
        self.read_monitor()?;
        Ok(match &self.accepted {
            Some(accepted) if number != 0 => match accepted.serial(number) {
                Some(serial) => WatchedConnection::Open(serial),
                None => WatchedConnection::Lost,
            },
            _ => WatchedConnection::Unwatched,
        })
    }

    fn take_losses(&mut self) -> Vec<u64> {
        let accepted = self.accepted.as_mut();
        accepted
            .map(AcceptedConnections::take_lost)
            .unwrap_or_default()
    }
}

impl Upkeep for RouterSocket {
    fn expect_events(&mut self) {
        self.poller.set_monitor_pending();
    }

    fn expects_events(&self) -> bool {
        self.poller.is_monitor_pending()
    }

    fn due(&self) -> Option<Instant> {
        self.connections
            .iter()
            .filter_map(OutboundConnection::due)
            .min()
    }
}

impl Drop for RouterSocket {
    fn drop(&mut self) {
        self.stop_monitor();
        for (endpoint, _) in &self.endpoints {
            inproc::unregister(endpoint);
        }
    }
}
