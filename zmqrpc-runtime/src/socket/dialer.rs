//! The dialer of one connection: connects to the endpoint's address or, if the endpoint has a host name, to one of the
//! name's addresses.
//!
//! libzmq is given addresses only, and reconnects to the same one. Each time it does, the dialer resolves the name
//! again, and moves the connection to the name's new address or to the next of several.
//!
//! The dialer also prevents connections that go to themselves, by reserving the destination port, and ends those that
//! occur in spite of that before anything is sent over them.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::idle_poller::notice_due;
use super::monitor::ConnectionChange;
use super::raw::RawSocket;
use super::reserve::reserve;
use super::resolver::{Addresses, Lookup, look_up};
use super::{Direction, Endpoint, Poller, SocketError};
use crate::log;

#[derive(Debug)]
pub(super) struct Dialer {
    endpoint: Endpoint,
    ipv6: bool,
    /// The endpoint that the socket is connected to, as libzmq was given it.
    dialled: Option<Endpoint>,
    /// Reserves the destination port while there is no connection.
    reserved: Option<Arc<OwnedFd>>,
    /// The name's addresses, as last resolved, and which of them is next.
    known: Vec<SocketAddr>,
    turn: usize,
    /// The next step, if one is pending.
    step: DialStep,
    /// Attempts since the last connection.
    steps: u32,
    up: bool,
    /// Whether a connection was lost and none was tried since.
    lost: bool,
    /// Why the name cannot be resolved, until it can.
    failure: Option<Arc<str>>,
}

#[derive(Debug)]
enum DialStep {
    /// Nothing to do: libzmq connects by itself.
    Rest,
    /// To resolve the name again, or to dial, at this time.
    Due(Instant),
    Asked(Lookup),
}

/// The pause between two attempts doubles from this, as libzmq's does.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long not to dial after a connection went to itself: the server may want to bind the port.
const ASIDE: Duration = Duration::from_secs(1);

impl Dialer {
    pub(super) fn new(endpoint: &Endpoint, ipv6: bool) -> Self {
        Self {
            endpoint: endpoint.clone(),
            ipv6,
            dialled: None,
            reserved: None,
            known: Vec::new(),
            turn: 0,
            step: DialStep::Rest,
            steps: 0,
            up: false,
            lost: false,
            failure: None,
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The endpoint that the socket is connected to, as libzmq was given it.
    pub(super) fn dialled(&self) -> Option<&Endpoint> {
        self.dialled.as_ref()
    }

    /// Connects the socket, which must not be connected, at once or as soon as the name is resolved. The lookup wakes
    /// `poller`, and [`advance`](Self::advance) then connects.
    pub(super) fn dial(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<(), SocketError> {
        (self.dialled, self.up, self.lost) = (None, false, false);
        let Some((host, _)) = self.endpoint.name() else {
            return self.open(self.endpoint.canonical(), socket);
        };
        socket.check(Direction::Connect)?;
        let lookup = look_up(host, poller);
        if !self.known.is_empty() {
            // Most names keep their addresses.
            self.open_next(socket)?;
        }
        self.step = DialStep::Asked(lookup);
        self.follow(socket, poller).map(drop)
    }

    /// Disconnects the socket.
    pub(super) fn hang_up(&mut self, socket: &mut RawSocket) -> Result<(), SocketError> {
        (self.step, self.up, self.lost) = (DialStep::Rest, false, false);
        self.reserved = None;
        match self.dialled.take() {
            Some(dialled) => socket.close(dialled.as_str(), Direction::Connect),
            None => Ok(()),
        }
    }

    /// Ends a connection that goes to itself, before anything is sent over it.
    pub(super) fn step_aside(&mut self, socket: &mut RawSocket) {
        let endpoint = self.endpoint.as_str().to_owned();
        log::line!(debug, endpoint; "nobody listens there, and a connection went to itself");
        // It was connected a moment ago.
        let _ = self.hang_up(socket);
        self.wait(ASIDE);
    }

    pub(super) fn note(&mut self, event: ConnectionChange) {
        match event {
            ConnectionChange::Established => {
                (self.up, self.lost, self.steps) = (true, false, 0);
                self.reserved = None;
            }
            ConnectionChange::Lost => self.lost |= std::mem::take(&mut self.up),
            // libzmq tries the same address again; a name may have others.
            ConnectionChange::Retried if self.endpoint.name().is_some() => {
                if !std::mem::take(&mut self.lost) {
                    self.turn = self.turn.wrapping_add(1);
                }
                if matches!(self.step, DialStep::Rest) {
                    self.pause();
                }
            }
            _ => {}
        }
        self.reserve();
    }

    /// Reserves the port while there is no connection, since the server may be down.
    fn reserve(&mut self) {
        if !self.up && self.reserved.is_none() {
            let dialled = self.dialled.as_ref();
            self.reserved = dialled.and_then(Endpoint::address).and_then(reserve);
        }
    }

    fn pause(&mut self) {
        let pause = match self.steps {
            0 => Duration::ZERO,
            steps => PAUSE * (1 << (steps - 1).min(10)),
        };
        self.steps = self.steps.saturating_add(1);
        self.wait(pause.min(PAUSE_MAX));
    }

    fn wait(&mut self, pause: Duration) {
        self.step = DialStep::Due(Instant::now() + pause);
        notice_due();
    }

    /// Returns when the next step is due that no event announces.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.step {
            DialStep::Due(at) => Some(at),
            DialStep::Rest | DialStep::Asked(_) => None,
        }
    }

    /// Returns whether a step is pending.
    pub(super) fn is_at_work(&self) -> bool {
        !matches!(self.step, DialStep::Rest)
    }

    /// Takes the next step, if it is due. Returns whether this changed the socket.
    pub(super) fn follow(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<bool, SocketError> {
        match &self.step {
            DialStep::Rest => Ok(false),
            DialStep::Asked(lookup) => match lookup.answer().cloned() {
                Some(answer) => self.learn(answer, socket),
                None => Ok(false),
            },
            DialStep::Due(at) if *at > Instant::now() => Ok(false),
            DialStep::Due(_) => match self.endpoint.name() {
                Some((host, _)) => {
                    self.step = DialStep::Asked(look_up(host, poller));
                    self.follow(socket, poller)
                }
                None => self.open(self.endpoint.canonical(), socket).map(|()| true),
            },
        }
    }

    fn learn(&mut self, answer: Addresses, socket: &mut RawSocket) -> Result<bool, SocketError> {
        self.step = DialStep::Rest;
        let usable = answer.and_then(|mut addresses| {
            addresses.retain(|address| self.ipv6 || address.is_ipv4());
            if addresses.is_empty() {
                return Err("it has no IPv4 address, see `ipv6`".into());
            }
            Ok(addresses)
        });
        match usable {
            Ok(addresses) => (self.known, self.failure) = (addresses, None),
            Err(reason) => {
                if self.failure.is_none() {
                    let endpoint = self.endpoint.as_str().to_owned();
                    let reason = log::text(&reason);
                    log::line!(warn, endpoint, reason; "a host's name cannot be resolved, it is tried again");
                }
                self.failure = Some(reason);
            }
        }
        // A connection that was established meanwhile stays. If the name had an address before, that one may still
        // work.
        if self.up {
            return Ok(false);
        }
        if self.known.is_empty() {
            self.pause();
            return Ok(false);
        }
        self.open_next(socket)
    }

    /// Connects to the next address, unless the socket is connected to it. Returns whether this changed the socket.
    fn open_next(&mut self, socket: &mut RawSocket) -> Result<bool, SocketError> {
        let Some((_, port)) = self.endpoint.name() else {
            return Ok(false);
        };
        let Some(address) = self.known.get(self.turn % self.known.len().max(1)) else {
            return Ok(false);
        };
        let mut address = *address;
        address.set_port(port);
        let next = Endpoint::at(address);
        match self.dialled.take() {
            Some(dialled) if dialled == next => {
                self.dialled = Some(dialled);
                return Ok(false);
            }
            Some(dialled) => {
                // libzmq may have dropped it already.
                let _ = socket.close(dialled.as_str(), Direction::Connect);
            }
            None => {}
        }
        self.open(next, socket).map(|()| true)
    }

    fn open(&mut self, at: Endpoint, socket: &mut RawSocket) -> Result<(), SocketError> {
        self.step = DialStep::Rest;
        self.reserved = at.address().and_then(reserve);
        match socket.open(&at, at.is_ipv6()) {
            Ok(_) => self.dialled = Some(at),
            Err(error) => {
                self.wait(PAUSE_MAX);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Returns whether an event at `address` is about the present connection, and not about an earlier one.
    pub(super) fn is_at(&self, place: &[u8]) -> bool {
        let at =
            |dialled: &Endpoint| without_zone(dialled.as_str().as_bytes()) == without_zone(place);
        self.dialled.as_ref().is_some_and(at)
    }

    /// Returns why the name cannot be resolved, if that is why there is no connection.
    pub(super) fn obstacle(&self) -> Option<String> {
        let (host, _) = self.endpoint.name().filter(|_| self.dialled.is_none())?;
        Some(match &self.failure {
            Some(reason) => format!("the name `{host}` cannot be resolved: {reason}"),
            None if self.known.is_empty() => {
                format!("the name `{host}` could not be resolved: its name server does not answer")
            }
            None => return None,
        })
    }
}

/// Removes the zone of an IPv6 address: libzmq writes it as the interface's name, the system may write its number.
fn without_zone(place: &[u8]) -> Vec<u8> {
    let Some(zone) = place.iter().position(|byte| *byte == b'%') else {
        return place.to_vec();
    };
    let end = place[zone..].iter().position(|byte| *byte == b']');
    let end = end.map_or(place.len(), |end| zone + end);
    [&place[..zone], &place[end..]].concat()
}
