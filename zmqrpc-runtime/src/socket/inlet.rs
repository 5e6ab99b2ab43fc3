//! What sockets that only receive have in common: one endpoint each, whole messages, a clean end.

use std::sync::Arc;

use super::raw::RawSocket;
use super::shut::shut;
use super::{Direction, Endpoint, Message, Options, SocketError, Waiter, inproc};

/// A message of as many frames as were expected, or none of it.
///
/// What does not fit is answered one by one, too: a peer that sends nothing else must not keep its reader in a loop.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival<T> {
    Message(T),
    /// Too many frames or too few.
    Odd,
}

impl<T> Arrival<T> {
    pub(super) fn map<U>(self, map: impl FnOnce(T) -> U) -> Arrival<U> {
        match self {
            Self::Message(message) => Arrival::Message(map(message)),
            Self::Odd => Arrival::Odd,
        }
    }
}

pub(super) struct Inlet {
    pub(super) socket: RawSocket,
    address: Address,
    waiter: Arc<Waiter>,
}

/// Where the socket is; forgotten when it goes.
struct Address {
    resolved: String,
    direction: Direction,
}

impl Inlet {
    /// Binds or connects a new socket.
    pub(super) fn open(
        mut socket: RawSocket,
        endpoint: &Endpoint,
        ipv6: bool,
    ) -> Result<Self, SocketError> {
        let waiter = Arc::new(Waiter::new(vec![socket.descriptor()?])?);
        endpoint.check_free()?;
        let address = Address {
            resolved: socket.open(endpoint, ipv6)?,
            direction: endpoint.direction(),
        };
        if endpoint.is_inproc() && endpoint.direction() == Direction::Bind {
            inproc::bound(&address.resolved);
        }
        Ok(Self {
            socket,
            address,
            waiter,
        })
    }

    /// The endpoint, with its wildcards resolved.
    pub(super) fn endpoint(&self) -> &str {
        &self.address.resolved
    }

    pub(super) fn waiter(&self) -> Arc<Waiter> {
        Arc::clone(&self.waiter)
    }

    /// Goes on with another socket, which is at the same endpoint. Whoever waits notices.
    pub(super) fn replace(&mut self, socket: RawSocket) -> Result<(), SocketError> {
        self.waiter.replace(vec![socket.descriptor()?]);
        self.socket = socket;
        Ok(())
    }

    /// The frames of the next message; those beyond `N` are dropped, and the message with them.
    pub(super) fn receive<const N: usize>(
        &mut self,
    ) -> Result<Option<Arrival<[Message; N]>>, SocketError> {
        let mut frames = [const { None }; N];
        let mut count = 0;
        loop {
            let Some(frame) = self.socket.receive()? else {
                // Frames of one message arrive together: only the first can be missing.
                return Ok((count > 0).then_some(Arrival::Odd));
            };
            let more = frame.more();
            if let Some(place) = frames.get_mut(count) {
                *place = Some(frame);
            }
            count += 1;
            if !more {
                break;
            }
        }
        if count != N {
            return Ok(Some(Arrival::Odd));
        }
        Ok(Some(Arrival::Message(
            frames.map(Option::unwrap_or_default),
        )))
    }

    /// Closes the socket and frees its endpoint.
    pub(super) fn shut(&mut self) {
        let Address {
            resolved,
            direction,
        } = &self.address;
        shut(&mut self.socket, &[(resolved.clone(), *direction)]);
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        if self.direction == Direction::Bind {
            inproc::unbound(&self.resolved);
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
