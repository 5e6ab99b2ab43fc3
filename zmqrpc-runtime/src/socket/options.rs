//! The settings that every socket is created with.

use std::time::Duration;

use super::raw::RawSocket;
use super::{Security, SocketError};

/// Settings of a socket, applied before it binds or connects: libzmq ignores most of them afterwards
/// (<https://github.com/zeromq/libzmq/issues/4567>).
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    /// The largest frame that a peer may send, in bytes. A larger one ends the connection.
    pub(crate) max_frame: usize,
    /// How long libzmq may go on to send after the socket is closed.
    pub(crate) linger: Duration,
    /// How many messages libzmq queues for one peer before a send fails.
    pub(crate) send_high_water: u32,
    /// How many messages libzmq queues from one peer before it stops reading from the connection, for socket types that
    /// [use it](receive_mark).
    pub(crate) receive_high_water: u32,
    /// Whether to resolve host names to IPv6 addresses too. IPv6 literals work in any case.
    pub(crate) ipv6: bool,
    /// The logins that the socket verifies, or the one that it presents.
    pub(crate) security: Security,
    /// How long a handshake may take. A peer that connects and never completes one holds a descriptor
    /// (<https://github.com/zeromq/libzmq/issues/1081>).
    pub(crate) handshake_timeout: Duration,
    pub(crate) keepalive: Keepalive,
}

/// TCP's keep-alive probes, which end connections whose peers have gone without closing them.
///
/// Whole seconds, rounded up. While calls are in flight, [`Ping`](crate::Ping) finds out sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// How long a connection is silent before TCP probes it. Default: 60 s.
    pub idle: Duration,
    /// The time between two probes. After 4 without an answer the connection counts as broken. Default: 15 s.
    pub interval: Duration,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            interval: Duration::from_secs(15),
        }
    }
}

/// Unanswered probes after which TCP gives a connection up.
const UNANSWERED: i32 = 4;

/// How long a connection attempt may take. Without a limit TCP doubles the time between its attempts while no host
/// answers, so that a network that recovers after half a minute is used half a minute later.
const CONNECT: Duration = Duration::from_secs(3);

const RECONNECT: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

impl SocketOptions {
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
            .set_rcvhwm(receive_mark(kind, self.receive_high_water))
            .map_err(&set)?;
        socket
            // To libzmq, 0 means no limit.
            .set_handshake_ivl(millis(self.handshake_timeout).max(1))
            .map_err(&set)?;
        socket.set_connect_timeout(millis(CONNECT)).map_err(&set)?;
        socket.set_reconnect_ivl(millis(RECONNECT)).map_err(&set)?;
        socket
            .set_reconnect_ivl_max(millis(RECONNECT_MAX))
            .map_err(&set)?;
        socket.set_tcp_keepalive(1).map_err(&set)?;
        socket
            .set_tcp_keepalive_idle(seconds(self.keepalive.idle))
            .map_err(&set)?;
        socket
            .set_tcp_keepalive_intvl(seconds(self.keepalive.interval))
            .map_err(&set)?;
        socket.set_tcp_keepalive_cnt(UNANSWERED).map_err(&set)?;
        self.security.apply(raw, kind)
    }
}

/// Returns the receive high-water mark; 0 stands for none.
///
/// libzmq answers PINGs, and an assertion fails when it reads a PING that it had buffered from a connection that broke
/// meanwhile: a peer that fills a socket up to its mark, sends a PING and resets the connection ends the process
/// (<https://github.com/zeromq/libzmq/pull/4378>). So sockets that are always read, and whose owners reject excess
/// requests, have no mark. The others need one: it holds back their pushers, publishers and subscribers.
fn receive_mark(kind: zmq::SocketType, wanted: u32) -> i32 {
    match kind {
        // A PUSH discards what it receives. With a low mark libzmq would soon stop reading there and not notice that a
        // peer has disconnected: the connection's descriptor would stay open.
        zmq::PULL | zmq::PUSH | zmq::XSUB | zmq::XPUB => count(wanted),
        _ => 0,
    }
}

fn count(messages: u32) -> i32 {
    i32::try_from(messages).unwrap_or(i32::MAX)
}

/// Returns whole seconds, rounded up, at most the system's limit of 32,767.
fn seconds(duration: Duration) -> i32 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    let whole = duration.as_secs().saturating_add(begun);
    i32::try_from(whole).unwrap_or(i32::MAX).min(32_767)
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
