//! Jobs: the end where they come in, and the one where they go out.

use super::{End, access, endpoints};

/// Jobs come in: from pushers.
#[derive(Clone, Debug)]
pub struct Pull {
    pub(in crate::proxy) end: End,
}

impl Pull {
    fn new(end: End) -> Self {
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
    pub(in crate::proxy) end: End,
}

impl Push {
    fn new(end: End) -> Self {
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
