//! The server's socket: any number of peers over any number of endpoints.

use std::sync::{Arc, LazyLock};

use super::monitor::{Connection, Monitor};
use super::raw::{RawSocket, Refused};
use super::shut::shut;
use super::{Arrival, Direction, Endpoint, Message, Options, SocketError, Waiter, inproc};

/// A connected peer, as the socket names it. Means nothing outside of this process.
pub(crate) type PeerId = Message;

/// The way back to a caller: the peer, and whatever devices between put in front of the message.
///
/// Behind a pointer, as it is handed on often and looked at rarely.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Route(Option<Box<Way>>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Way {
    peer: PeerId,
    hops: Vec<Message>,
}

/// What peer a way to nowhere leads to. None is named like that: every name has a byte or more.
static NOBODY: LazyLock<PeerId> = LazyLock::new(Message::new);

impl Route {
    /// The way back of what wants no answer.
    pub(crate) fn nowhere() -> Self {
        Self(None)
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.0.is_none()
    }

    /// A way that no socket knows.
    #[cfg(test)]
    pub(crate) fn made_up(peer: &str, hops: &[&str]) -> Self {
        let frame = |text: &str| Message::copy_of(text.as_bytes());
        Self(Some(Box::new(Way {
            peer: frame(peer),
            hops: hops.iter().map(|hop| frame(hop)).collect(),
        })))
    }

    pub(crate) fn peer(&self) -> &PeerId {
        self.0.as_ref().map_or(&NOBODY, |way| &way.peer)
    }

    /// The same peer, over the same devices.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The way ends with an empty frame: a REQ socket may be at its end.
    pub(crate) fn ends_with_delimiter(&self) -> bool {
        let hops = self.0.as_ref().map(|way| &way.hops);
        hops.and_then(|hops| hops.last())
            .is_some_and(|hop| hop.is_empty())
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
    /// What the next message's way is received into.
    spare: Option<Box<Way>>,
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
            spare: None,
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
        let Some(way) = &mut delivery.route.0 else {
            return Err(Unsent::Gone(delivery.route));
        };
        // The peer's frame is kept until the message has gone, since a refusal must give it back.
        match self.socket.send(&mut way.peer, true) {
            Ok(()) => {}
            Err(Refused::Full) => return Err(Unsent::Full(Box::new(delivery))),
            Err(Refused::Unreachable) => return Err(Unsent::Gone(delivery.route)),
            Err(Refused::Broken(error)) => return Err(Unsent::Broken(error)),
        }
        for mut hop in way.hops.drain(..) {
            self.rest(&mut hop, true)?;
        }
        self.spare = delivery.route.0;
        self.rest(&mut delivery.message, false)
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
        let mut way = self.spare.take().unwrap_or_default();
        if !self.socket.receive_into(&mut way.peer)? {
            self.spare = Some(way);
            if self.reports.is_some() && self.waiter.take_news() {
                self.read_reports()?;
            }
            return Ok(None);
        }
        let mut more = way.peer.more();
        let mut message = Message::new();
        let (mut frames, mut too_long) = (0, false);
        while more {
            if frames > 0 {
                let hop = std::mem::take(&mut message);
                too_long |= way.hops.len() == MAX_HOPS || hop.len() > MAX_HOP;
                if !too_long {
                    way.hops.push(hop);
                }
            }
            if !self.socket.receive_into(&mut message)? {
                break;
            }
            frames += 1;
            more = message.more();
        }
        if frames == 0 || too_long {
            return Ok(Some(Arrival::Odd));
        }
        let route = Route(Some(way));
        Ok(Some(Arrival::Message(Delivery { route, message })))
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
