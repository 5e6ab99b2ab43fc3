//! What a server verifies logins by.

use std::fmt;
use std::sync::Arc;

use super::{CurveServer, Passwords, check_curve};
use crate::error::Error;
use crate::socket::ServerAuth;

/// Verifies logins, by [`Passwords`] or by a [`CurveServer`].
///
/// A clone shares everything with the original.
#[derive(Clone)]
pub struct Authenticator(AuthenticatorKind);

#[derive(Clone)]
enum AuthenticatorKind {
    Plain(Arc<Passwords>),
    Curve(Arc<CurveServer>),
}

impl Authenticator {
    /// Returns a ZAP domain of its own. Fails if nobody could log in.
    pub(crate) fn server_auth(&self) -> Result<ServerAuth, Error> {
        match &self.0 {
            AuthenticatorKind::Plain(passwords) => {
                passwords.check_usable()?;
                Ok(ServerAuth::plain(Arc::clone(passwords) as _))
            }
            AuthenticatorKind::Curve(server) => {
                check_curve("authenticate")?;
                server.check_usable()?;
                Ok(ServerAuth::curve(Arc::clone(server) as _, server.secret()))
            }
        }
    }
}

impl From<Passwords> for Authenticator {
    fn from(passwords: Passwords) -> Self {
        Self(AuthenticatorKind::Plain(Arc::new(passwords)))
    }
}

impl From<CurveServer> for Authenticator {
    fn from(server: CurveServer) -> Self {
        Self(AuthenticatorKind::Curve(Arc::new(server)))
    }
}

impl From<&Self> for Authenticator {
    fn from(authenticator: &Self) -> Self {
        authenticator.clone()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            AuthenticatorKind::Plain(passwords) => passwords.fmt(f),
            AuthenticatorKind::Curve(server) => server.fmt(f),
        }
    }
}
