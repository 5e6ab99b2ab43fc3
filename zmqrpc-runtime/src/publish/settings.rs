//! What the builders of publishers and pushers have in common.

use super::endpoints::Endpoints;
use crate::error::Error;
use crate::logins::AuthSettings;
use crate::options::ConnectionOptions;
use crate::socket::{Endpoint, SocketOptions};
use crate::wire::{Limits, MetadataBuf};

#[derive(Clone, Debug)]
pub(super) struct SenderSettings {
    pub(super) endpoints: Endpoints,
    pub(super) options: ConnectionOptions,
    default_high_water: usize,
    pub(super) metadata: MetadataBuf,
    pub(super) auth: AuthSettings,
    /// Snapshots of earlier versions.
    pub(super) earlier: Vec<String>,
}

impl SenderSettings {
    pub(super) fn new(default_high_water: usize) -> Self {
        Self {
            endpoints: Endpoints::default(),
            options: ConnectionOptions::default(),
            default_high_water,
            metadata: MetadataBuf::new(),
            auth: AuthSettings::default(),
            earlier: Vec::new(),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.options.limits()
    }

    pub(super) fn high_water(&self) -> usize {
        self.options.high_water_or(self.default_high_water)
    }

    /// What to open one socket with for these endpoints.
    pub(super) fn options(&self, endpoints: &[Endpoint]) -> Result<SocketOptions, Error> {
        self.auth.warn_if_exposed(endpoints.iter());
        let directions = endpoints.iter().map(Endpoint::direction);
        let security = self.auth.for_socket(directions)?;
        Ok(SocketOptions {
            // The mark of what these sockets receive: jobs and events are counted by the other one.
            receive_high_water: 1000,
            ..self.options.socket(self.default_high_water, 1000, security)
        })
    }

    /// The endpoints, if all settings are right.
    pub(super) fn check(&self) -> Result<Vec<Endpoint>, Error> {
        if self.endpoints.is_empty() {
            let reason = "it takes at least one endpoint, to bind or to connect to";
            return Err(Error::bad_setting("bind", reason));
        }
        self.options.check()?;
        if let Err(error) = self.metadata.as_metadata().check(&self.limits()) {
            return Err(Error::bad_setting("metadata", error.to_string()));
        }
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
    (@metadata $($doc:tt)*) => {
        $($doc)*
        pub fn metadata(mut self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.settings.metadata.set(key.as_ref(), value.as_ref());
            self
        }
    };
    (@earlier $($doc:tt)*) => {
        $($doc)*
        #[cfg(feature = "json")]
        pub fn earlier(mut self, snapshot: impl Into<String>) -> Self {
            self.settings.earlier.push(snapshot.into());
            self
        }
    };
}
pub(super) use setters;
