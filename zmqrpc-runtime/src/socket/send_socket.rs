//! The base of sockets that only send: any number of endpoints, bound or connected, and an orderly close.

use std::sync::Arc;

use super::close::close_and_release;
use super::monitor::{ConnectionChange, Monitor};
use super::outbound::{OutboundConnection, complain};
use super::raw::RawSocket;
use super::{
    AuthFailure, Direction, Endpoint, Poller, RejectedLogins, Security, SocketError, SocketOptions,
    inproc,
};
use crate::log;

pub(super) struct SendSocket {
    /// Reports connection events. Present once the socket has a connection that libzmq may abandon.
    monitor: Option<Monitor>,
    pub(super) socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    connections: Vec<ConnectedEndpoint>,
    poller: Arc<Poller>,
    ipv6: bool,
    security: Security,
    refused: RejectedLogins,
}

/// An endpoint that the socket connects to.
struct ConnectedEndpoint {
    endpoint: Endpoint,
    kind: Via,
}

enum Via {
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
            refused: RejectedLogins::default(),
        };
        send_side.wait_for_both()?;
        Ok(send_side)
    }

    fn wait_for_both(&mut self) -> Result<(), SocketError> {
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
    pub(super) fn is_guarded(&self) -> bool {
        self.socket.security().is_guarded()
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
            inproc::bound(&resolved);
        }
        self.endpoints.push((resolved.clone(), direction));
        Ok(resolved)
    }

    fn connect(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        let mut connected = ConnectedEndpoint {
            endpoint: endpoint.clone(),
            kind: Via::InProcess(None),
        };
        if endpoint.is_inproc() {
            connected.look_after(&mut self.socket, &self.poller)?;
        } else {
            if self.monitor.is_none() {
                self.monitor = Some(Monitor::of_connections(&self.socket)?);
                self.wait_for_both()?;
            }
            let refused = self.refused.clone();
            let mut outbound =
                OutboundConnection::new(endpoint, &self.security, self.ipv6, refused);
            outbound.dial(&mut self.socket, &self.poller)?;
            connected.kind = Via::Network(Box::new(outbound));
        }
        self.connections.push(connected);
        Ok(endpoint.as_str().to_owned())
    }

    /// Removes an endpoint, named as [`open`](Self::open) returned it. Returns `false` if there is no such endpoint.
    pub(super) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        let is_it = |(endpoint, _): &(String, Direction)| endpoint == resolved;
        let Some(at) = self.endpoints.iter().position(is_it) else {
            return Ok(false);
        };
        let (endpoint, direction) = self.endpoints.remove(at);
        if direction == Direction::Bind {
            inproc::unbound(&endpoint);
        }
        let is_link = |connected: &ConnectedEndpoint| connected.endpoint.as_str() == resolved;
        let connected = match direction {
            Direction::Connect => self.connections.iter().position(is_link),
            Direction::Bind => None,
        };
        let connected = connected.map(|at| self.connections.remove(at).kind);
        match connected {
            Some(Via::InProcess(None)) => {}
            // libzmq may have dropped it already.
            Some(Via::Network(mut outbound)) => drop(outbound.hang_up(&mut self.socket)),
            Some(Via::InProcess(Some(_))) | None => self.socket.close(&endpoint, direction)?,
        }
        Ok(true)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    /// Makes the connections that libzmq does not make: to `inproc` names that are bound, or bound again, and those
    /// that it has abandoned. Reports all connection events to `on`. To be called from time to time.
    pub(super) fn look_after(
        &mut self,
        mut on: impl FnMut(ConnectionChange),
    ) -> Result<(), SocketError> {
        while let Some(monitor) = &mut self.monitor
            && let Some((event, place)) = monitor.next_with_place()?
        {
            if event == ConnectionChange::Mismatched {
                self.socket.security().note_mismatch();
            }
            self.note(event, &place);
            on(event);
        }
        let Self {
            connections,
            socket,
            poller,
            ..
        } = self;
        for connected in connections {
            if let Via::Network(outbound) = &mut connected.kind
                && let Some(failure) = outbound.found(socket)
            {
                complain(&connected.endpoint, failure);
            }
            connected.look_after(socket, poller)?;
        }
        Ok(())
    }

    /// Passes an event to the connections that it is about.
    fn note(&mut self, event: ConnectionChange, place: &[u8]) {
        for connected in &mut self.connections {
            if let Via::Network(outbound) = &mut connected.kind
                && outbound.is_at(place)
                && let Some(failure) = outbound.note(event, &mut self.socket, &self.poller)
            {
                complain(&connected.endpoint, failure);
            }
        }
    }

    /// Returns whether the socket is connected to an `inproc` name that is bound.
    pub(super) fn is_linked(&self) -> bool {
        let is_bound =
            |connected: &ConnectedEndpoint| matches!(connected.kind, Via::InProcess(Some(_)));
        self.connections.iter().any(is_bound)
    }

    /// Returns whether the socket may have to reconnect, which no event announces.
    pub(super) fn is_cut(&self) -> bool {
        self.connections.iter().any(ConnectedEndpoint::is_cut)
    }

    /// Returns whether the owner has to call [`maintain`](Self::maintain) from time to time, since no event announces
    /// what it does.
    pub(super) fn must_look(&self) -> bool {
        let connections = &mut self.connections.iter();
        connections.any(|connected| match &connected.kind {
            Via::InProcess(_) => true,
            Via::Network(outbound) => outbound.must_look(),
        })
    }

    /// Shortens the back-off of refused logins, because a sender waits for a connection.
    pub(super) fn hurry(&mut self) {
        for connected in &mut self.connections {
            if let Via::Network(outbound) = &mut connected.kind {
                outbound.hurry();
            }
        }
    }

    /// Returns why every connected peer refuses the login, if no peer can connect to this socket either. `None` if the
    /// counter of [refused logins](Self::rejected_logins) is not above `since`: the next attempt may succeed.
    pub(super) fn denial_since(&self, since: u64) -> Option<AuthFailure> {
        self.failure().filter(|_| self.refused.get() > since)
    }

    /// The same, whenever the logins were refused.
    pub(super) fn failure(&self) -> Option<AuthFailure> {
        if self.endpoints.len() > self.connections.len() {
            return None;
        }
        let mut denials = self.connections.iter().map(ConnectedEndpoint::failure);
        let first = denials.next()??;
        denials.all(|failure| failure.is_some()).then_some(first)
    }

    /// Returns why an endpoint's name cannot be resolved.
    pub(super) fn obstacle(&self) -> Option<String> {
        self.connections
            .iter()
            .find_map(|connected| match &connected.kind {
                Via::InProcess(_) => None,
                Via::Network(outbound) => outbound.obstacle(),
            })
    }

    /// Returns the counter of refused logins.
    pub(super) fn refused(&self) -> RejectedLogins {
        self.refused.clone()
    }

    /// Returns whether an `inproc` name is bound, about whose peers libzmq reports nothing.
    pub(super) fn is_bound_within(&self) -> bool {
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
                Via::InProcess(None) => {}
                Via::InProcess(Some(_)) => {
                    let _ = self
                        .socket
                        .close(connected.endpoint.as_str(), Direction::Connect);
                }
                Via::Network(mut outbound) => drop(outbound.hang_up(&mut self.socket)),
            }
        }
        close_and_release(&mut self.socket, &endpoints);
    }
}

impl ConnectedEndpoint {
    /// Returns why the last login was refused. `None` if it was not, or another attempt is under way.
    fn failure(&self) -> Option<AuthFailure> {
        match &self.kind {
            Via::InProcess(_) => None,
            Via::Network(outbound) => outbound.failure(),
        }
    }

    fn is_cut(&self) -> bool {
        matches!(&self.kind, Via::Network(outbound) if outbound.due().is_some())
    }

    /// Connects or reconnects, if that is due.
    fn look_after(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        let text = self.endpoint.as_str();
        match &mut self.kind {
            Via::InProcess(binding) => {
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
            Via::Network(outbound) => {
                let refused = outbound.failure().is_some();
                if outbound.begin() {
                    if !refused {
                        let endpoint = text.to_owned();
                        log::line!(warn, endpoint; "a connection was given up and is made again");
                    }
                    outbound.redial(socket, poller)?;
                }
                outbound.follow(socket, poller)?;
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
                inproc::unbound(endpoint);
            }
        }
    }
}
