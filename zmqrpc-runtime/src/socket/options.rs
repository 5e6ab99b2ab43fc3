//! What every socket is created with.

use std::time::Duration;

use super::raw::RawSocket;
use super::{Security, SocketError};

/// Settings of a socket, in force before it binds or connects: libzmq ignores most of them afterwards
/// (<https://github.com/zeromq/libzmq/issues/4567>).
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Frames above this many bytes cut the connection.
    pub(crate) max_frame: usize,
    /// How long a closed socket may go on to hand over what was sent.
    pub(crate) linger: Duration,
    /// Messages that libzmq holds for one peer before it refuses more.
    pub(crate) send_high_water: u32,
    /// Messages that libzmq takes from one peer before it stops reading.
    pub(crate) receive_high_water: u32,
    /// Resolve host names to IPv6 addresses too. Addresses in IPv6 notation work in any case.
    pub(crate) ipv6: bool,
    /// Who may connect, or as whom it does.
    pub(crate) security: Security,
}

/// A peer that connects and says nothing holds a descriptor; this ends it
/// (<https://github.com/zeromq/libzmq/issues/1081>).
const HANDSHAKE: Duration = Duration::from_secs(10);
const RECONNECT: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

impl Options {
    pub(super) fn apply(
        &self,
        raw: &mut RawSocket,
        kind: zmq::SocketType,
    ) -> Result<(), SocketError> {
        let socket = raw.options();
        let set = SocketError::of("setting a socket option");
        socket.set_linger(millis(self.linger)).map_err(&set)?;
        socket
            .set_maxmsgsize(i64::try_from(self.max_frame).unwrap_or(i64::MAX))
            .map_err(&set)?;
        socket
            .set_sndhwm(count(self.send_high_water))
            .map_err(&set)?;
        socket
            .set_rcvhwm(count(self.receive_high_water))
            .map_err(&set)?;
        socket.set_handshake_ivl(millis(HANDSHAKE)).map_err(&set)?;
        socket.set_reconnect_ivl(millis(RECONNECT)).map_err(&set)?;
        socket
            .set_reconnect_ivl_max(millis(RECONNECT_MAX))
            .map_err(&set)?;
        socket.set_tcp_keepalive(1).map_err(&set)?;
        self.security.apply(raw, kind)
    }
}

fn count(messages: u32) -> i32 {
    i32::try_from(messages).unwrap_or(i32::MAX)
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
