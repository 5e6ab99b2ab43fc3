//! The server's socket: any number of peers over any number of endpoints.

use std::sync::Arc;

use super::monitor::{Connection, Monitor};
use super::raw::{RawSocket, Refused};
use super::shut::shut;
use super::{Arrival, Direction, Endpoint, Message, Options, SocketError, Waiter, inproc};

/// A connected peer, as the socket names it. Means nothing outside of this process.
pub(crate) type PeerId = Message;

/// The way back to a caller: the peer, and whatever devices between put in front of the message.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Route {
    peer: PeerId,
    hops: Vec<Message>,
}

impl Route {
    /// The way back of what wants no answer. No peer is named like that: every name has a byte or more.
    pub(crate) fn nowhere() -> Self {
        Self {
            peer: Message::new(),
            hops: Vec::new(),
        }
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.peer.is_empty()
    }

    /// A way that no socket knows.
    #[cfg(test)]
    pub(crate) fn made_up(peer: &str, hops: &[&str]) -> Self {
        let frame = |text: &str| Message::copy_of(text.as_bytes());
        Self {
            peer: frame(peer),
            hops: hops.iter().map(|hop| frame(hop)).collect(),
        }
    }

    pub(crate) fn peer(&self) -> &PeerId {
        &self.peer
    }

    /// The same peer, over the same devices.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.peer == other.peer && self.hops == other.hops
    }

    /// The way ends with an empty frame: a REQ socket may be at its end.
    pub(crate) fn ends_with_delimiter(&self) -> bool {
        self.hops.last().is_some_and(|hop| hop.is_empty())
    }
}

/// A message and where it came from.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) route: Route,
    pub(crate) message: Message,
}

/// Why a message was not taken; full gives it back.
#[derive(Debug)]
pub(crate) enum Unsent {
    Full(Box<Delivery>),
    /// The peer has left, or never was.
    Gone(Route),
    Broken(SocketError),
}

/// Bytes of what one device puts in front of a message. ZeroMQ's routing ids have no more.
const MAX_HOP: usize = 255;

/// Devices that a message may pass. A longer route is not one that anybody builds.
const MAX_HOPS: usize = 16;

/// A ROUTER.
pub(crate) struct Router {
    /// Of a guarded one: tells who never got as far as to be asked.
    reports: Option<Monitor>,
    socket: RawSocket,
    endpoints: Vec<(String, Direction)>,
    waiter: Arc<Waiter>,
    ipv6: bool,
}

impl Router {
    pub(crate) fn new(options: &Options) -> Result<Self, SocketError> {
        let socket = RawSocket::new(zmq::ROUTER, options)?;
        let set = SocketError::of("setting a socket option");
        // Without it a reply to a full or unknown peer is dropped and the send "succeeds"
        // (<https://github.com/zeromq/libzmq/issues/2348>).
        socket.options().set_router_mandatory(true).map_err(&set)?;
        let mut sources = vec![socket.descriptor()?];
        let mut reports = None;
        if options.security.is_guarded() {
            let monitor = Monitor::of_refusals(&socket)?;
            sources.push(monitor.descriptor()?);
            reports = Some(monitor);
        }
        let waiter = Arc::new(Waiter::new(sources)?);
        Ok(Self {
            reports,
            socket,
            endpoints: Vec::new(),
            waiter,
            ipv6: options.ipv6,
        })
    }

    pub(crate) fn waiter(&self) -> Arc<Waiter> {
        Arc::clone(&self.waiter)
    }

    /// Adds an endpoint; answers it with its wildcards resolved.
    pub(crate) fn open(&mut self, endpoint: &Endpoint) -> Result<String, SocketError> {
        endpoint.check_free()?;
        let resolved = self.socket.open(endpoint, self.ipv6)?;
        self.endpoints
            .push((resolved.clone(), endpoint.direction()));
        if endpoint.is_inproc() && endpoint.direction() == Direction::Bind {
            inproc::bound(&resolved);
        }
        Ok(resolved)
    }

    /// Removes an endpoint, named as [`open`](Self::open) answered it. `false` if there is none.
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
        self.socket.close(&endpoint, direction)?;
        Ok(true)
    }

    /// Leaves every endpoint and waits, though not long, until they are free for others.
    pub(crate) fn shut(mut self) {
        self.stop_reports();
        shut(&mut self.socket, &std::mem::take(&mut self.endpoints));
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|(endpoint, _)| endpoint.as_str())
    }

    /// Takes the message whole, or gives it back whole.
    pub(crate) fn send(&mut self, mut delivery: Delivery) -> Result<(), Unsent> {
        // The peer's frame is kept until the message has gone, since a refusal must give it back.
        match self.socket.send(&mut delivery.route.peer, true) {
            Ok(()) => {}
            Err(Refused::Full) => return Err(Unsent::Full(Box::new(delivery))),
            Err(Refused::Unreachable) => return Err(Unsent::Gone(delivery.route)),
            Err(Refused::Broken(error)) => return Err(Unsent::Broken(error)),
        }
        let Delivery { route, mut message } = delivery;
        for mut hop in route.hops {
            self.rest(&mut hop, true)?;
        }
        self.rest(&mut message, false)
    }

    fn rest(&mut self, frame: &mut Message, more: bool) -> Result<(), Unsent> {
        match self.socket.send(frame, more) {
            // Never refused: libzmq decides over a message with its first frame, and drops the rest if the peer leaves.
            Ok(()) | Err(Refused::Full | Refused::Unreachable) => Ok(()),
            Err(Refused::Broken(error)) => Err(Unsent::Broken(error)),
        }
    }

    fn read_reports(&mut self) -> Result<(), SocketError> {
        while let Some(reports) = &mut self.reports
            && let Some(event) = reports.next()?
        {
            if event == Connection::Mismatched {
                self.socket.security().note_mismatch();
            }
        }
        Ok(())
    }

    fn stop_reports(&mut self) {
        if let Some(reports) = self.reports.take() {
            self.socket.stop_monitor();
            drop(reports);
        }
    }

    /// The next message, or nothing when all have been taken. After nothing the socket may be waited on.
    ///
    /// One without a body or with an absurd route is odd.
    pub(crate) fn receive(&mut self) -> Result<Option<Arrival<Delivery>>, SocketError> {
        let Some(peer) = self.socket.receive()? else {
            if self.reports.is_some() && self.waiter.take_news() {
                self.read_reports()?;
            }
            return Ok(None);
        };
        let mut more = peer.more();
        let mut hops = Vec::new();
        let mut last = None;
        let mut too_long = false;
        while more {
            let Some(frame) = self.socket.receive()? else {
                break;
            };
            more = frame.more();
            if let Some(hop) = last.replace(frame) {
                too_long |= hops.len() == MAX_HOPS || hop.len() > MAX_HOP;
                if !too_long {
                    hops.push(hop);
                }
            }
        }
        Ok(Some(match last {
            Some(message) if !too_long => Arrival::Message(Delivery {
                route: Route { peer, hops },
                message,
            }),
            _ => Arrival::Odd,
        }))
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.stop_reports();
        for (endpoint, _) in &self.endpoints {
            inproc::unbound(endpoint);
        }
    }
}
