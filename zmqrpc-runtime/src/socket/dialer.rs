//! Where one connection goes: to the endpoint's address or, where that has a host's name, to those that the name has.
//!
//! libzmq gets addresses alone. It makes a connection again by itself, to the same one; each time that it does, the name is
//! looked up anew, and the connection moves to where the name has moved, or to the next of several addresses.
//!
//! It also keeps connections from going to themselves, by reserving the port that they are to; and it leaves those that do
//! so in spite of that, before anything is sent over them.

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
    /// What the socket is told to be connected to.
    dialled: Option<Endpoint>,
    /// Keeps its port free while there is no connection.
    reserved: Option<Arc<OwnedFd>>,
    /// What the name stood for when it was last looked up, and which of them it is the turn of.
    known: Vec<SocketAddr>,
    turn: usize,
    /// The next step, if there is one to take.
    step: DialStep,
    /// Steps since there was a connection.
    steps: u32,
    up: bool,
    /// There was a connection, and no other was tried since.
    lost: bool,
    /// Why the name has no address, until it has one.
    failure: Option<Arc<str>>,
}

#[derive(Debug)]
enum DialStep {
    /// What there is to do, libzmq does.
    Rest,
    /// To ask again, or to dial.
    Due(Instant),
    Asked(Lookup),
}

/// Between two steps: as libzmq waits between two tries.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long a port is left alone from which a connection went to itself: its server may want to come back.
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

    /// What the socket is told to be connected to.
    pub(super) fn dialled(&self) -> Option<&Endpoint> {
        self.dialled.as_ref()
    }

    /// Connects the socket, which is not yet; or does so as soon as it is known where to. `poller` is told of that.
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
            // Most names stay where they are.
            self.open_next(socket)?;
        }
        self.step = DialStep::Asked(lookup);
        self.follow(socket, poller).map(drop)
    }

    /// Leaves where it is connected to.
    pub(super) fn hang_up(&mut self, socket: &mut RawSocket) -> Result<(), SocketError> {
        (self.step, self.up, self.lost) = (DialStep::Rest, false, false);
        self.reserved = None;
        match self.dialled.take() {
            Some(dialled) => socket.close(dialled.as_str(), Direction::Connect),
            None => Ok(()),
        }
    }

    /// The connection goes to itself, and nothing was sent over it.
    pub(super) fn step_aside(&mut self, socket: &mut RawSocket) {
        let endpoint = self.endpoint.as_str().to_owned();
        log::line!(debug, endpoint; "nobody listens there, and a connection went to itself");
        // It was there a moment ago.
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
            // libzmq tries the same address again.
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

    /// While nobody is connected, the server may be away.
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

    /// When there is something to do, of which nothing tells.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.step {
            DialStep::Due(at) => Some(at),
            DialStep::Rest | DialStep::Asked(_) => None,
        }
    }

    /// There is something to do, now or later.
    pub(super) fn is_at_work(&self) -> bool {
        !matches!(self.step, DialStep::Rest)
    }

    /// Takes the next step, if it is time to. Whether it did something to the socket.
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
        // A connection that has come about meanwhile is left alone; and where the name had an address, that may still do.
        if self.up {
            return Ok(false);
        }
        if self.known.is_empty() {
            self.pause();
            return Ok(false);
        }
        self.open_next(socket)
    }

    /// Connects to the address whose turn it is, unless it is connected to that.
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
                // libzmq may have given it up already.
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

    /// Whether an event happened where it is connected to; what is told of another place is over.
    pub(super) fn is_at(&self, place: &[u8]) -> bool {
        let at =
            |dialled: &Endpoint| without_zone(dialled.as_str().as_bytes()) == without_zone(place);
        self.dialled.as_ref().is_some_and(at)
    }

    /// Why there is no connection, if it is for the name.
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

/// libzmq names the interface of a zone, the system may number it.
fn without_zone(place: &[u8]) -> Vec<u8> {
    let Some(zone) = place.iter().position(|byte| *byte == b'%') else {
        return place.to_vec();
    };
    let end = place[zone..].iter().position(|byte| *byte == b']');
    let end = end.map_or(place.len(), |end| zone + end);
    [&place[..zone], &place[end..]].concat()
}
