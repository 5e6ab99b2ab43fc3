//! What every socket is created with.

use std::time::Duration;

use super::raw::RawSocket;
use super::{Security, SocketError};

/// Settings of a socket, in force before it binds or connects: libzmq ignores most of them afterwards
/// (<https://github.com/zeromq/libzmq/issues/4567>).
#[derive(Clone, Debug)]
pub(crate) struct SocketOptions {
    /// Frames above this many bytes cut the connection.
    pub(crate) max_frame: usize,
    /// How long a closed socket may go on to hand over what was sent.
    pub(crate) linger: Duration,
    /// Messages that libzmq holds for one peer before it refuses more.
    pub(crate) send_high_water: u32,
    /// Messages that libzmq takes from one peer before it stops reading, of sockets that are
    /// [left unread](receive_mark) while there is no room for what comes.
    pub(crate) receive_high_water: u32,
    /// Resolve host names to IPv6 addresses too. Addresses in IPv6 notation work in any case.
    pub(crate) ipv6: bool,
    /// Who may connect, or as whom it does.
    pub(crate) security: Security,
    /// A peer that connects and does not get as far as messages holds a descriptor; this ends it
    /// (<https://github.com/zeromq/libzmq/issues/1081>).
    pub(crate) handshake_timeout: Duration,
    pub(crate) keepalive: Keepalive,
}

/// When TCP asks whether a peer is still there that says nothing.
///
/// Whole seconds, rounded up. While calls are under way, [`Ping`](crate::Ping) finds out sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// The silence before TCP asks. Default: 60 s.
    pub idle: Duration,
    /// How long TCP waits for each of 4 answers before the connection counts as broken. Default: 15 s.
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

/// Answers that TCP waits for in vain before a connection counts as broken.
const UNANSWERED: i32 = 4;

/// How long a connection may take to be made. Without a limit TCP asks more and more rarely where nobody answers, and a
/// network that comes back after half a minute is found half a minute later.
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
            // None is no limit to libzmq.
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

/// Where libzmq stops reading from a peer; 0 stands for nowhere.
///
/// It answers PINGs, and asserts when one comes out of what it has read already of a connection that broke meanwhile: who
/// fills a socket up to its mark, sends a PING and resets the connection, ends the process
/// (<https://github.com/zeromq/libzmq/pull/4378>). So sockets that are always read, and whose owners refuse what is too
/// much, have no mark. The others need it: it is what holds back those who push, who publish and who subscribe.
fn receive_mark(kind: zmq::SocketType, wanted: u32) -> i32 {
    match kind {
        // A PUSH reads nothing that comes. With a low mark libzmq would soon stop reading there, and not notice that a peer
        // has gone: the connection's descriptor would stay.
        zmq::PULL | zmq::PUSH | zmq::XSUB | zmq::XPUB => count(wanted),
        _ => 0,
    }
}

fn count(messages: u32) -> i32 {
    i32::try_from(messages).unwrap_or(i32::MAX)
}

/// Rounded up; the system's limit is 32,767.
fn seconds(duration: Duration) -> i32 {
    let begun = u64::from(duration.subsec_nanos() > 0);
    let whole = duration.as_secs().saturating_add(begun);
    i32::try_from(whole).unwrap_or(i32::MAX).min(32_767)
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
