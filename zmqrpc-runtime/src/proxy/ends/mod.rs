//! The two ends of a proxy, as its user names them: patterns, endpoints and what belongs to one end alone.

mod calls;
mod events;
mod jobs;

pub use calls::{Rep, Req};
pub use events::{Pub, Sub};
pub use jobs::{Pull, Push};

use crate::error::Error;
use crate::logins::{AuthSettings, SecurityByDirection};
use crate::publish::Endpoints;
use crate::socket::{Endpoint, Security};

/// What ends have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct EndOptions {
    pub(super) endpoints: Endpoints,
    auth: AuthSettings,
}

/// Methods of an end that has an `end`. Only their words differ: each speaks of its own peers.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($crate::proxy::ends::endpoints! { @$name $(#[$doc])* })*
    };
    (@bind $($doc:tt)*) => {
        $($doc)*
        #[must_use]
        pub fn bind(mut self, endpoint: impl Into<String>) -> Self {
            self.end.endpoints.bind(endpoint);
            self
        }
    };
    (@connect $($doc:tt)*) => {
        $($doc)*
        #[must_use]
        pub fn connect(mut self, endpoint: impl Into<String>) -> Self {
            self.end.endpoints.connect(endpoint);
            self
        }
    };
}
use endpoints;

/// What becomes of a login that is refused: `login` is for ends that connect, `authenticate` for those that are bound, and
/// most can do either.
macro_rules! auth {
    ($($auth:ident).+: login) => {
        $crate::logins::credentials_method! {
            #[must_use] $($auth).+
            /// This is the proxy's own login: who sends to it has another one, if any, and the other side learns of this
            /// one alone. A login that is refused is logged and counted, see
            /// [`ProxyStats::login_failures`](crate::proxy::ProxyStats::login_failures), and tried again after half a second, then
            /// more and more rarely, up to every 32 s; while something waits for it, twice a second.
        }
    };
    ($($auth:ident).+: authenticate) => {
        $crate::logins::authenticate_method! {
            #[must_use] $($auth).+
            /// Asks everybody for a login who connects to this end where it is bound. The other end of the proxy, and what
            /// lies behind it, learn nothing of these logins.
        }
    };
}
use auth;

impl EndOptions {
    /// Returns the endpoints, at least one.
    pub(super) fn endpoints(&self) -> Result<Vec<Endpoint>, Error> {
        if self.endpoints.is_empty() {
            return Err(no_endpoint());
        }
        self.endpoints.parse()
    }

    /// For one socket with all endpoints.
    pub(super) fn security(&self) -> Result<Security, Error> {
        self.auth.warn_if_exposed(self.endpoints()?.iter());
        self.auth.for_socket(self.endpoints.directions())
    }

    /// For a socket for each endpoint.
    pub(super) fn securities(&self) -> Result<SecurityByDirection, Error> {
        self.auth.warn_if_exposed(self.endpoints()?.iter());
        self.auth.for_endpoints(self.endpoints.directions())
    }
}

fn no_endpoint() -> Error {
    let reason = "each end of a proxy needs at least one endpoint, to bind or to connect to";
    Error::bad_setting("bind", reason)
}
