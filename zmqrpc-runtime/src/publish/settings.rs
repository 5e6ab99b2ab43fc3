//! What the builders of publishers and pushers have in common.

use std::time::Duration;

use super::endpoints::Endpoints;
use crate::auth::AuthSettings;
use crate::error::Error;
use crate::socket::{Endpoint, Keepalive, SocketOptions};
use crate::wire::{Limits, MIN_MESSAGE, MetadataBuf};

#[derive(Clone, Debug)]
pub(super) struct SenderSettings {
    pub(super) endpoints: Endpoints,
    pub(super) high_water: usize,
    pub(super) max_message: usize,
    pub(super) linger: Duration,
    pub(super) metadata: MetadataBuf,
    pub(super) ipv6: bool,
    pub(super) access: AuthSettings,
    pub(super) upkeep: Keepalive,
}

impl SenderSettings {
    pub(super) fn new(high_water: usize) -> Self {
        Self {
            endpoints: Endpoints::default(),
            high_water,
            max_message: Limits::default().message,
            linger: Duration::from_secs(1),
            metadata: MetadataBuf::new(),
            ipv6: false,
            access: AuthSettings::default(),
            upkeep: Keepalive::default(),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            message: self.max_message,
            ..Limits::default()
        }
    }

    /// What to open one socket with for these endpoints.
    pub(super) fn options(&self, endpoints: &[Endpoint]) -> Result<SocketOptions, Error> {
        self.access.warn_if_exposed(endpoints.iter());
        let directions = endpoints.iter().map(Endpoint::direction);
        Ok(SocketOptions {
            // Of what these sockets get, not of what they send.
            max_frame: self.max_message.saturating_mul(2),
            linger: self.linger,
            // Nobody has so many; and none is no bound to libzmq.
            send_high_water: u32::try_from(self.high_water).unwrap_or(u32::MAX),
            receive_high_water: 1000,
            ipv6: self.ipv6,
            security: self.access.of_one(directions)?,
            keepalive: self.upkeep,
        })
    }

    /// The endpoints, if all settings are right.
    pub(super) fn check(&self) -> Result<Vec<Endpoint>, Error> {
        if self.endpoints.is_empty() {
            let reason = "it takes at least one endpoint, to bind or to connect to";
            return Err(Error::bad_setting("bind", reason));
        }
        if self.high_water == 0 {
            let reason = "it must be 1 or more: nothing is held without bound";
            return Err(Error::bad_setting("high_water", reason));
        }
        if self.max_message < MIN_MESSAGE {
            let reason = format!("it must be {MIN_MESSAGE} bytes or more");
            return Err(Error::bad_setting("max_message", reason));
        }
        if let Err(error) = self.metadata.as_metadata().check(&self.limits()) {
            return Err(Error::bad_setting("metadata", error.to_string()));
        }
        let wrong = |(setting, reason)| Error::bad_setting(setting, reason);
        self.upkeep.check().map_err(wrong)?;
        self.endpoints.parse()
    }
}

/// Methods that both builders have. Only their words differ: each speaks of its own messages and peers.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($crate::publish::settings::setters! { @$name $(#[$doc])* })*
    };
    (@bind $($doc:tt)*) => {
        $($doc)*
        pub fn bind(mut self, endpoint: impl Into<String>) -> Self {
            self.settings.endpoints.bind(endpoint);
            self
        }
    };
    (@connect $($doc:tt)*) => {
        $($doc)*
        pub fn connect(mut self, endpoint: impl Into<String>) -> Self {
            self.settings.endpoints.connect(endpoint);
            self
        }
    };
    (@high_water $($doc:tt)*) => {
        $($doc)*
        pub fn high_water(mut self, count: usize) -> Self {
            self.settings.high_water = count;
            self
        }
    };
    (@max_message $($doc:tt)*) => {
        $($doc)*
        pub fn max_message(mut self, bytes: usize) -> Self {
            self.settings.max_message = bytes;
            self
        }
    };
    (@linger $($doc:tt)*) => {
        $($doc)*
        pub fn linger(mut self, limit: Duration) -> Self {
            self.settings.linger = limit;
            self
        }
    };
    (@metadata $($doc:tt)*) => {
        $($doc)*
        pub fn metadata(mut self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.settings.metadata.set(key.as_ref(), value.as_ref());
            self
        }
    };
    (@handshake_limit $($doc:tt)*) => {
        $($doc)*
        pub fn handshake_limit(mut self, limit: Duration) -> Self {
            self.settings.upkeep.handshake_limit = limit;
            self
        }
    };
    (@keepalive $($doc:tt)*) => {
        $($doc)*
        pub fn keepalive(mut self, idle: Duration, interval: Duration) -> Self {
            let upkeep = &mut self.settings.upkeep;
            (upkeep.idle, upkeep.interval) = (idle, interval);
            self
        }
    };
    (@ipv6 $($doc:tt)*) => {
        $($doc)*
        pub fn ipv6(mut self, allowed: bool) -> Self {
            self.settings.ipv6 = allowed;
            self
        }
    };
}
pub(super) use setters;
