//! What builders keep of logins.

use super::{Authenticator, Credentials};
use crate::error::Error;
use crate::log;
use crate::socket::{Direction, Endpoint, Security, has_curve};

/// A builder embeds one, passes its own methods of the same names on to it, and asks it for the
/// [`Security`](crate::socket::Security) of its sockets when it opens them.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthSettings {
    credentials: Option<Credentials>,
    authenticator: Option<Authenticator>,
}

const NOTHING_CONNECTS: &str =
    "nothing connects: what is bound asks for logins with `authenticate`";

impl AuthSettings {
    pub(crate) fn credentials(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
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
        self.credentials.is_none() && self.authenticator.is_none()
    }

    /// For sockets that connect: what they show.
    pub(crate) fn login(&self) -> Result<Security, Error> {
        Credentials::security(self.credentials.as_ref())
    }

    /// For sockets that are bound: what they ask for. All that get this one, or a clone of it, share one domain.
    pub(crate) fn guard(&self) -> Result<Security, Error> {
        match &self.authenticator {
            None => Ok(Security::Open),
            Some(authenticator) => authenticator.guard().map(Security::Guard),
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
        if self.credentials.is_some() && !connects {
            return Err(Error::bad_setting("credentials", NOTHING_CONNECTS));
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
        if self.credentials.is_some() && !connects {
            if !each
                .into_iter()
                .any(|direction| direction == Direction::Connect)
            {
                return Err(Error::bad_setting("credentials", NOTHING_CONNECTS));
            }
            // The login is for those alone.
            let bound = self.guard()?;
            let connected = self.login()?;
            return Ok((bound.clone(), EachWay { bound, connected }));
        }
        let security = self.of_one(one)?;
        let each = match &security {
            Security::Guard(_) => EachWay {
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

    /// For one socket with these endpoints: libzmq knows one side of one mechanism for each socket.
    pub(crate) fn of_one(
        &self,
        mut directions: impl Iterator<Item = Direction>,
    ) -> Result<Security, Error> {
        if self.credentials.is_some() && self.authenticator.is_some() {
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
        if self.credentials.is_some() && directions.any(|direction| direction == Direction::Bind) {
            let reason = "what is bound cannot log in: connect, or use `authenticate`";
            return Err(Error::bad_setting("credentials", reason));
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

/// The method `credentials` of a builder whose field of this name is an [`AuthSettings`]; what is given behind says what
/// becomes of a login that is refused.
macro_rules! credentials_method {
    ($(#[$attribute:meta])* $($auth:ident).+ $(#[$refused:meta])*) => {
        /// Logs in where it connects and is asked for a login. There is one way to log in: a second call replaces the first.
        ///
        $(#[$refused])*
        $(#[$attribute])*
        pub fn credentials(mut self, credentials: $crate::auth::Credentials) -> Self {
            self.$($auth).+.credentials(credentials);
            self
        }
    };
}

/// The method `authenticate`, as [`credentials_method`] has the other; what is given behind says who is asked.
macro_rules! authenticate_method {
    ($(#[$attribute:meta])* $($auth:ident).+ $(#[$who:meta])*) => {
        $(#[$who])*
        ///
        /// Asks for [`Passwords`](crate::auth::Passwords) or, by a [`CurveServer`](crate::auth::CurveServer), for keys. Who has none
        /// that is right gets nothing, gets nothing through, and learns so within a second. Default: everybody is let in.
        ///
        /// `inproc` is within the process and knows no logins: who can reach such an endpoint is let in. What connects
        /// cannot ask for logins.
        $(#[$attribute])*
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
