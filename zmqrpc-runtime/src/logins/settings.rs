//! The builders' settings for logins.

use super::{SecurityByDirection, warn_if_exposed};
use crate::auth::{Authenticator, Credentials};
use crate::error::Error;
use crate::socket::{Direction, Endpoint, Security};

/// A builder embeds one, forwards its own methods of the same names to it, and takes the
/// [`Security`](crate::socket::Security) of its sockets from it when it opens them.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthSettings {
    credentials: Option<Credentials>,
    authenticator: Option<Authenticator>,
}

const NOTHING_CONNECTS: &str =
    "nothing connects: a bound socket asks for logins, with `authenticate`";

impl AuthSettings {
    pub(crate) fn credentials(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
    }

    pub(crate) fn authenticate(&mut self, authenticator: impl Into<Authenticator>) {
        self.authenticator = Some(authenticator.into());
    }

    /// Logs a warning if clients on other machines can connect without a login.
    pub(crate) fn warn_if_exposed<'a>(&self, endpoints: impl Iterator<Item = &'a Endpoint>) {
        if self.authenticator.is_none() {
            warn_if_exposed(endpoints);
        }
    }

    /// Returns whether nothing was set.
    pub(crate) fn is_empty(&self) -> bool {
        self.credentials.is_none() && self.authenticator.is_none()
    }

    /// Returns the security of sockets that connect: the login that they present.
    fn client_security(&self) -> Result<Security, Error> {
        Credentials::security(self.credentials.as_ref())
    }

    /// Returns the security of bound sockets: what they verify logins by. All sockets with this value, or a clone of
    /// it, share one ZAP domain.
    pub(crate) fn server_security(&self) -> Result<Security, Error> {
        match &self.authenticator {
            None => Ok(Security::Open),
            Some(authenticator) => authenticator.server_auth().map(Security::Server),
        }
    }

    /// Returns the security of sockets with one endpoint each, of these directions.
    pub(crate) fn for_endpoints(
        &self,
        directions: impl Iterator<Item = Direction>,
    ) -> Result<SecurityByDirection, Error> {
        let (mut binds, mut connects) = (false, false);
        for direction in directions {
            match direction {
                Direction::Bind => binds = true,
                Direction::Connect => connects = true,
            }
        }
        if self.authenticator.is_some() && !binds {
            let reason = "nothing is bound: a socket that connects cannot ask for a login";
            return Err(Error::bad_setting("authenticate", reason));
        }
        if self.credentials.is_some() && !connects {
            return Err(Error::bad_setting("credentials", NOTHING_CONNECTS));
        }
        Ok(SecurityByDirection {
            bound: self.server_security()?,
            connected: self.client_security()?,
        })
    }

    /// Returns the security of one socket with the endpoints `shared`, and of further sockets with one endpoint each.
    pub(crate) fn for_socket_and_endpoints(
        &self,
        shared: impl Iterator<Item = Direction> + Clone,
        each: impl Iterator<Item = Direction>,
    ) -> Result<(Security, SecurityByDirection), Error> {
        let connects = shared
            .clone()
            .any(|direction| direction == Direction::Connect);
        if self.credentials.is_some() && !connects {
            if !each
                .into_iter()
                .any(|direction| direction == Direction::Connect)
            {
                return Err(Error::bad_setting("credentials", NOTHING_CONNECTS));
            }
            // Only the further sockets present the login.
            let bound = self.server_security()?;
            let connected = self.client_security()?;
            return Ok((bound.clone(), SecurityByDirection { bound, connected }));
        }
        let security = self.for_socket(shared)?;
        let each = match &security {
            Security::Server(_) => SecurityByDirection {
                bound: security.clone(),
                connected: Security::Open,
            },
            _ => SecurityByDirection {
                bound: Security::Open,
                connected: self.client_security()?,
            },
        };
        Ok((security, each))
    }

    /// Returns the security of one socket with endpoints of these directions. A libzmq socket takes one side of one
    /// mechanism.
    pub(crate) fn for_socket(
        &self,
        mut directions: impl Iterator<Item = Direction>,
    ) -> Result<Security, Error> {
        if self.credentials.is_some() && self.authenticator.is_some() {
            let reason = "one socket cannot both log in and ask for logins: use two";
            return Err(Error::bad_setting("authenticate", reason));
        }
        if self.authenticator.is_some() {
            if directions.any(|direction| direction == Direction::Connect) {
                let reason = "a socket that connects cannot ask for a login: bind, and let the peers connect";
                return Err(Error::bad_setting("authenticate", reason));
            }
            return self.server_security();
        }
        if self.credentials.is_some() && directions.any(|direction| direction == Direction::Bind) {
            let reason = "a socket that is bound cannot log in: connect, or use `authenticate`";
            return Err(Error::bad_setting("credentials", reason));
        }
        self.client_security()
    }
}

/// Defines the method `credentials` of a builder whose field of this name is an [`AuthSettings`]. The attributes before
/// the field belong to the method; those after it document what happens after a rejected login.
macro_rules! credentials_method {
    ($(#[$attribute:meta])* $($auth:ident).+ $(#[$rejected:meta])*) => {
        /// Presents a login to bound peers that verify logins. A socket presents one login: a second call replaces the
        /// first.
        ///
        $(#[$rejected])*
        $(#[$attribute])*
        #[cfg_attr(docsrs, doc(cfg(feature = "auth")))]
        pub fn credentials(mut self, credentials: $crate::auth::Credentials) -> Self {
            self.$($auth).+.credentials(credentials);
            self
        }
    };
}

/// Defines the method `authenticate` of a builder, like [`credentials_method`]; the attributes after the field document
/// whose logins are verified.
macro_rules! authenticate_method {
    ($(#[$attribute:meta])* $($auth:ident).+ $(#[$peers:meta])*) => {
        $(#[$peers])*
        ///
        /// Verifies logins by [`Passwords`](crate::auth::Passwords) or, for keys, by a
        /// [`CurveServer`](crate::auth::CurveServer). A peer without a valid login receives nothing, cannot send anything,
        /// and gets the rejection within a second. Default: every peer is admitted.
        ///
        /// `inproc` stays within the process and knows no logins: every peer at such an endpoint is admitted. Sockets
        /// that connect cannot verify logins.
        $(#[$attribute])*
        #[cfg_attr(docsrs, doc(cfg(feature = "auth")))]
        pub fn authenticate(
            mut self,
            authenticator: impl Into<$crate::auth::Authenticator>,
        ) -> Self {
            self.$($auth).+.authenticate(authenticator);
            self
        }
    };
}
pub(crate) use {authenticate_method, credentials_method};
