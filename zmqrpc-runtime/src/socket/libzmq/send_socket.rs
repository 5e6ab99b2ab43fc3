//! The base of sockets that only send: any number of endpoints, bound or connected, and an orderly close.

use std::sync::Arc;

use super::close::close_and_release;
use super::inproc;
use super::monitor::Monitor;
use super::outbound::{OutboundConnection, log_refused_login};
use super::raw::RawSocket;
use crate::log;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{
    AuthFailure, Direction, Endpoint, Poller, RejectedLogins, Security, SocketError, SocketOptions,
};

pub(super) struct SendSocket {
    /// Reports connection events. Present once the socket has a connection that libzmq may abandon.
    monitor: Option<Monitor>,
    pub(super) socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    connections: Vec<ConnectedEndpoint>,
    poller: Arc<Poller>,
    ipv6: bool,
    security: Security,
    rejected_logins: RejectedLogins,
}

/// An endpoint that the socket connects to.
struct ConnectedEndpoint {
    endpoint: Endpoint,
    kind: ConnectionKind,
}

enum ConnectionKind {
    /// `inproc`, with the number of the binding that the socket is connected to. libzmq takes messages for a name that
    /// no socket has bound, and does not reconnect to one that is bound again.
    InProcess(Option<u64>),
    Network(Box<OutboundConnection>),
}

impl SendSocket {
    /// Wraps `socket`, with its monitor if it has one already.
    pub(super) fn new(
        socket: RawSocket,
        monitor: Option<Monitor>,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let mut send_side = Self {
            poller: Arc::new(Poller::new(Vec::new())?),
            monitor,
            socket,
            endpoints: Vec::new(),
            connections: Vec::new(),
            ipv6: options.ipv6,
            security: options.security.clone(),
            rejected_logins: RejectedLogins::default(),
        };
        send_side.update_poller()?;
        Ok(send_side)
    }

    fn update_poller(&mut self) -> Result<(), SocketError> {
        let mut descriptors = vec![self.socket.descriptor()?];
        if let Some(monitor) = &mut self.monitor {
            descriptors.push(monitor.descriptor()?);
        }
        self.poller.replace(descriptors);
        Ok(())
    }

    pub(super) fn poller(&self) -> Arc<Poller> {
        Arc::clone(&self.poller)
    }

    /// Returns whether the socket requires logins.
    pub(super) fn requires_login(&self) -> bool {
        self.socket.security().requires_login()
    }

    /// Adds an endpoint. Returns it with its wildcards resolved.
    pub(super) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        let direction = endpoint.direction();
        let resolved = if direction == Direction::Connect {
            self.connect(endpoint)?
        } else {
            self.socket.open(endpoint, self.ipv6)?
        };
        if endpoint.is_inproc() && direction == Direction::Bind {
            inproc::register(&resolved);
        }
        self.endpoints.push((resolved.clone(), direction));
        Ok(resolved)
    }

    fn connect(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        let mut connected = ConnectedEndpoint {
            endpoint: endpoint.clone(),
            kind: ConnectionKind::InProcess(None),
        };
        if endpoint.is_inproc() {
            connected.maintain(&mut self.socket, &self.poller)?;
        } else {
            if self.monitor.is_none() {
                self.monitor = Some(Monitor::of_connections(&self.socket)?);
                self.update_poller()?;
            }
            let rejected_logins = self.rejected_logins.clone();
            let mut outbound =
                OutboundConnection::new(endpoint, &self.security, self.ipv6, rejected_logins);
            outbound.dial(&mut self.socket, &self.poller)?;
            connected.kind = ConnectionKind::Network(Box::new(outbound));
        }
        self.connections.push(connected);
        Ok(endpoint.as_str().to_owned())
    }

    /// Removes an endpoint, named as [`open`](Self::open) returned it. Returns `false` if there is no such endpoint.
    pub(super) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        let is_named = |(endpoint, _): &(String, Direction)| endpoint == resolved;
        let Some(at) = self.endpoints.iter().position(is_named) else {
            return Ok(false);
        };
        let (endpoint, direction) = self.endpoints.remove(at);
        if direction == Direction::Bind {
            inproc::unregister(&endpoint);
        }
        let is_named = |connected: &ConnectedEndpoint| connected.endpoint.as_str() == resolved;
        let connected = match direction {
            Direction::Connect => self.connections.iter().position(is_named),
            Direction::Bind => None,
        };
        let connected = connected.map(|at| self.connections.remove(at).kind);
        match connected {
            Some(ConnectionKind::InProcess(None)) => {}
            // libzmq may have dropped it already.
            Some(ConnectionKind::Network(mut outbound)) => {
                drop(outbound.disconnect(&mut self.socket));
            }
            Some(ConnectionKind::InProcess(Some(_))) | None => {
                self.socket.close(&endpoint, direction)?;
            }
        }
        Ok(true)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    /// Makes the connections that libzmq does not make: to `inproc` names that are bound, or bound again, and those
    /// that it has abandoned. Reports all connection events to `on`. To be called from time to time.
    pub(super) fn maintain(
        &mut self,
        mut on: impl FnMut(ConnectionChange),
    ) -> Result<(), SocketError> {
        while let Some(monitor) = &mut self.monitor
            && let Some((event, address)) = monitor.next_with_address()?
        {
            if event == ConnectionChange::Mismatched {
                self.socket.security().record_mismatch();
            }
            self.on_event(event, &address);
            on(event);
        }
        let Self {
            connections,
            socket,
            poller,
            ..
        } = self;
        for connected in connections {
            if let ConnectionKind::Network(outbound) = &mut connected.kind
                && let Some(failure) = outbound.take_probe_failure(socket)
            {
                log_refused_login(&connected.endpoint, failure);
            }
            connected.maintain(socket, poller)?;
        }
        Ok(())
    }

    /// Passes an event to the connections that it is about.
    fn on_event(&mut self, event: ConnectionChange, address: &[u8]) {
        for connected in &mut self.connections {
            if let ConnectionKind::Network(outbound) = &mut connected.kind
                && outbound.is_at(address)
                && let Some(failure) = outbound.on_event(event, &mut self.socket, &self.poller)
            {
                log_refused_login(&connected.endpoint, failure);
            }
        }
    }

    /// Returns whether the socket is connected to an `inproc` name that is bound.
    pub(super) fn has_bound_inproc_peer(&self) -> bool {
        let is_bound = |connected: &ConnectedEndpoint| {
            matches!(connected.kind, ConnectionKind::InProcess(Some(_)))
        };
        self.connections.iter().any(is_bound)
    }

    /// Returns whether the socket may have to reconnect, which no event announces.
    pub(super) fn awaits_reconnect(&self) -> bool {
        self.connections
            .iter()
            .any(ConnectedEndpoint::awaits_reconnect)
    }

    /// Returns whether the owner has to call [`maintain`](Self::maintain) from time to time, since no event announces
    /// what it does.
    pub(super) fn needs_polling(&self) -> bool {
        let connections = &mut self.connections.iter();
        connections.any(|connected| match &connected.kind {
            ConnectionKind::InProcess(_) => true,
            ConnectionKind::Network(outbound) => outbound.needs_polling(),
        })
    }

    /// Shortens the back-off of refused logins, because a sender waits for a connection.
    pub(super) fn retry_login_soon(&mut self) {
        for connected in &mut self.connections {
            if let ConnectionKind::Network(outbound) = &mut connected.kind {
                outbound.retry_login_soon();
            }
        }
    }

    /// Returns why every connected peer refuses the login, if no peer can connect to this socket either. `None` if the
    /// counter of [refused logins](Self::rejected_logins) is not above `since`: the next attempt may succeed.
    pub(super) fn login_failure_since(&self, since: u64) -> Option<AuthFailure> {
        self.login_failure()
            .filter(|_| self.rejected_logins.get() > since)
    }

    /// The same, whenever the logins were refused.
    pub(super) fn login_failure(&self) -> Option<AuthFailure> {
        if self.endpoints.len() > self.connections.len() {
            return None;
        }
        let mut failures = self
            .connections
            .iter()
            .map(ConnectedEndpoint::login_failure);
        let first = failures.next()??;
        failures.all(|failure| failure.is_some()).then_some(first)
    }

    /// Returns why an endpoint's name cannot be resolved.
    pub(super) fn resolve_failure(&self) -> Option<String> {
        self.connections
            .iter()
            .find_map(|connected| match &connected.kind {
                ConnectionKind::InProcess(_) => None,
                ConnectionKind::Network(outbound) => outbound.resolve_failure(),
            })
    }

    /// Returns the counter of refused logins.
    pub(super) fn rejected_logins(&self) -> RejectedLogins {
        self.rejected_logins.clone()
    }

    /// Returns whether an `inproc` name is bound, about whose peers libzmq reports nothing.
    pub(super) fn binds_inproc(&self) -> bool {
        self.endpoints.iter().any(|(endpoint, direction)| {
            *direction == Direction::Bind && endpoint.starts_with("inproc:")
        })
    }

    fn stop_monitor(&mut self) {
        if let Some(monitor) = self.monitor.take() {
            self.socket.stop_monitor();
            drop(monitor);
        }
    }

    /// Closes every endpoint and waits, for a limited time, until the bound ones are free.
    pub(super) fn close_and_release(&mut self) {
        // A socket has one monitor at a time: the one for closed listeners replaces this one.
        self.stop_monitor();
        let mut endpoints = std::mem::take(&mut self.endpoints);
        endpoints.retain(|(_, direction)| *direction == Direction::Bind);
        // Only a bound endpoint can be of use to another socket.
        if endpoints.is_empty() {
            return;
        }
        for connected in std::mem::take(&mut self.connections) {
            match connected.kind {
                ConnectionKind::InProcess(None) => {}
                ConnectionKind::InProcess(Some(_)) => {
                    let _ = self
                        .socket
                        .close(connected.endpoint.as_str(), Direction::Connect);
                }
                ConnectionKind::Network(mut outbound) => {
                    drop(outbound.disconnect(&mut self.socket));
                }
            }
        }
        close_and_release(&mut self.socket, &endpoints);
    }
}

impl ConnectedEndpoint {
    /// Returns why the last login was refused. `None` if it was not, or another attempt is under way.
    fn login_failure(&self) -> Option<AuthFailure> {
        match &self.kind {
            ConnectionKind::InProcess(_) => None,
            ConnectionKind::Network(outbound) => outbound.login_failure(),
        }
    }

    fn awaits_reconnect(&self) -> bool {
        matches!(&self.kind, ConnectionKind::Network(outbound) if outbound.due().is_some())
    }

    /// Connects or reconnects, if that is due.
    fn maintain(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        let text = self.endpoint.as_str();
        match &mut self.kind {
            ConnectionKind::InProcess(binding) => {
                let now = inproc::binding(text);
                if now == *binding {
                    return Ok(());
                }
                if binding.take().is_some() {
                    // Fails if libzmq has already noticed that the peer has gone.
                    let _ = socket.close(text, Direction::Connect);
                }
                if now.is_some() {
                    socket.open(&self.endpoint, false)?;
                    *binding = now;
                }
            }
            ConnectionKind::Network(outbound) => {
                let was_refused = outbound.login_failure().is_some();
                if outbound.should_reconnect() {
                    if !was_refused {
                        let endpoint = text.to_owned();
                        log::line!(warn, endpoint; "a connection was abandoned and is made again");
                    }
                    outbound.redial(socket, poller)?;
                }
                outbound.advance(socket, poller)?;
            }
        }
        Ok(())
    }
}

impl Drop for SendSocket {
    fn drop(&mut self) {
        self.stop_monitor();
        for (endpoint, direction) in &self.endpoints {
            if *direction == Direction::Bind {
                inproc::unregister(endpoint);
            }
        }
    }
}
