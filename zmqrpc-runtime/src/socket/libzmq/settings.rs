//! What is set on libzmq's sockets.

use std::time::Duration;

use crate::socket::{SocketError, SocketOptions};

/// Unanswered probes after which TCP gives a connection up.
const UNANSWERED: i32 = 4;

/// How long a connection attempt may take. Without a limit TCP doubles the time between its attempts while no host
/// answers, so that a network that recovers after half a minute is used half a minute later.
const CONNECT: Duration = Duration::from_secs(3);

const RECONNECT: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Sets what all sockets have on a new one.
pub(super) fn apply(
    options: &SocketOptions,
    socket: &zmq::Socket,
    kind: zmq::SocketType,
) -> Result<(), SocketError> {
    let set = SocketError::of("setting a socket option");
    socket.set_linger(millis(options.linger)).map_err(&set)?;
    socket
        .set_maxmsgsize(i64::try_from(options.max_frame).unwrap_or(i64::MAX))
        .map_err(&set)?;
    socket
        .set_sndhwm(count(options.send_high_water))
        .map_err(&set)?;
    socket
        .set_rcvhwm(receive_mark(kind, options.receive_high_water))
        .map_err(&set)?;
    socket
        // To libzmq, 0 means no limit.
        .set_handshake_ivl(millis(options.handshake_timeout).max(1))
        .map_err(&set)?;
    socket.set_connect_timeout(millis(CONNECT)).map_err(&set)?;
    socket.set_reconnect_ivl(millis(RECONNECT)).map_err(&set)?;
    socket
        .set_reconnect_ivl_max(millis(RECONNECT_MAX))
        .map_err(&set)?;
    socket.set_tcp_keepalive(1).map_err(&set)?;
    socket
        .set_tcp_keepalive_idle(seconds(options.keepalive.idle))
        .map_err(&set)?;
    socket
        .set_tcp_keepalive_intvl(seconds(options.keepalive.interval))
        .map_err(&set)?;
    socket.set_tcp_keepalive_cnt(UNANSWERED).map_err(&set)
}

/// Sets an option that the crate `zmq` does not know.
pub(super) fn set(socket: &mut zmq::Socket, option: u32, value: i32) -> Result<(), SocketError> {
    let (option, value) = (option.cast_signed(), &raw const value);
    // SAFETY: the socket is live, and the value has the given size.
    let rc = unsafe {
        let socket = socket.as_mut_ptr();
        zmq_sys::zmq_setsockopt(socket, option, value.cast(), size_of::<i32>())
    };
    if rc == 0 {
        Ok(())
    } else {
        Err(SocketError::last("setting a socket option"))
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
