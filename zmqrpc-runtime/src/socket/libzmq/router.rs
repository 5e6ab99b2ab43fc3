//! The server's socket: any number of peers over any number of endpoints.

mod connections;
mod replier;

use std::sync::Arc;

use super::close::close_and_release;
use super::create::create;
use super::inproc;
use super::load::Loads;
use super::monitor::Monitor;
use super::outbound::OutboundConnection;
use super::raw::RawSocket;
use crate::socket::accepted_connections::AcceptedConnections;
use crate::socket::route::RouteParts;
use crate::socket::sessions::SessionGenerations;
use crate::socket::{Direction, Endpoint, Poller, RejectedLogins, SocketError, SocketOptions};

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

    fn stop_monitor(&mut self) {
        if let Some(monitor) = self.monitor.take() {
            self.socket.stop_monitor();
            drop(monitor);
        }
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
