//! Logins: what a socket presents to its peers, and what it requires of them.
//!
//! ```text
//! logins           what sockets do about them; without the feature `auth`, nothing
//! mechanism_probe  finds out which mechanism an endpoint uses
//! ```

#[cfg_attr(not(feature = "auth"), path = "no_logins.rs")]
mod logins;
mod mechanism_probe;

pub(crate) use self::logins::Security;
#[cfg(feature = "auth")]
pub use self::logins::reread_login;
#[cfg(feature = "auth")]
pub(crate) use self::logins::{ServerAuth, has_curve, new_keys};
pub(super) use self::mechanism_probe::MechanismProbe;
use super::SocketError;
use super::raw::RawSocket;

/// The ZAP domain of sockets that require no login. Any domain but an empty one keeps raw TCP bytes out: without one,
/// libzmq takes them for ZMTP 1.0 and delivers them as messages (<https://github.com/zeromq/libzmq/issues/4932>).
const OPEN: &str = "zmqrpc";

/// Why the login of a socket could not be set.
const SETTING: &str = "setting the login";

/// Applies to a socket that it neither presents nor requires a login.
fn apply_open(raw: &mut RawSocket, kind: zmq::SocketType) -> Result<(), SocketError> {
    // A caller's socket connects only to servers that it trusts.
    if kind == zmq::DEALER {
        return Ok(());
    }
    let set = raw.options().set_zap_domain(OPEN);
    set.map_err(SocketError::of(SETTING))
}
