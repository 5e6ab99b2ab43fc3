//! The property of messages that says how their sender has logged in.

use std::ffi::CString;
use std::sync::LazyLock;

/// The name of the property, whose value is the mechanism. Peers can set properties of their own, `User-Id` too where no
/// login is required, and nothing tells theirs from the handler's: so its name cannot be guessed.
pub(super) static LOGIN_PROPERTY: LazyLock<CString> = LazyLock::new(|| {
    let mut bytes = [0_u8; 16];
    // Without randomness logins have no name: better than one that a peer has chosen.
    let name = match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) {
        Ok(got) if got == bytes.len() => format!("zmqrpc-{:032x}", u128::from_ne_bytes(bytes)),
        _ => String::new(),
    };
    CString::new(name).unwrap_or_default()
});
