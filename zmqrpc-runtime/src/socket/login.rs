//! Logins: what clients present, and what servers make of it.

use std::fmt;

use zeroize::Zeroizing;

use super::mechanism::{CURVE, PLAIN};

/// The length of a CURVE key in bytes.
pub(crate) const KEY: usize = 32;

/// The login that a client presents.
pub(crate) enum ClientLogin {
    Plain {
        user: String,
        password: Zeroizing<String>,
    },
    Curve {
        /// The public key that the server must have.
        server: [u8; KEY],
        public: [u8; KEY],
        secret: Zeroizing<[u8; KEY]>,
    },
}

impl fmt::Debug for ClientLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain { user, .. } => f
                .debug_struct("Plain")
                .field("user", user)
                .finish_non_exhaustive(),
            Self::Curve { .. } => f.debug_struct("Curve").finish_non_exhaustive(),
        }
    }
}

/// A login attempt: the credentials that a peer presents.
pub(crate) enum LoginAttempt {
    Plain {
        user: String,
        password: Zeroizing<String>,
    },
    /// The handshake has proved that the peer has the secret key to this public key.
    Curve { key: [u8; KEY] },
}

impl LoginAttempt {
    pub(super) fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => PLAIN,
            Self::Curve { .. } => CURVE,
        }
    }
}

/// The decision about a login attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthDecision {
    /// Admitted, under this user name.
    Admitted(String),
    /// Refused, for this reason, which is only for the log.
    Refused(&'static str),
}

/// Verifies login attempts.
pub(crate) trait Verifier: Send + Sync {
    /// Decides at once. `None` if the decision takes time. Blocks all other logins of the process.
    fn try_decide(&self, attempt: &LoginAttempt) -> Option<AuthDecision>;

    /// Decides, and may take time, though not for ever: the worker decides one login after the other.
    fn decide(&self, attempt: &LoginAttempt) -> AuthDecision;
}
