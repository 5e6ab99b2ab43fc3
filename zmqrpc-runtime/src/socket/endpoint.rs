//! Endpoints: parsed and checked before a socket uses them.
//!
//! libzmq reports most mistakes in an endpoint as "invalid argument". This module knows the grammar and says what is
//! wrong with the text and how to write it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// How a socket uses an endpoint. A wildcard only makes sense for `Bind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Bind,
    Connect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Tcp { ipv6: bool },
    Ipc,
    Inproc,
}

/// A checked endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    text: String,
    scheme: Scheme,
    direction: Direction,
}

/// The longest path that `sockaddr_un` holds, without its terminating NUL.
const IPC_PATH_BYTES: usize = 107;

impl Endpoint {
    /// Checks `text` for use in `direction`. The error says what is wrong with the text.
    pub(crate) fn parse(text: &str, direction: Direction) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("an endpoint cannot contain a NUL character".into());
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(
                "a transport is missing: write tcp://host:port, ipc://path or inproc://name".into(),
            );
        };
        let scheme = match scheme {
            "tcp" => tcp(rest, direction)?,
            "ipc" => ipc(rest, direction)?,
            "inproc" if rest.is_empty() => {
                return Err("a name is missing: write inproc://name".into());
            }
            "inproc" => Scheme::Inproc,
            other => {
                return Err(format!(
                    "unknown transport `{other}`, expected `tcp`, `ipc` or `inproc`"
                ));
            }
        };
        // The operating system writes any free port as 0, libzmq as `*`; both are accepted here.
        let text = match (scheme, text.rsplit_once(':')) {
            (Scheme::Tcp { .. }, Some((host, port))) if port.parse() == Ok(0_u16) => {
                format!("{host}:*")
            }
            _ => text.to_owned(),
        };
        Ok(Self {
            text,
            scheme,
            direction,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    /// Returns whether the host is an IPv6 literal, for which the socket needs IPv6 enabled.
    pub(super) fn is_ipv6(&self) -> bool {
        self.scheme == Scheme::Tcp { ipv6: true }
    }

    /// Returns the path to bind a unix socket at. `None` for `*`, which stands for a new path, and for abstract names
    /// (`@`).
    pub(super) fn bind_path(&self) -> Option<&str> {
        let path = self.text.strip_prefix("ipc://")?;
        let is_path = path != "*" && !path.starts_with('@');
        Some(path).filter(|_| is_path && self.direction == Direction::Bind)
    }

    /// Returns the endpoint to connect to an address.
    pub(super) fn from_address(address: SocketAddr) -> Self {
        Self {
            text: format!("tcp://{address}"),
            scheme: Scheme::Tcp {
                ipv6: address.is_ipv6(),
            },
            direction: Direction::Connect,
        }
    }

    /// Returns the endpoint as libzmq writes it in its events.
    pub(super) fn canonical(&self) -> Self {
        match self.address() {
            Some(address) if self.direction == Direction::Connect => Self::from_address(address),
            _ => self.clone(),
        }
    }

    /// Returns the address. `None` if the host is a name.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.text.strip_prefix("tcp://")?.parse().ok()
    }

    /// Returns the host name and port to connect to. `None` if the host is an address, or the endpoint is bound.
    pub(super) fn host_name(&self) -> Option<(&str, u16)> {
        if self.direction == Direction::Bind {
            return None;
        }
        let (host, port) = self.text.strip_prefix("tcp://")?.rsplit_once(':')?;
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        Some((host, port.parse().ok()?)).filter(|_| !is_address)
    }

    /// Returns whether other machines can reach the endpoint when it is bound, as far as its text tells.
    pub(crate) fn is_exposed(&self) -> bool {
        let host = self.text.strip_prefix("tcp://");
        let Some((host, _)) = host.and_then(|rest| rest.rsplit_once(':')) else {
            return false;
        };
        let host = host.trim_matches(['[', ']']);
        let loopback = host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback());
        // `lo` is an interface, `localhost` a host.
        !(loopback || matches!(host, "lo" | "localhost"))
    }

    pub(super) fn is_tcp(&self) -> bool {
        matches!(self.scheme, Scheme::Tcp { .. })
    }

    /// Returns whether the transport is `inproc`, for which libzmq reports neither connections nor their loss.
    pub(super) fn is_inproc(&self) -> bool {
        self.scheme == Scheme::Inproc
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn tcp(rest: &str, direction: Direction) -> Result<Scheme, String> {
    let Some((host, port)) = rest.rsplit_once(':') else {
        return Err("a port is missing: write tcp://host:port".into());
    };
    let ipv6 = host.starts_with('[');
    match host {
        "" => return Err("a host is missing: write tcp://host:port".into()),
        "*" if direction == Direction::Connect => {
            return Err(
                "`*` stands for every local address and cannot be connected to: name the host"
                    .into(),
            );
        }
        _ if ipv6 => ipv6_literal(host)?,
        _ if host.contains(':') => {
            return Err(format!(
                "an IPv6 address stands in brackets: write tcp://[{host}]:{port}"
            ));
        }
        _ => {
            if let Some(bad) = host
                .chars()
                .find(|c| c.is_whitespace() || matches!(c, '/' | '@' | ';'))
            {
                return Err(format!("the host `{host}` cannot contain `{bad}`"));
            }
        }
    }
    let any_port = port == "*" || port.parse() == Ok(0_u16);
    if any_port && direction == Direction::Connect {
        return Err(format!(
            "port `{port}` stands for any free port and cannot be connected to: give its number"
        ));
    }
    let is_number = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if !any_port && !is_number {
        return Err(format!("the port `{port}` is not a number from 1 to 65535"));
    }
    Ok(Scheme::Tcp { ipv6 })
}

fn ipv6_literal(host: &str) -> Result<(), String> {
    let address = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let Some(address) = address else {
        return Err(format!("the bracket in `{host}` is not closed"));
    };
    let address = address
        .split_once('%')
        .map_or(address, |(address, _zone)| address);
    match address.parse::<Ipv6Addr>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("`{address}` is not an IPv6 address")),
    }
}

fn ipc(path: &str, direction: Direction) -> Result<Scheme, String> {
    match path {
        "" => Err("a path is missing: write ipc:///run/name.sock".into()),
        "*" if direction == Direction::Connect => {
            Err("`*` stands for any free path and cannot be connected to: name the path".into())
        }
        _ if path.len() > IPC_PATH_BYTES => Err(format!(
            "the path has {} bytes, the operating system takes {IPC_PATH_BYTES} at most",
            path.len()
        )),
        _ => Ok(Scheme::Ipc),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_endpoints_are_accepted() {
        for text in [
            "tcp://127.0.0.1:5555",
            "tcp://*:*",
            "tcp://*:0",
            "tcp://eth0:5555",
            "tcp://[::1]:5555",
            "tcp://[fe80::1%eth0]:5555",
            "ipc:///run/calculator.sock",
            "ipc://@abstract",
            "ipc://*",
            "inproc://name",
        ] {
            assert!(Endpoint::parse(text, Direction::Bind).is_ok(), "{text}");
        }
        for text in [
            "tcp://localhost:1",
            "tcp://host.example:65535",
            "tcp://[::1]:5555",
            "ipc://@abstract",
        ] {
            assert!(Endpoint::parse(text, Direction::Connect).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_error_says_what_is_wrong_with_an_endpoint() {
        let long = format!("ipc:///{}", "x".repeat(107));
        for (text, direction, reason) in [
            ("127.0.0.1:5555", Direction::Bind, "a transport is missing"),
            ("", Direction::Bind, "a transport is missing"),
            (
                "http://host:80",
                Direction::Connect,
                "unknown transport `http`",
            ),
            ("tcp://host", Direction::Connect, "a port is missing"),
            ("tcp://:5555", Direction::Connect, "a host is missing"),
            ("tcp://*:5555", Direction::Connect, "cannot be connected to"),
            ("tcp://host:*", Direction::Connect, "cannot be connected to"),
            ("tcp://host:0", Direction::Connect, "cannot be connected to"),
            (
                "tcp://host:00",
                Direction::Connect,
                "cannot be connected to",
            ),
            (
                "tcp://host:65536",
                Direction::Connect,
                "is not a number from 1 to 65535",
            ),
            (
                "tcp://host:",
                Direction::Bind,
                "is not a number from 1 to 65535",
            ),
            (
                "tcp://host:+80",
                Direction::Bind,
                "is not a number from 1 to 65535",
            ),
            ("tcp://::1:5555", Direction::Bind, "stands in brackets"),
            ("tcp://[::1:5555", Direction::Bind, "is not closed"),
            (
                "tcp://[::zz]:5555",
                Direction::Bind,
                "is not an IPv6 address",
            ),
            (
                "tcp://user@host:80",
                Direction::Connect,
                "cannot contain `@`",
            ),
            ("ipc://", Direction::Bind, "a path is missing"),
            ("ipc://*", Direction::Connect, "cannot be connected to"),
            (long.as_str(), Direction::Bind, "has 108 bytes"),
            ("inproc://", Direction::Bind, "a name is missing"),
            ("inproc://a\0b", Direction::Bind, "NUL"),
        ] {
            let error = Endpoint::parse(text, direction).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn what_other_machines_can_reach_is_known() {
        for (text, exposed) in [
            ("tcp://*:5555", true),
            ("tcp://0.0.0.0:5555", true),
            ("tcp://eth0:*", true),
            ("tcp://[::]:5555", true),
            ("tcp://192.168.0.1:5555", true),
            ("tcp://127.0.0.1:*", false),
            ("tcp://127.1.2.3:5555", false),
            ("tcp://localhost:5555", false),
            ("tcp://lo:5555", false),
            ("tcp://[::1]:5555", false),
            ("ipc:///run/calculator.sock", false),
            ("inproc://name", false),
        ] {
            let endpoint = Endpoint::parse(text, Direction::Bind).unwrap();
            assert_eq!(endpoint.is_exposed(), exposed, "{text}");
        }
    }

    #[test]
    fn port_zero_becomes_the_wildcard() {
        let endpoint = Endpoint::parse("tcp://127.0.0.1:0", Direction::Bind).unwrap();
        assert_eq!(endpoint.as_str(), "tcp://127.0.0.1:*");
    }
}
