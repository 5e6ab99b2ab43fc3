//! The two ends of a proxy, as its user names them: patterns, endpoints and what belongs to one end alone.

mod calls;
mod events;
mod jobs;

pub use calls::{Rep, Req};
pub use events::{Pub, Sub};
pub use jobs::{Pull, Push};

use crate::publish::Endpoints;

/// What ends have in common.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) endpoints: Endpoints,
}

/// Methods of an end that has a `new` and an `end`. Only their words differ: each speaks of its own peers.
macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($crate::proxy::ends::endpoints! { @$name $(#[$doc])* })*
    };
    (@bind $($doc:tt)*) => {
        $($doc)*
        pub fn bind(endpoint: impl Into<String>) -> Self {
            Self::new($crate::proxy::ends::End::bind(endpoint))
        }
    };
    (@connect $($doc:tt)*) => {
        $($doc)*
        pub fn connect(endpoint: impl Into<String>) -> Self {
            Self::new($crate::proxy::ends::End::connect(endpoint))
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

impl End {
    fn bind(endpoint: impl Into<String>) -> Self {
        let mut endpoints = Endpoints::default();
        endpoints.bind(endpoint);
        Self { endpoints }
    }

    fn connect(endpoint: impl Into<String>) -> Self {
        let mut endpoints = Endpoints::default();
        endpoints.connect(endpoint);
        Self { endpoints }
    }
}
