//! What builders keep of logins.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Authenticator, CurveClient, is_name};
use crate::error::Error;
use crate::log;
use crate::socket::{ClientLogin, Direction, Endpoint, Security, has_curve};

/// A builder embeds one, passes its own methods of the same names on to it, and asks it for the
/// [`Security`](crate::socket::Security) of its sockets when it opens them.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthSettings {
    login: Option<ShownLogin>,
    authenticator: Option<Authenticator>,
}

#[derive(Clone, Debug)]
enum ShownLogin {
    Plain(Arc<ClientLogin>),
    /// A user or a password that cannot travel.
    Wrong(&'static str),
    Curve(CurveClient),
}

const NOTHING_CONNECTS: &str =
    "nothing connects: what is bound asks for logins with `authenticate`";

/// Bytes of a user's name or of a password: libzmq's limit.
const MAX: usize = 255;

impl AuthSettings {
    pub(crate) fn plain(&mut self, user: impl Into<String>, password: impl Into<String>) {
        let (user, password) = (user.into(), Zeroizing::new(password.into()));
        self.login = Some(if !is_name(&user) {
            ShownLogin::Wrong("the user's name must have 1 to 255 bytes and no control characters")
        } else if password.is_empty() || password.len() > MAX || password.contains('\0') {
            ShownLogin::Wrong("the password must have 1 to 255 bytes, and none of them zero")
        } else {
            ShownLogin::Plain(Arc::new(ClientLogin::Plain { user, password }))
        });
    }

    pub(crate) fn curve(&mut self, keys: CurveClient) {
        self.login = Some(ShownLogin::Curve(keys));
    }

    pub(crate) fn authenticate(&mut self, authenticator: impl Into<Authenticator>) {
        self.authenticator = Some(authenticator.into());
    }

    /// Writes one line if somebody from another machine could come in without a login.
    pub(crate) fn warn_if_exposed<'a>(&self, endpoints: impl Iterator<Item = &'a Endpoint>) {
        if self.authenticator.is_none() {
            warn_if_exposed(endpoints);
        }
    }

    /// Whether nothing was set.
    pub(crate) fn is_open(&self) -> bool {
        self.login.is_none() && self.authenticator.is_none()
    }

    /// For sockets that connect: what they show.
    pub(crate) fn login(&self) -> Result<Security, Error> {
        Ok(match &self.login {
            None => Security::Open,
            Some(ShownLogin::Wrong(reason)) => return Err(Error::bad_setting("plain", *reason)),
            Some(ShownLogin::Plain(login)) => Security::Client(Arc::clone(login)),
            Some(ShownLogin::Curve(keys)) => {
                check_curve("curve")?;
                Security::Client(Arc::new(keys.login()))
            }
        })
    }

    /// For sockets that are bound: what they ask for. All that get this one, or a clone of it, share one domain.
    pub(crate) fn guard(&self) -> Result<Security, Error> {
        match &self.authenticator {
            None => Ok(Security::Open),
            Some(authenticator) => authenticator.guard().map(Security::Server),
        }
    }

    /// For a socket for each of these endpoints: what those ask for that are bound, and what those show that connect.
    pub(crate) fn of_each(
        &self,
        directions: impl Iterator<Item = Direction>,
    ) -> Result<EachWay, Error> {
        let (mut binds, mut connects) = (false, false);
        for direction in directions {
            match direction {
                Direction::Bind => binds = true,
                Direction::Connect => connects = true,
            }
        }
        if self.authenticator.is_some() && !binds {
            let reason = "nothing is bound: what connects cannot ask for a login";
            return Err(Error::bad_setting("authenticate", reason));
        }
        if self.login.is_some() && !connects {
            return Err(Error::bad_setting(self.login_setting(), NOTHING_CONNECTS));
        }
        Ok(EachWay {
            bound: self.guard()?,
            connected: self.login()?,
        })
    }

    /// For one socket with the first endpoints, and a socket for each of the others.
    pub(crate) fn of_one_and_each(
        &self,
        one: impl Iterator<Item = Direction> + Clone,
        each: impl Iterator<Item = Direction>,
    ) -> Result<(Security, EachWay), Error> {
        let connects = one.clone().any(|direction| direction == Direction::Connect);
        if self.login.is_some() && !connects {
            if !each
                .into_iter()
                .any(|direction| direction == Direction::Connect)
            {
                return Err(Error::bad_setting(self.login_setting(), NOTHING_CONNECTS));
            }
            // The login is for those alone.
            let bound = self.guard()?;
            let connected = self.login()?;
            return Ok((bound.clone(), EachWay { bound, connected }));
        }
        let security = self.of_one(one)?;
        let each = match &security {
            Security::Server(_) => EachWay {
                bound: security.clone(),
                connected: Security::Open,
            },
            _ => EachWay {
                bound: Security::Open,
                connected: self.login()?,
            },
        };
        Ok((security, each))
    }

    fn login_setting(&self) -> &'static str {
        match self.login {
            Some(ShownLogin::Curve(_)) => "curve",
            _ => "plain",
        }
    }

    /// For one socket with these endpoints: libzmq knows one side of one mechanism for each socket.
    pub(crate) fn of_one(
        &self,
        mut directions: impl Iterator<Item = Direction>,
    ) -> Result<Security, Error> {
        if self.login.is_some() && self.authenticator.is_some() {
            let reason = "one socket cannot log in and ask for logins: use two";
            return Err(Error::bad_setting("authenticate", reason));
        }
        if self.authenticator.is_some() {
            if directions.any(|direction| direction == Direction::Connect) {
                let reason =
                    "what connects cannot ask for a login: bind, and let the others connect";
                return Err(Error::bad_setting("authenticate", reason));
            }
            return self.guard();
        }
        if self.login.is_some() && directions.any(|direction| direction == Direction::Bind) {
            let reason = "what is bound cannot log in: connect, or use `authenticate`";
            return Err(Error::bad_setting(self.login_setting(), reason));
        }
        self.login()
    }
}

/// What sockets do that have one endpoint each.
#[derive(Clone, Debug, Default)]
pub(crate) struct EachWay {
    pub(crate) bound: Security,
    pub(crate) connected: Security,
}

impl EachWay {
    pub(crate) fn of(&self, direction: Direction) -> Security {
        match direction {
            Direction::Bind => self.bound.clone(),
            Direction::Connect => self.connected.clone(),
        }
    }
}

/// The methods `plain` and `curve` of a builder whose field of this name is an [`AuthSettings`]. What is given in front belongs
/// to both, and what is given behind says what becomes of a login that is refused.
macro_rules! login_methods {
    ($(#[$attribute:meta])* $($access:ident).+ $(#[$refused:meta])*) => {
        /// Logs in with a user's name and a password, of 1 to 255 bytes each, at what it connects to and is asked for them
        /// by [`Passwords`](crate::Passwords). Both travel unencrypted.
        ///
        $(#[$refused])*
        $(#[$attribute])*
        pub fn plain(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
            self.$($access).+.plain(user, password);
            self
        }

        /// Logs in with a key at what it connects to and is asked for one by a [`CurveServer`](crate::CurveServer), and
        /// encrypts everything. Otherwise as [`plain`](Self::plain), which this replaces: there is one way to log in.
        $(#[$attribute])*
        pub fn curve(mut self, keys: $crate::auth::CurveClient) -> Self {
            self.$($access).+.curve(keys);
            self
        }
    };
}

/// The method `authenticate`, as [`login_methods`] has the others; what is given behind says who is asked.
macro_rules! authenticate_method {
    ($(#[$attribute:meta])* $($access:ident).+ $(#[$who:meta])*) => {
        $(#[$who])*
        ///
        /// Asks for [`Passwords`](crate::Passwords) or, by a [`CurveServer`](crate::CurveServer), for keys. Who has none
        /// that is right gets nothing, gets nothing through, and learns so within a second. Default: everybody is let in.
        ///
        /// `inproc` is within the process and knows no logins: who can reach such an endpoint is let in. What connects
        /// cannot ask for logins.
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

/// The same for endpoints of which it is known that they ask for none.
pub(crate) fn warn_if_exposed<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) {
    let exposed = endpoints
        .filter(|endpoint| endpoint.direction() == Direction::Bind && endpoint.is_exposed());
    let exposed: Vec<_> = exposed.map(Endpoint::as_str).collect();
    if !exposed.is_empty() {
        let endpoints = exposed.join(" ");
        log::here!(
            warn,
            endpoints;
            "other machines can connect, and no login is asked for"
        );
    }
}

/// CURVE must be there before anything is opened, not at the first call.
pub(super) fn check_curve(setting: &'static str) -> Result<(), Error> {
    if has_curve() {
        return Ok(());
    }
    Err(Error::bad_setting(setting, NO_CURVE))
}

pub(super) const NO_CURVE: &str = "libzmq was built without CURVE here: install one that has it (Debian: `apt install libzmq3-dev`) \
and build with `cargo --config .cargo/system-libzmq.toml`, as the README's section \"libzmq\" tells";
