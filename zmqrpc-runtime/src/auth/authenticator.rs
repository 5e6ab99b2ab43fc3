//! What a server asks for.

use std::fmt;
use std::sync::Arc;

use super::settings::check_curve;
use super::{CurveServer, Passwords};
use crate::error::Error;
use crate::socket::ServerAuth;

/// Who is let in: made of [`Passwords`] or of a [`CurveServer`].
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
    /// A domain of its own, if there is somebody who could come in.
    pub(super) fn guard(&self) -> Result<ServerAuth, Error> {
        match &self.0 {
            AuthenticatorKind::Plain(passwords) => {
                passwords.check_use()?;
                Ok(ServerAuth::plain(Arc::clone(passwords) as _))
            }
            AuthenticatorKind::Curve(server) => {
                check_curve("authenticate")?;
                server.check_use()?;
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
