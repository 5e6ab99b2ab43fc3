//! Connection events of one socket.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{getpeername, getsockname, sockopt::set_socket_linger};

use super::raw::{RawSocket, borrowed};
use super::{Direction, Endpoint, Message, SocketError};

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionChange {
    Established,
    Lost,
    /// A connection goes to itself, and nothing was sent over it yet. It is no more once it is left: its port is free.
    Itself,
    /// The peer speaks something else.
    Foreign,
    /// The peer has another way to log in, or takes this side for another one.
    Mismatched,
    /// The login was refused.
    Denied,
    /// What was lost will be tried again.
    Retried,
    /// The peer left before it had said who it is.
    Failed,
    /// A bound endpoint is free again.
    ListenerClosed,
}

/// Reads the events that matter. libzmq writes them into a PAIR with blocking sends from its I/O thread, so a reader
/// that falls behind would stop every socket of the process: the reading side has no high-water mark, and only rare
/// events are asked for.
pub(super) struct Monitor {
    pair: RawSocket,
    /// To wait for it, until it is asked for.
    descriptor: Option<OwnedFd>,
}

const RETURNS: i32 = CONNECTED | DISCONNECTED | RETRIED | SUCCEEDED;
const CONNECTIONS: i32 = RETURNS | FAILED_PROTOCOL | FAILED_AUTH | FAILED_WITHOUT_DETAIL;

// As in zmq.h; the crate `zmq-sys` lacks the last four. A handshake that failed without detail is one that the peer
// broke off, as a server does that is just ending: libzmq tries again.
const CONNECTED: i32 = 0x0001;
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
    /// Must be called before the socket connects, or the first event is lost.
    pub(super) fn of_connections(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, CONNECTIONS)
    }

    /// For sockets with more than one connection: what counts them. Must be called before the socket binds or connects.
    pub(super) fn of_peers(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, CONNECTIONS)
    }

    /// Logins that fail before anybody is asked about them. Must be called before the socket binds.
    pub(super) fn of_refusals(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, FAILED_PROTOCOL)
    }

    /// The same, and connections that are lost.
    pub(super) fn of_losses(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, FAILED_PROTOCOL | DISCONNECTED)
    }

    /// The same, and connections that are made.
    pub(super) fn of_changes(socket: &RawSocket) -> Result<Self, SocketError> {
        Self::new(socket, FAILED_PROTOCOL | DISCONNECTED | SUCCEEDED)
    }

    /// Must be called before the socket unbinds.
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
        // First what may find no descriptor: a monitor without a reader stops the I/O thread at the next event.
        let mut pair = socket.pair()?;
        pair.options().set_rcvhwm(0).map_err(&failed)?;
        let descriptor = Some(pair.descriptor()?);
        socket.options().monitor(&name, events).map_err(&failed)?;
        pair.open(&endpoint, false)?;
        Ok(Self { pair, descriptor })
    }

    /// What to wait for. The first time it cannot fail: who finds no descriptor has no monitor.
    pub(super) fn descriptor(&mut self) -> Result<OwnedFd, SocketError> {
        match self.descriptor.take() {
            Some(descriptor) => Ok(descriptor),
            None => self.pair.descriptor(),
        }
    }

    /// The next event, or nothing when all have been read.
    pub(super) fn next(&mut self) -> Result<Option<ConnectionChange>, SocketError> {
        Ok(self.next_with_place()?.map(|(event, _)| event))
    }

    /// The next event and where it happened.
    pub(super) fn next_with_place(
        &mut self,
    ) -> Result<Option<(ConnectionChange, Message)>, SocketError> {
        Ok(self.next_in_full()?.map(|(event, place, _)| (event, place)))
    }

    /// The next event and where it happened: at the endpoint that the socket was given or, once libzmq has looked a
    /// host's name up, at its address; for peers of a bound endpoint it is their end of it. And libzmq's number with it:
    /// of a connection that is lost, what was [its number](Message::connection).
    pub(super) fn next_in_full(
        &mut self,
    ) -> Result<Option<(ConnectionChange, Message, u32)>, SocketError> {
        while let Some(head) = self.pair.receive()? {
            let mut place = Message::new();
            let mut more = head.more();
            while more {
                place = self.pair.receive()?.unwrap_or_default();
                more = place.more();
            }
            let Some((code, value)) = head.split_first_chunk::<2>() else {
                continue;
            };
            let number = value.first_chunk().copied().map(u32::from_ne_bytes);
            let event = match i32::from(u16::from_ne_bytes(*code)) {
                CONNECTED if is_to_itself(value) => ConnectionChange::Itself,
                SUCCEEDED => ConnectionChange::Established,
                DISCONNECTED => ConnectionChange::Lost,
                FAILED_PROTOCOL
                    if value == MECHANISM_MISMATCH.to_ne_bytes()
                        || value == CRYPTOGRAPHIC.to_ne_bytes() =>
                {
                    ConnectionChange::Mismatched
                }
                FAILED_PROTOCOL => ConnectionChange::Foreign,
                FAILED_AUTH => ConnectionChange::Denied,
                RETRIED => ConnectionChange::Retried,
                FAILED_WITHOUT_DETAIL => ConnectionChange::Failed,
                CLOSED => ConnectionChange::ListenerClosed,
                // The end of monitoring, when the socket closes.
                _ => continue,
            };
            return Ok(Some((event, place, number.unwrap_or_default())));
        }
        Ok(None)
    }
}

/// Whether the connection of this descriptor has the same address at both ends. Its end then leaves nothing behind that
/// would keep others from the port.
fn is_to_itself(descriptor: &[u8]) -> bool {
    let number = descriptor.try_into().map(i32::from_ne_bytes);
    let Some(number) = number.ok().filter(|number| *number >= 0) else {
        return false;
    };
    let to_itself = || {
        // libzmq may close it meanwhile, and something else may get its number: all that is done is done to one connection.
        let connection = fcntl_dupfd_cloexec(borrowed(number), 0)?;
        let here = SocketAddr::try_from(getsockname(&connection)?);
        let there = getpeername(&connection)?.map(SocketAddr::try_from);
        // Nothing else than TCP: both ends of a pair of unix sockets have the same name, which is none.
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
