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

use super::raw::RawSocket;
use crate::log;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::idle_poller::request_maintenance;
use crate::socket::reserve::reserve;
use crate::socket::resolver::{Addresses, Lookup, look_up};
use crate::socket::{Direction, Endpoint, Poller, SocketError};

#[derive(Debug)]
pub(super) struct Dialer {
    endpoint: Endpoint,
    ipv6: bool,
    /// The endpoint that the socket is connected to, as libzmq was given it.
    dialled: Option<Endpoint>,
    /// Reserves the destination port while there is no connection.
    reserved: Option<Arc<OwnedFd>>,
    /// The name's addresses, as last resolved, and which of them is next.
    addresses: Vec<SocketAddr>,
    next_address: usize,
    /// The next step, if one is pending.
    step: DialStep,
    /// Attempts since the last connection.
    attempts: u32,
    is_connected: bool,
    /// Whether a connection was lost and none was tried since.
    was_lost: bool,
    /// Why the name cannot be resolved, until it can.
    resolve_error: Option<Arc<str>>,
}

#[derive(Debug)]
enum DialStep {
    /// Nothing to do: libzmq connects by itself.
    Idle,
    /// To resolve the name again, or to dial, at this time.
    Due(Instant),
    Resolving(Lookup),
}

/// The pause between two attempts doubles from this, as libzmq's does.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long not to dial after a connection went to itself: the server may want to bind the port.
const SELF_CONNECT_PAUSE: Duration = Duration::from_secs(1);

impl Dialer {
    pub(super) fn new(endpoint: &Endpoint, ipv6: bool) -> Self {
        Self {
            endpoint: endpoint.clone(),
            ipv6,
            dialled: None,
            reserved: None,
            addresses: Vec::new(),
            next_address: 0,
            step: DialStep::Idle,
            attempts: 0,
            is_connected: false,
            was_lost: false,
            resolve_error: None,
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
        (self.dialled, self.is_connected, self.was_lost) = (None, false, false);
        let Some((host, _)) = self.endpoint.host_name() else {
            return self.open(self.endpoint.canonical(), socket);
        };
        socket.check(Direction::Connect)?;
        let lookup = look_up(host, poller);
        if !self.addresses.is_empty() {
            // Most names keep their addresses.
            self.open_next(socket)?;
        }
        self.step = DialStep::Resolving(lookup);
        self.advance(socket, poller).map(drop)
    }

    /// Disconnects the socket.
    pub(super) fn disconnect(&mut self, socket: &mut RawSocket) -> Result<(), SocketError> {
        (self.step, self.is_connected, self.was_lost) = (DialStep::Idle, false, false);
        self.reserved = None;
        match self.dialled.take() {
            Some(dialled) => socket.close(dialled.as_str(), Direction::Connect),
            None => Ok(()),
        }
    }

    /// Ends a connection that goes to itself, before anything is sent over it.
    pub(super) fn leave_self_connection(&mut self, socket: &mut RawSocket) {
        let endpoint = self.endpoint.as_str().to_owned();
        log::line!(debug, endpoint; "no server listens there, and a connection went to itself");
        // It was connected a moment ago.
        let _ = self.disconnect(socket);
        self.wait(SELF_CONNECT_PAUSE);
    }

    pub(super) fn on_event(&mut self, event: ConnectionChange) {
        match event {
            ConnectionChange::Established => {
                (self.is_connected, self.was_lost, self.attempts) = (true, false, 0);
                self.reserved = None;
            }
            ConnectionChange::Lost => self.was_lost |= std::mem::take(&mut self.is_connected),
            // libzmq tries the same address again; a name may have others.
            ConnectionChange::Retried if self.endpoint.host_name().is_some() => {
                if !std::mem::take(&mut self.was_lost) {
                    self.next_address = self.next_address.wrapping_add(1);
                }
                if matches!(self.step, DialStep::Idle) {
                    self.pause();
                }
            }
            _ => {}
        }
        self.reserve();
    }

    /// Reserves the port while there is no connection, since the server may be down.
    fn reserve(&mut self) {
        if !self.is_connected && self.reserved.is_none() {
            let dialled = self.dialled.as_ref();
            self.reserved = dialled.and_then(Endpoint::address).and_then(reserve);
        }
    }

    fn pause(&mut self) {
        let pause = match self.attempts {
            0 => Duration::ZERO,
            attempts => PAUSE * (1 << (attempts - 1).min(10)),
        };
        self.attempts = self.attempts.saturating_add(1);
        self.wait(pause.min(PAUSE_MAX));
    }

    fn wait(&mut self, pause: Duration) {
        self.step = DialStep::Due(Instant::now() + pause);
        request_maintenance();
    }

    /// Returns when the next step is due that no event announces.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.step {
            DialStep::Due(at) => Some(at),
            DialStep::Idle | DialStep::Resolving(_) => None,
        }
    }

    /// Returns whether a step is pending.
    pub(super) fn is_pending(&self) -> bool {
        !matches!(self.step, DialStep::Idle)
    }

    /// Takes the next step, if it is due. Returns whether this changed the socket.
    pub(super) fn advance(
        &mut self,
        socket: &mut RawSocket,
        poller: &Arc<Poller>,
    ) -> Result<bool, SocketError> {
        match &self.step {
            DialStep::Idle => Ok(false),
            DialStep::Resolving(lookup) => match lookup.result().cloned() {
                Some(result) => self.use_addresses(result, socket),
                None => Ok(false),
            },
            DialStep::Due(at) if *at > Instant::now() => Ok(false),
            DialStep::Due(_) => match self.endpoint.host_name() {
                Some((host, _)) => {
                    self.step = DialStep::Resolving(look_up(host, poller));
                    self.advance(socket, poller)
                }
                None => self.open(self.endpoint.canonical(), socket).map(|()| true),
            },
        }
    }

    fn use_addresses(
        &mut self,
        result: Addresses,
        socket: &mut RawSocket,
    ) -> Result<bool, SocketError> {
        self.step = DialStep::Idle;
        let usable = result.and_then(|mut addresses| {
            addresses.retain(|address| self.ipv6 || address.is_ipv4());
            if addresses.is_empty() {
                return Err("it has no IPv4 address, see `ipv6`".into());
            }
            Ok(addresses)
        });
        match usable {
            Ok(addresses) => (self.addresses, self.resolve_error) = (addresses, None),
            Err(reason) => {
                if self.resolve_error.is_none() {
                    let endpoint = self.endpoint.as_str().to_owned();
                    let reason = log::text(&reason);
                    log::line!(warn, endpoint, reason; "a host name cannot be resolved and is retried");
                }
                self.resolve_error = Some(reason);
            }
        }
        // A connection that was established meanwhile stays. If the name had an address before, that one may still
        // work.
        if self.is_connected {
            return Ok(false);
        }
        if self.addresses.is_empty() {
            self.pause();
            return Ok(false);
        }
        self.open_next(socket)
    }

    /// Connects to the next address, unless the socket is connected to it. Returns whether this changed the socket.
    fn open_next(&mut self, socket: &mut RawSocket) -> Result<bool, SocketError> {
        let Some((_, port)) = self.endpoint.host_name() else {
            return Ok(false);
        };
        let Some(address) = self
            .addresses
            .get(self.next_address % self.addresses.len().max(1))
        else {
            return Ok(false);
        };
        let mut address = *address;
        address.set_port(port);
        let next = Endpoint::from_address(address);
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

    fn open(&mut self, endpoint: Endpoint, socket: &mut RawSocket) -> Result<(), SocketError> {
        self.step = DialStep::Idle;
        self.reserved = endpoint.address().and_then(reserve);
        match socket.open(&endpoint, endpoint.is_ipv6()) {
            Ok(_) => self.dialled = Some(endpoint),
            Err(error) => {
                self.wait(PAUSE_MAX);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Returns whether an event at `address` is about the present connection, and not about an earlier one.
    pub(super) fn is_at(&self, address: &[u8]) -> bool {
        let is_same =
            |dialled: &Endpoint| without_zone(dialled.as_str().as_bytes()) == without_zone(address);
        self.dialled.as_ref().is_some_and(is_same)
    }

    /// Returns why the name cannot be resolved, if that is why there is no connection.
    pub(super) fn resolve_failure(&self) -> Option<String> {
        let (host, _) = self
            .endpoint
            .host_name()
            .filter(|_| self.dialled.is_none())?;
        Some(match &self.resolve_error {
            Some(reason) => format!("the name `{host}` cannot be resolved: {reason}"),
            None if self.addresses.is_empty() => {
                format!("the name `{host}` could not be resolved: its name server does not answer")
            }
            None => return None,
        })
    }
}

/// Removes the zone of an IPv6 address: libzmq writes it as the interface's name, the system may write its number.
fn without_zone(address: &[u8]) -> Vec<u8> {
    let Some(zone) = address.iter().position(|byte| *byte == b'%') else {
        return address.to_vec();
    };
    let end = address[zone..].iter().position(|byte| *byte == b']');
    let end = end.map_or(address.len(), |end| zone + end);
    [&address[..zone], &address[end..]].concat()
}
