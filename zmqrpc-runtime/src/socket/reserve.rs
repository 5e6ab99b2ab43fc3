//! Reserved ports: local ports that this process connects to while no server listens there.
//!
//! The system picks a connection's source port from its ephemeral range. If the destination is a port of that range on
//! the same host, the system may pick that very port, and the connection goes to itself: it succeeds, and the server
//! cannot start (<https://github.com/zeromq/libzmq/issues/4588>). The system does not pick a bound port. So this module
//! binds the port without listening, and with `SO_REUSEADDR`, as libzmq's listeners have it, so that a server can still
//! bind the port.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

use super::process::PerProcess;
use crate::sync::Mutex;

/// One socket per address, however many connections go there.
static RESERVED: PerProcess<Mutex<HashMap<SocketAddr, Weak<OwnedFd>>>> = PerProcess::new();

/// Reserves the port until the returned value is dropped. `None` where no reservation is needed or possible: a server
/// listens there, the address is another host's, or the port is not ephemeral.
pub(super) fn reserve(address: SocketAddr) -> Option<Arc<OwnedFd>> {
    if !is_ephemeral(address.port()) {
        return None;
    }
    let mut reserved = RESERVED.get().lock();
    if let Some(reservation) = reserved.get(&address).and_then(Weak::upgrade) {
        return Some(reservation);
    }
    reserved.retain(|_, socket| socket.strong_count() > 0);
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).ok()?;
    sockopt::set_socket_reuseaddr(&socket, true).ok()?;
    bind(&socket, &address).ok()?;
    let socket = Arc::new(socket);
    reserved.insert(address, Arc::downgrade(&socket));
    Some(socket)
}

/// Returns whether the system may pick this port as a source port.
fn is_ephemeral(port: u16) -> bool {
    const DEFAULT: [u16; 2] = [32768, 60999];
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let range = range.and_then(|range| {
        let mut limits = range.split_whitespace().map(|limit| limit.parse().ok());
        Some([limits.next()??, limits.next()??])
    });
    let [first, last] = range.unwrap_or(DEFAULT);
    (first..=last).contains(&port)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_server_may_bind_what_is_reserved_and_nothing_is_reserved_where_it_listens() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        assert!(reserve(address).is_none());
        drop(server);
        let reserved = reserve(address);
        assert!(Arc::ptr_eq(
            reserved.as_ref().unwrap(),
            &reserve(address).unwrap()
        ));
        // std's listeners set `SO_REUSEADDR`, as libzmq's do.
        TcpListener::bind(address).unwrap();
    }

    #[test]
    fn other_hosts_and_other_ports_are_not_reserved() {
        assert!(reserve("192.0.2.1:40000".parse().unwrap()).is_none());
        assert!(reserve("127.0.0.1:1".parse().unwrap()).is_none());
    }
}
