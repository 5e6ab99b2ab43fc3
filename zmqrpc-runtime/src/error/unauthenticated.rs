//! Why a peer did not let this side in.

use std::fmt;

use crate::log::Printable;
use crate::socket::AuthFailure;

/// Why access was denied: the cause of an [`Error::Unauthenticated`](super::Error::Unauthenticated).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthCause {
    /// The peer has looked at the login and refused it.
    Refused,
    /// The peer asks for a login, and none is set here.
    CredentialsMissing,
    /// The peer asks for another kind of login, or for none.
    OtherMechanism,
    /// The handshake fails: with CURVE, the peer's key is not the one that is expected here.
    WrongServerKey,
    /// The login was accepted and the call was not: the words of the server's
    /// [`authorize`](crate::ServerBuilder::authorize).
    NotAuthorized(Box<str>),
}

impl From<AuthFailure> for AuthCause {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Refused => Self::Refused,
            AuthFailure::Required => Self::CredentialsMissing,
            AuthFailure::OtherMechanism => Self::OtherMechanism,
            AuthFailure::BrokenOff => Self::WrongServerKey,
        }
    }
}

impl fmt::Display for AuthCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str(AuthFailure::Refused.reason()),
            Self::CredentialsMissing => f.write_str(AuthFailure::Required.reason()),
            Self::OtherMechanism => f.write_str(AuthFailure::OtherMechanism.reason()),
            Self::WrongServerKey => f.write_str(AuthFailure::BrokenOff.reason()),
            Self::NotAuthorized(reason) => Printable(reason).fmt(f),
        }
    }
}

impl std::error::Error for AuthCause {}
