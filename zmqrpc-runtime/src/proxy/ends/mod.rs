//! The two ends of a proxy, as its user names them: patterns, endpoints and what belongs to one end alone.

mod calls;
mod events;
mod jobs;

pub use calls::{Rep, Req};
pub use events::{Pub, Sub};
pub use jobs::{Pull, Push};

use crate::auth::{AuthSettings, SecurityByDirection};
use crate::error::Error;
use crate::publish::Endpoints;
use crate::socket::Security;

/// What ends have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct EndOptions {
    pub(super) endpoints: Endpoints,
    access: AuthSettings,
}

/// Methods of an end that has a `new` and an `end`. Only their words differ: each speaks of its own peers.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($crate::proxy::ends::endpoints! { @$name $(#[$doc])* })*
    };
    (@bind $($doc:tt)*) => {
        $($doc)*
        pub fn bind(endpoint: impl Into<String>) -> Self {
            Self::new($crate::proxy::ends::EndOptions::bind(endpoint))
        }
    };
    (@connect $($doc:tt)*) => {
        $($doc)*
        pub fn connect(endpoint: impl Into<String>) -> Self {
            Self::new($crate::proxy::ends::EndOptions::connect(endpoint))
        }
    };
    (@and_bind $($doc:tt)*) => {
        $($doc)*
        #[must_use]
        pub fn and_bind(mut self, endpoint: impl Into<String>) -> Self {
            self.end.endpoints.bind(endpoint);
            self
        }
    };
    (@and_connect $($doc:tt)*) => {
        $($doc)*
        #[must_use]
        pub fn and_connect(mut self, endpoint: impl Into<String>) -> Self {
            self.end.endpoints.connect(endpoint);
            self
        }
    };
}
use endpoints;

/// What becomes of a login that is refused: `login` is for ends that connect, `authenticate` for those that are bound, and
/// most can do either.
macro_rules! access {
    ($($access:ident).+: login) => {
        $crate::auth::login_methods! {
            #[must_use] $($access).+
            /// This is the proxy's own login: who sends to it has another one, if any, and the other side learns of this
            /// one alone. A login that is refused is logged and counted, see
            /// [`ProxyStats::unauthenticated`](crate::ProxyStats::unauthenticated), and tried again after half a second, then
            /// more and more rarely, up to every 32 s; while something waits for it, twice a second.
        }
    };
    ($($access:ident).+: authenticate) => {
        $crate::auth::authenticate_method! {
            #[must_use] $($access).+
            /// Asks everybody for a login who connects to this end where it is bound. The other end of the proxy, and what
            /// lies behind it, learn nothing of these logins.
        }
    };
}
use access;

impl EndOptions {
    fn bind(endpoint: impl Into<String>) -> Self {
        let mut end = Self::default();
        end.endpoints.bind(endpoint);
        end
    }

    fn connect(endpoint: impl Into<String>) -> Self {
        let mut end = Self::default();
        end.endpoints.connect(endpoint);
        end
    }

    /// For one socket with all endpoints.
    pub(super) fn security(&self) -> Result<Security, Error> {
        self.access.warn_if_exposed(self.endpoints.parse()?.iter());
        self.access.for_socket(self.endpoints.directions())
    }

    /// For a socket for each endpoint.
    pub(super) fn securities(&self) -> Result<SecurityByDirection, Error> {
        self.access.warn_if_exposed(self.endpoints.parse()?.iter());
        self.access.for_endpoints(self.endpoints.directions())
    }
}
