//! What sockets that only send have in common: any number of endpoints, of either direction, and a clean end.

use std::sync::Arc;

use super::raw::RawSocket;
use super::shut::shut;
use super::{Direction, Endpoint, Options, SocketError, Waiter, inproc};

pub(super) struct Outlet {
    pub(super) socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    links: Vec<Link>,
    waiter: Arc<Waiter>,
    ipv6: bool,
}

/// A connection to an `inproc` name. libzmq takes messages for a name that nobody has bound, and does not connect again
/// to one that is bound again.
struct Link {
    endpoint: Endpoint,
    /// The binding that the socket is connected to.
    binding: Option<u64>,
}

impl Outlet {
    /// `waiter` waits for `socket`.
    pub(super) fn new(socket: RawSocket, waiter: Waiter, options: &Options) -> Self {
        Self {
            socket,
            endpoints: Vec::new(),
            links: Vec::new(),
            waiter: Arc::new(waiter),
            ipv6: options.ipv6,
        }
    }

    pub(super) fn waiter(&self) -> Arc<Waiter> {
        Arc::clone(&self.waiter)
    }

    /// Adds an endpoint; answers it with its wildcards resolved.
    pub(super) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        let direction = endpoint.direction();
        let resolved = if endpoint.is_inproc() && direction == Direction::Connect {
            self.links.push(Link {
                endpoint: endpoint.clone(),
                binding: None,
            });
            self.look()?;
            endpoint.as_str().to_owned()
        } else {
            endpoint.check_free()?;
            self.socket.open(endpoint, self.ipv6)?
        };
        if endpoint.is_inproc() && direction == Direction::Bind {
            inproc::bound(&resolved);
        }
        self.endpoints.push((resolved.clone(), direction));
        Ok(resolved)
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
        let is_link = |link: &Link| link.endpoint.as_str() == resolved;
        if direction == Direction::Connect
            && let Some(at) = self.links.iter().position(is_link)
            && self.links.remove(at).binding.is_none()
        {
            return Ok(true);
        }
        self.socket.close(&endpoint, direction).map(|()| true)
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    /// Connects to `inproc` names that have been bound, or bound again. Nothing tells of them: they have to be looked
    /// for now and then.
    pub(super) fn look(&mut self) -> Result<(), SocketError> {
        for link in &mut self.links {
            let now = inproc::binding(link.endpoint.as_str());
            if now == link.binding {
                continue;
            }
            if link.binding.take().is_some() {
                // It fails when libzmq has noticed already that the other side is gone.
                let _ = self
                    .socket
                    .close(link.endpoint.as_str(), Direction::Connect);
            }
            if now.is_some() {
                self.socket.open(&link.endpoint, false)?;
                link.binding = now;
            }
        }
        Ok(())
    }

    /// Whether an `inproc` name is connected to that somebody has bound.
    pub(super) fn is_linked(&self) -> bool {
        self.links.iter().any(|link| link.binding.is_some())
    }

    pub(super) fn must_look(&self) -> bool {
        !self.links.is_empty()
    }

    /// Whether an `inproc` name is bound, of whose peers libzmq reports nothing.
    pub(super) fn is_bound_within(&self) -> bool {
        self.endpoints.iter().any(|(endpoint, direction)| {
            *direction == Direction::Bind && endpoint.starts_with("inproc:")
        })
    }

    /// Leaves every endpoint and waits, though not long, until they are free for others.
    pub(super) fn shut(&mut self) {
        let mut endpoints = std::mem::take(&mut self.endpoints);
        let links = std::mem::take(&mut self.links);
        endpoints.retain(|(endpoint, _)| {
            let unbound =
                |link: &Link| link.endpoint.as_str() == endpoint && link.binding.is_none();
            !links.iter().any(unbound)
        });
        // Nobody else can want what was only connected.
        if endpoints
            .iter()
            .any(|(_, direction)| *direction == Direction::Bind)
        {
            shut(&mut self.socket, &endpoints);
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        for (endpoint, direction) in &self.endpoints {
            if *direction == Direction::Bind {
                inproc::unbound(endpoint);
            }
        }
    }
}

/// A socket that is neither bound nor connected yet.
pub(super) fn socket(kind: zmq::SocketType, options: &Options) -> Result<RawSocket, SocketError> {
    let socket = RawSocket::new(kind, options)?;
    // As for a ROUTER: keeps raw TCP bytes out.
    let set = SocketError::of("setting a socket option");
    socket.options().set_zap_domain("zmqrpc").map_err(set)?;
    Ok(socket)
}
