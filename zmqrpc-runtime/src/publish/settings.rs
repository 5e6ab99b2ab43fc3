//! What the builders of publishers and pushers have in common.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::socket::{Direction, Endpoint, Options, SocketError};
use crate::wire::{Limits, MetadataBuf};

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) endpoints: Vec<(String, Direction)>,
    pub(super) high_water: usize,
    pub(super) max_message: usize,
    pub(super) linger: Duration,
    pub(super) metadata: MetadataBuf,
    pub(super) ipv6: bool,
}

impl Settings {
    pub(super) fn new(high_water: usize) -> Self {
        Self {
            endpoints: Vec::new(),
            high_water,
            max_message: Limits::default().message,
            linger: Duration::from_secs(1),
            metadata: MetadataBuf::new(),
            ipv6: false,
        }
    }

    pub(super) fn add(&mut self, endpoint: impl Into<String>, direction: Direction) {
        self.endpoints.push((endpoint.into(), direction));
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            message: self.max_message,
            ..Limits::default()
        }
    }

    pub(super) fn options(&self) -> Options {
        Options {
            // Of what these sockets get, not of what they send.
            max_frame: self.max_message.saturating_mul(2),
            linger: self.linger,
            // Nobody has so many; and none is no bound to libzmq.
            send_high_water: u32::try_from(self.high_water).unwrap_or(u32::MAX),
            receive_high_water: 1000,
            ipv6: self.ipv6,
        }
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
        let endpoints = self.endpoints.iter();
        endpoints
            .map(|(text, direction)| parse(text, *direction))
            .collect()
    }

    /// Opens all endpoints on a socket.
    pub(super) fn open(
        endpoints: &[Endpoint],
        mut open: impl FnMut(&Endpoint) -> Result<String, SocketError>,
    ) -> Result<(), Error> {
        endpoints.iter().try_for_each(|endpoint| {
            let opened = open(endpoint).map(drop);
            opened.map_err(|error| Error::bad_endpoint(endpoint.as_str(), error.to_string()))
        })
    }

    /// The endpoint that errors name: the only one.
    pub(super) fn place(&self) -> Option<Arc<str>> {
        match &*self.endpoints {
            [(endpoint, _)] => Some(Arc::from(&**endpoint)),
            _ => None,
        }
    }
}

pub(super) fn parse(text: &str, direction: Direction) -> Result<Endpoint, Error> {
    Endpoint::parse(text, direction).map_err(|reason| Error::bad_endpoint(text, reason))
}

/// What closing an endpoint answered, for the user.
pub(super) fn closed(endpoint: &str, closed: Result<bool, SocketError>) -> Result<(), Error> {
    match closed {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::bad_endpoint(
            endpoint,
            "there is no such endpoint here",
        )),
        Err(error) => Err(Error::bad_endpoint(endpoint, error.to_string())),
    }
}

/// A header with full metadata must fit.
const MIN_MESSAGE: usize = 1024;
