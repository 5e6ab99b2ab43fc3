//! What builders say of logins, and the warning where nobody asks for one.
//!
//! Their settings are there without the feature `auth` too, and can say nothing then: so builders are the same.

#[cfg_attr(not(feature = "auth"), path = "no_settings.rs")]
mod settings;

pub(crate) use settings::{AuthSettings, authenticate_method, credentials_method};

use crate::log;
use crate::socket::{Direction, Endpoint, Security};

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
