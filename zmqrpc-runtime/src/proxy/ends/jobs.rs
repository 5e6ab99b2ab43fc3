//! Jobs: the end where they come in, and the one where they go out.

use super::{EndOptions, auth, endpoints};

/// Jobs come in: from pushers.
#[derive(Clone, Debug, Default)]
pub struct Pull {
    pub(in crate::proxy) end: EndOptions,
}

impl Pull {
    /// Creates an end without endpoints: it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    endpoints! {
        /// Listens on an endpoint.
        bind;

        /// Connects to an endpoint.
        connect;
    }

    auth!(end.auth: login);

    auth!(end.auth: authenticate);
}

/// Jobs go out: each to one of those who pull.
#[derive(Clone, Debug, Default)]
pub struct Push {
    pub(in crate::proxy) end: EndOptions,
}

impl Push {
    /// Creates an end without endpoints: it needs at least one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    endpoints! {
        /// Listens on an endpoint.
        bind;

        /// Connects to an endpoint.
        connect;
    }

    auth!(end.auth: login);

    auth!(end.auth: authenticate);
}
