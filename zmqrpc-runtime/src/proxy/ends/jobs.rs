//! Jobs: the end where they come in, and the one where they go out.

use super::{EndOptions, access, endpoints};

/// Jobs come in: from pushers.
#[derive(Clone, Debug)]
pub struct Pull {
    pub(in crate::proxy) end: EndOptions,
}

impl Pull {
    fn new(end: EndOptions) -> Self {
        Self { end }
    }

    endpoints! {
        /// Listens on an endpoint.
        bind;

        /// Connects to an endpoint.
        connect;

        /// Listens on a further endpoint.
        and_bind;

        /// Connects to a further endpoint.
        and_connect;
    }

    access!(end.access: login);

    access!(end.access: authenticate);
}

/// Jobs go out: each to one of those who pull.
#[derive(Clone, Debug)]
pub struct Push {
    pub(in crate::proxy) end: EndOptions,
}

impl Push {
    fn new(end: EndOptions) -> Self {
        Self { end }
    }

    endpoints! {
        /// Listens on an endpoint.
        bind;

        /// Connects to an endpoint.
        connect;

        /// Listens on a further endpoint.
        and_bind;

        /// Connects to a further endpoint.
        and_connect;
    }

    access!(end.access: login);

    access!(end.access: authenticate);
}
