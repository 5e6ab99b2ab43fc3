//! Keys of logins, as libzmq makes them.

use zeroize::Zeroizing;

use crate::socket::SocketError;
use crate::socket::login::KEY;

/// Returns whether libzmq was built with CURVE.
pub(crate) fn has_curve() -> bool {
    zmq::has("curve") == Some(true)
}

/// Returns a new CURVE key pair, the public key first.
pub(crate) fn new_keys() -> Result<([u8; KEY], Zeroizing<[u8; KEY]>), SocketError> {
    let zmq::CurveKeyPair {
        public_key,
        mut secret_key,
    } = zmq::CurveKeyPair::new().map_err(SocketError::of("making keys"))?;
    let secret = Zeroizing::new(secret_key);
    zeroize::Zeroize::zeroize(&mut secret_key);
    Ok((public_key, secret))
}
