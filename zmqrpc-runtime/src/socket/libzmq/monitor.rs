//! The connection events of one socket.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{getpeername, getsockname, sockopt::set_socket_linger};

use super::descriptor::borrowed;
use super::frame::Frame;
use super::raw::RawSocket;
use crate::socket::connection_change::ConnectionChange;
use crate::socket::{Direction, Endpoint, SocketError};

/// Reads connection events. libzmq's I/O thread writes them into a PAIR with blocking sends, so a slow reader would
/// stall every socket of the process: the reading end has no high-water mark, and only rare events are enabled.
pub(super) struct Monitor {
    pair: RawSocket,
    /// The descriptor, until a caller takes it.
    descriptor: Option<OwnedFd>,
}

const CHANGES: i32 = CONNECTED | DISCONNECTED | RETRIED | SUCCEEDED;
const CONNECTIONS: i32 = CHANGES | FAILED_PROTOCOL | FAILED_AUTH | FAILED_WITHOUT_DETAIL;

// As in zmq.h; the crate `zmq-sys` lacks the last four. A handshake fails without detail if the peer breaks it off, as
// a server does that is shutting down: libzmq retries.
const CONNECTED: i32 = 0x0001;
const ACCEPTED: i32 = 0x0020;
const RETRIED: i32 = 0x0004;
const CLOSED: i32 = 0x0080;
const DISCONNECTED: i32 = 0x0200;
const FAILED_WITHOUT_DETAIL: i32 = 0x0800;
const SUCCEEDED: i32 = 0x1000;
const FAILED_PROTOCOL: i32 = 0x2000;
const FAILED_AUTH: i32 = 0x4000;
const CRYPTOGRAPHIC: u32 = 0x1100_0001;
const MECHANISM_MISMATCH: u32 = 0x1100_0002;

static NAMES: AtomicU64 = AtomicU64::new(0);

impl Monitor {
    /// Monitors the connections of a socket. Must be called before the socket connects, or the first event is lost.
    pub(super) fn of_connections(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, CONNECTIONS)
    }

    /// Monitors what is needed to count the peers of a socket. Must be called before the socket binds or connects.
    pub(super) fn of_peers(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, CONNECTIONS)
    }

    /// Monitors these, and the connections that peers make. Must be called before the socket binds.
    pub(super) fn of_accepted(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, CONNECTIONS | ACCEPTED)
    }

    /// Monitors logins that fail before they are verified. Must be called before the socket binds.
    pub(super) fn of_refusals(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, FAILED_PROTOCOL)
    }

    /// Monitors these, and lost connections.
    pub(super) fn of_losses(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, FAILED_PROTOCOL | DISCONNECTED)
    }

    /// Monitors these, and established connections.
    pub(super) fn of_changes(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, FAILED_PROTOCOL | DISCONNECTED | SUCCEEDED)
    }

    /// Monitors closed listeners. Must be called before the socket unbinds.
    pub(super) fn of_closings(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, CLOSED)
    }

    fn new(socket: &RawSocket, events: i32) -> Result<Self, SocketError> {
        let failed = SocketError::of("opening a monitor");
        let name = format!(
            "inproc://zmqrpc.monitor.{}",
            NAMES.fetch_add(1, Ordering::Relaxed)
        );
        let endpoint = Endpoint::parse(&name, Direction::Connect).map_err(|reason| {
            SocketError::io("opening a monitor", &std::io::Error::other(reason))
        })?;
        // First what may fail for lack of descriptors: a monitor without a reader stalls the I/O thread at the next
        // event.
        let mut pair = socket.pair()?;
        pair.options().set_rcvhwm(0).map_err(&failed)?;
        let descriptor = Some(pair.descriptor()?);
        socket.options().monitor(&name, events).map_err(&failed)?;
        pair.open(&endpoint, false)?;
        Ok(Self { pair, descriptor })
    }

    /// Returns the descriptor to wait on. The first call cannot fail: creating the monitor has reserved the descriptor.
    pub(super) fn descriptor(&mut self) -> Result<OwnedFd, SocketError> {
        match self.descriptor.take() {
            Some(descriptor) => Ok(descriptor),
            None => self.pair.descriptor(),
        }
    }

    /// Returns the next event. `None` if there is none.
    pub(super) fn next(&mut self) -> Result<Option<ConnectionChange>, SocketError> {
        Ok(self.next_with_address()?.map(|(event, _)| event))
    }

    /// Returns the next event and its address.
    pub(super) fn next_with_address(
        &mut self,
    ) -> Result<Option<(ConnectionChange, Frame)>, SocketError> {
        Ok(self
            .next_in_full()?
            .map(|(event, address, _)| (event, address)))
    }

    /// Returns the next event, its address and its value.
    ///
    /// The address is the endpoint that the socket was given or, once libzmq has resolved a host name, the resolved
    /// one; for peers of a bound endpoint, it is the remote one. The value of one that was accepted or
    /// lost is its [number](Frame::connection_number).
    pub(super) fn next_in_full(
        &mut self,
    ) -> Result<Option<(ConnectionChange, Frame, u32)>, SocketError> {
        while let Some(head) = self.pair.receive()? {
            let mut address = Frame::new();
            let mut more = head.more();
            while more {
                address = self.pair.receive()?.unwrap_or_default();
                more = address.more();
            }
            let Some((code, value)) = head.split_first_chunk::<2>() else {
                continue;
            };
            let number = value.first_chunk().copied().map(u32::from_ne_bytes);
            let event = match i32::from(u16::from_ne_bytes(*code)) {
                CONNECTED if is_to_itself(value) => ConnectionChange::SelfConnected,
                ACCEPTED => ConnectionChange::Accepted,
                SUCCEEDED => ConnectionChange::Established,
                DISCONNECTED => ConnectionChange::Lost,
                FAILED_PROTOCOL
                    if value == MECHANISM_MISMATCH.to_ne_bytes()
                        || value == CRYPTOGRAPHIC.to_ne_bytes() =>
                {
                    ConnectionChange::Mismatched
                }
                FAILED_PROTOCOL => ConnectionChange::NotZmtp,
                FAILED_AUTH => ConnectionChange::LoginRefused,
                RETRIED => ConnectionChange::Retried,
                FAILED_WITHOUT_DETAIL => ConnectionChange::BrokenOff,
                CLOSED => ConnectionChange::ListenerClosed,
                // The end of monitoring, when the socket closes.
                _ => continue,
            };
            return Ok(Some((event, address, number.unwrap_or_default())));
        }
        Ok(None)
    }
}

/// Returns whether the connection of this descriptor has the same address at both ends. If so, sets its linger so that
/// closing it leaves no state that blocks the port.
fn is_to_itself(descriptor: &[u8]) -> bool {
    let number = descriptor.try_into().map(i32::from_ne_bytes);
    let Some(number) = number.ok().filter(|number| *number >= 0) else {
        return false;
    };
    let to_itself = || {
        // Duplicated, since libzmq may close the descriptor meanwhile and its number be reused: all calls below are
        // about one connection.
        let connection = fcntl_dupfd_cloexec(borrowed(number), 0)?;
        let here = SocketAddr::try_from(getsockname(&connection)?);
        let there = getpeername(&connection)?.map(SocketAddr::try_from);
        // TCP only: both ends of a pair of unix sockets have the same, empty address.
        let is_one = here.is_ok_and(|here| there == Some(Ok(here)));
        if is_one {
            set_socket_linger(&connection, Some(Duration::ZERO))?;
        }
        Ok::<_, Errno>(is_one)
    };
    to_itself().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn neither_a_connection_to_another_port_nor_a_pair_of_unix_sockets_is_one_to_itself() {
        let to_itself = |fd: &dyn AsRawFd| is_to_itself(&fd.as_raw_fd().to_ne_bytes());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (one, other) = UnixStream::pair().unwrap();
        assert!(!to_itself(&listener) && !to_itself(&connection));
        assert!(!to_itself(&one) && !to_itself(&other));
        assert!(!is_to_itself(&(-1_i32).to_ne_bytes()) && !is_to_itself(&[]));
    }
}
