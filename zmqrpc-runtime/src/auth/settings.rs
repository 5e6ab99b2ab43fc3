//! The builders' settings for logins.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Authenticator, CurveClient, is_user_name};
use crate::error::Error;
use crate::log;
use crate::socket::{ClientLogin, Direction, Endpoint, Security, has_curve};

/// A builder embeds one, forwards its own methods of the same names to it, and takes the
/// [`Security`](crate::socket::Security) of its sockets from it when it opens them.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthSettings {
    login: Option<LoginSetting>,
    authenticator: Option<Authenticator>,
}

#[derive(Clone, Debug)]
enum LoginSetting {
    Plain(Arc<ClientLogin>),
    /// A user or a password that cannot be sent.
    Invalid(&'static str),
    Curve(CurveClient),
}

const NOTHING_CONNECTS: &str =
    "nothing connects: a bound socket asks for logins, with `authenticate`";

/// The most bytes of a user's name or of a password, which is libzmq's limit.
const MAX_PASSWORD: usize = 255;

impl AuthSettings {
    pub(crate) fn plain(&mut self, user: impl Into<String>, password: impl Into<String>) {
        let (user, password) = (user.into(), Zeroizing::new(password.into()));
        self.login = Some(if !is_user_name(&user) {
            LoginSetting::Invalid(
                "the user's name must have 1 to 255 bytes and no control characters",
            )
        } else if password.is_empty() || password.len() > MAX_PASSWORD || password.contains('\0') {
            LoginSetting::Invalid("the password must have 1 to 255 bytes, and none of them zero")
        } else {
            LoginSetting::Plain(Arc::new(ClientLogin::Plain { user, password }))
        });
    }

    pub(crate) fn curve(&mut self, keys: CurveClient) {
        self.login = Some(LoginSetting::Curve(keys));
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
        self.login.is_none() && self.authenticator.is_none()
    }

    /// Returns the security of sockets that connect: the login that they present.
    pub(crate) fn client_security(&self) -> Result<Security, Error> {
        Ok(match &self.login {
            None => Security::Open,
            Some(LoginSetting::Invalid(reason)) => {
                return Err(Error::bad_setting("plain", *reason));
            }
            Some(LoginSetting::Plain(login)) => Security::Login(Arc::clone(login)),
            Some(LoginSetting::Curve(keys)) => {
                check_curve("curve")?;
                Security::Login(Arc::new(keys.client_login()))
            }
        })
    }

    /// Returns the security of bound sockets: what they verify logins by. All sockets with this value, or a clone of
    /// it, share one ZAP domain.
    pub(crate) fn server_security(&self) -> Result<Security, Error> {
        match &self.authenticator {
            None => Ok(Security::Open),
            Some(authenticator) => authenticator.server_auth().map(Security::Guard),
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
        if self.login.is_some() && !connects {
            return Err(Error::bad_setting(self.login_setting(), NOTHING_CONNECTS));
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
        if self.login.is_some() && !connects {
            if !each
                .into_iter()
                .any(|direction| direction == Direction::Connect)
            {
                return Err(Error::bad_setting(self.login_setting(), NOTHING_CONNECTS));
            }
            // Only the further sockets present the login.
            let bound = self.server_security()?;
            let connected = self.client_security()?;
            return Ok((bound.clone(), SecurityByDirection { bound, connected }));
        }
        let security = self.for_socket(shared)?;
        let each = match &security {
            Security::Guard(_) => SecurityByDirection {
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

    fn login_setting(&self) -> &'static str {
        match self.login {
            Some(LoginSetting::Curve(_)) => "curve",
            _ => "plain",
        }
    }

    /// Returns the security of one socket with endpoints of these directions. A libzmq socket takes one side of one
    /// mechanism.
    pub(crate) fn for_socket(
        &self,
        mut directions: impl Iterator<Item = Direction>,
    ) -> Result<Security, Error> {
        if self.login.is_some() && self.authenticator.is_some() {
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
        if self.login.is_some() && directions.any(|direction| direction == Direction::Bind) {
            let reason = "a socket that is bound cannot log in: connect, or use `authenticate`";
            return Err(Error::bad_setting(self.login_setting(), reason));
        }
        self.client_security()
    }
}

/// The security of sockets with one endpoint each.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecurityByDirection {
    pub(crate) bound: Security,
    pub(crate) connected: Security,
}

impl SecurityByDirection {
    pub(crate) fn of(&self, direction: Direction) -> Security {
        match direction {
            Direction::Bind => self.bound.clone(),
            Direction::Connect => self.connected.clone(),
        }
    }
}

/// Defines the methods `plain` and `curve` of a builder whose field of this name is an [`AuthSettings`]. The attributes
/// before the field belong to both methods; those after it document what happens after a rejected login.
macro_rules! login_methods {
    ($(#[$attribute:meta])* $($access:ident).+ $(#[$rejected:meta])*) => {
        /// Presents a user's name and a password, of 1 to 255 bytes each, to bound peers that verify logins by
        /// [`Passwords`](crate::Passwords). Both travel unencrypted.
        ///
        $(#[$rejected])*
        $(#[$attribute])*
        pub fn plain(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
            self.$($access).+.plain(user, password);
            self
        }

        /// Presents a key to bound peers that verify logins by a [`CurveServer`](crate::CurveServer), and encrypts all
        /// messages. Otherwise like [`plain`](Self::plain), which it replaces: a socket presents one login.
        $(#[$attribute])*
        pub fn curve(mut self, keys: $crate::auth::CurveClient) -> Self {
            self.$($access).+.curve(keys);
            self
        }
    };
}

/// Defines the method `authenticate` of a builder, like [`login_methods`]; the attributes after the field document
/// whose logins are verified.
macro_rules! authenticate_method {
    ($(#[$attribute:meta])* $($access:ident).+ $(#[$peers:meta])*) => {
        $(#[$peers])*
        ///
        /// Verifies logins by [`Passwords`](crate::Passwords) or, for keys, by a [`CurveServer`](crate::CurveServer). A
        /// peer without a valid login receives nothing, cannot send anything, and gets the rejection within a second.
        /// Default: every peer is admitted.
        ///
        /// `inproc` stays within the process and knows no logins: every peer at such an endpoint is admitted. Sockets
        /// that connect cannot verify logins.
        $(#[$attribute])*
        pub fn authenticate(
            mut self,
            authenticator: impl Into<$crate::auth::Authenticator>,
        ) -> Self {
            self.$($access).+.authenticate(authenticator);
            self
        }
    };
}
pub(crate) use {authenticate_method, login_methods};

/// Logs a warning if clients on other machines can connect to one of these endpoints, which verify no logins.
pub(crate) fn warn_if_exposed<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) {
    let exposed = endpoints
        .filter(|endpoint| endpoint.direction() == Direction::Bind && endpoint.is_exposed());
    let exposed: Vec<_> = exposed.map(Endpoint::as_str).collect();
    if !exposed.is_empty() {
        let endpoints = exposed.join(" ");
        log::here!(
            warn,
            endpoints;
            "other machines can connect without a login"
        );
    }
}

/// Fails if libzmq has no CURVE: before anything is opened, rather than at the first call.
pub(super) fn check_curve(setting: &'static str) -> Result<(), Error> {
    if has_curve() {
        return Ok(());
    }
    Err(Error::bad_setting(setting, NO_CURVE))
}

pub(super) const NO_CURVE: &str = "libzmq was built without CURVE here: install one that has it (Debian: `apt install libzmq3-dev`) \
and build with `cargo --config .cargo/system-libzmq.toml`, as the README's section \"libzmq\" describes";
