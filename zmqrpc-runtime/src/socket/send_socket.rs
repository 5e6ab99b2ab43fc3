//! What sockets that only send have in common: any number of endpoints, of either direction, and a clean end.

use std::sync::Arc;

use super::close::shut;
use super::monitor::{ConnectionChange, Monitor};
use super::outbound::{OutboundConnection, complain};
use super::raw::RawSocket;
use super::{
    AuthFailure, Direction, Endpoint, Poller, RejectedLogins, Security, SocketError, SocketOptions,
    inproc,
};
use crate::log;

pub(super) struct SendSocket {
    /// Tells of connections, as soon as there may be one that libzmq gives up.
    monitor: Option<Monitor>,
    pub(super) socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    links: Vec<ConnectedEndpoint>,
    waiter: Arc<Poller>,
    ipv6: bool,
    security: Security,
    refused: RejectedLogins,
}

/// An endpoint that is connected to.
struct ConnectedEndpoint {
    endpoint: Endpoint,
    way: Way,
}

enum Way {
    /// Within the process: the binding that the socket is connected to. libzmq takes messages for a name that nobody
    /// has bound, and does not connect again to one that is bound again.
    Within(Option<u64>),
    Abroad(Box<OutboundConnection>),
}

impl SendSocket {
    /// `monitor` is the socket's, if there is one already.
    pub(super) fn new(
        socket: RawSocket,
        monitor: Option<Monitor>,
        options: &SocketOptions,
    ) -> Result<Self, SocketError> {
        let mut outlet = Self {
            waiter: Arc::new(Poller::new(Vec::new())?),
            monitor,
            socket,
            endpoints: Vec::new(),
            links: Vec::new(),
            ipv6: options.ipv6,
            security: options.security.clone(),
            refused: RejectedLogins::default(),
        };
        outlet.wait_for_both()?;
        Ok(outlet)
    }

    fn wait_for_both(&mut self) -> Result<(), SocketError> {
        let mut descriptors = vec![self.socket.descriptor()?];
        if let Some(monitor) = &mut self.monitor {
            descriptors.push(monitor.descriptor()?);
        }
        self.waiter.replace(descriptors);
        Ok(())
    }

    pub(super) fn waiter(&self) -> Arc<Poller> {
        Arc::clone(&self.waiter)
    }

    /// Whether it asks for logins.
    pub(super) fn is_guarded(&self) -> bool {
        self.socket.security().is_guarded()
    }

    /// Adds an endpoint; answers it with its wildcards resolved.
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
        let mut link = ConnectedEndpoint {
            endpoint: endpoint.clone(),
            way: Way::Within(None),
        };
        if endpoint.is_inproc() {
            link.tend(&mut self.socket, &self.waiter)?;
        } else {
            if self.monitor.is_none() {
                self.monitor = Some(Monitor::of_connections(&self.socket)?);
                self.wait_for_both()?;
            }
            let refused = self.refused.clone();
            let mut approach =
                OutboundConnection::new(endpoint, &self.security, self.ipv6, refused);
            approach.dial(&mut self.socket, &self.waiter)?;
            link.way = Way::Abroad(Box::new(approach));
        }
        self.links.push(link);
        Ok(endpoint.as_str().to_owned())
    }

    /// Removes an endpoint, named as [`open`](Self::open) answered it. `false` if there is none.
    pub(super) fn close(&mut self, resolved: &str) -> Result<bool, SocketError> {
        let is_it = |(endpoint, _): &(String, Direction)| endpoint == resolved;
        let Some(at) = self.endpoints.iter().position(is_it) else {
            return Ok(false);
        };
        let (endpoint, direction) = self.endpoints.remove(at);
        if direction == Direction::Bind {
            inproc::unbound(&endpoint);
        }
        let is_link = |link: &ConnectedEndpoint| link.endpoint.as_str() == resolved;
        let link = match direction {
            Direction::Connect => self.links.iter().position(is_link),
            Direction::Bind => None,
        };
        let link = link.map(|at| self.links.remove(at).way);
        match link {
            Some(Way::Within(None)) => {}
            // libzmq may have given it up already.
            Some(Way::Abroad(mut approach)) => drop(approach.hang_up(&mut self.socket)),
            Some(Way::Within(Some(_))) | None => self.socket.close(&endpoint, direction)?,
        }
        Ok(true)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    /// Makes the connections that libzmq does not make: to `inproc` names that have been bound, or bound again, and those
    /// that it has given up. Tells `on` what has happened to all others. To be called now and then.
    pub(super) fn tend(&mut self, mut on: impl FnMut(ConnectionChange)) -> Result<(), SocketError> {
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
            links,
            socket,
            waiter,
            ..
        } = self;
        for link in links {
            if let Way::Abroad(approach) = &mut link.way
                && let Some(denial) = approach.found(socket)
            {
                complain(&link.endpoint, denial);
            }
            link.tend(socket, waiter)?;
        }
        Ok(())
    }

    /// Finds the connections that an event is about.
    fn note(&mut self, event: ConnectionChange, place: &[u8]) {
        for link in &mut self.links {
            if let Way::Abroad(approach) = &mut link.way
                && approach.is_at(place)
                && let Some(denial) = approach.note(event, &mut self.socket, &self.waiter)
            {
                complain(&link.endpoint, denial);
            }
        }
    }

    /// Whether an `inproc` name is connected to that somebody has bound.
    pub(super) fn is_linked(&self) -> bool {
        let is_bound = |link: &ConnectedEndpoint| matches!(link.way, Way::Within(Some(_)));
        self.links.iter().any(is_bound)
    }

    /// A connection may have to be made again, of which nothing tells.
    pub(super) fn is_cut(&self) -> bool {
        self.links.iter().any(ConnectedEndpoint::is_cut)
    }

    /// Nothing tells when there is something to [tend](Self::tend).
    pub(super) fn must_look(&self) -> bool {
        let links = &mut self.links.iter();
        links.any(|link| match &link.way {
            Way::Within(_) => true,
            Way::Abroad(approach) => approach.must_look(),
        })
    }

    /// Somebody waits for a connection: logins that were refused are tried again soon.
    pub(super) fn hurry(&mut self) {
        for link in &mut self.links {
            if let Way::Abroad(approach) = &mut link.way {
                approach.hurry();
            }
        }
    }

    /// Why nobody can be reached: everybody who is connected to refuses the login, and nobody can come. What was known to
    /// somebody who has seen `since` so many refusals is none: the next try may go well.
    pub(super) fn denial_since(&self, since: u64) -> Option<AuthFailure> {
        self.denial().filter(|_| self.refused.get() > since)
    }

    /// The same, whenever that was.
    pub(super) fn denial(&self) -> Option<AuthFailure> {
        if self.endpoints.len() > self.links.len() {
            return None;
        }
        let mut denials = self.links.iter().map(ConnectedEndpoint::denial);
        let first = denials.next()??;
        denials.all(|denial| denial.is_some()).then_some(first)
    }

    /// Why nobody can be reached, if it is for an endpoint's name.
    pub(super) fn obstacle(&self) -> Option<String> {
        self.links.iter().find_map(|link| match &link.way {
            Way::Within(_) => None,
            Way::Abroad(approach) => approach.obstacle(),
        })
    }

    /// How often a login of this socket's was refused.
    pub(super) fn refused(&self) -> RejectedLogins {
        self.refused.clone()
    }

    /// Whether an `inproc` name is bound, of whose peers libzmq reports nothing.
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

    /// Leaves every endpoint and waits, though not long, until they are free for others.
    pub(super) fn shut(&mut self) {
        // One monitor at a time: that which tells of the endpoints' end takes its place.
        self.stop_monitor();
        let mut endpoints = std::mem::take(&mut self.endpoints);
        endpoints.retain(|(_, direction)| *direction == Direction::Bind);
        // Nobody else can want what was only connected.
        if endpoints.is_empty() {
            return;
        }
        for link in std::mem::take(&mut self.links) {
            match link.way {
                Way::Within(None) => {}
                Way::Within(Some(_)) => {
                    let _ = self
                        .socket
                        .close(link.endpoint.as_str(), Direction::Connect);
                }
                Way::Abroad(mut approach) => drop(approach.hang_up(&mut self.socket)),
            }
        }
        shut(&mut self.socket, &endpoints);
    }
}

impl ConnectedEndpoint {
    /// Why the last login was refused, if it was and no other is under way.
    fn denial(&self) -> Option<AuthFailure> {
        match &self.way {
            Way::Within(_) => None,
            Way::Abroad(approach) => approach.denial(),
        }
    }

    fn is_cut(&self) -> bool {
        matches!(&self.way, Way::Abroad(approach) if approach.due().is_some())
    }

    /// Connects, if it is time to.
    fn tend(&mut self, socket: &mut RawSocket, waiter: &Arc<Poller>) -> Result<(), SocketError> {
        let text = self.endpoint.as_str();
        match &mut self.way {
            Way::Within(binding) => {
                let now = inproc::binding(text);
                if now == *binding {
                    return Ok(());
                }
                if binding.take().is_some() {
                    // It fails when libzmq has noticed already that the other side is gone.
                    let _ = socket.close(text, Direction::Connect);
                }
                if now.is_some() {
                    socket.open(&self.endpoint, false)?;
                    *binding = now;
                }
            }
            Way::Abroad(approach) => {
                let refused = approach.denial().is_some();
                if approach.begin() {
                    if !refused {
                        let endpoint = text.to_owned();
                        log::line!(warn, endpoint; "a connection was given up and is made again");
                    }
                    approach.redial(socket, waiter)?;
                }
                approach.follow(socket, waiter)?;
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
