//! Endpoints that come and go while their socket is in use.

use std::sync::Arc;

use crate::error::Error;
use crate::socket::{Direction, Endpoint, SocketError};

/// Endpoints as their user named them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints(Vec<(String, Direction)>);

impl Endpoints {
    pub(crate) fn bind(&mut self, endpoint: impl Into<String>) {
        self.0.push((endpoint.into(), Direction::Bind));
    }

    pub(crate) fn connect(&mut self, endpoint: impl Into<String>) {
        self.0.push((endpoint.into(), Direction::Connect));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn directions(&self) -> impl Iterator<Item = Direction> + Clone + '_ {
        self.0.iter().map(|(_, direction)| *direction)
    }

    pub(crate) fn parse(&self) -> Result<Vec<Endpoint>, Error> {
        let endpoints = self.0.iter();
        endpoints
            .map(|(text, direction)| parse(text, *direction))
            .collect()
    }

    /// The endpoint that errors name: the only one.
    pub(super) fn place(&self) -> Option<Arc<str>> {
        match &*self.0 {
            [(endpoint, _)] => Some(Arc::from(&**endpoint)),
            _ => None,
        }
    }
}

pub(super) fn parse(text: &str, direction: Direction) -> Result<Endpoint, Error> {
    Endpoint::parse(text, direction).map_err(|reason| Error::bad_endpoint(text, reason))
}

/// Opens endpoints one after the other, each by `open`.
pub(crate) fn open_all(
    endpoints: &[Endpoint],
    mut open: impl FnMut(&Endpoint) -> Result<String, SocketError>,
) -> Result<(), Error> {
    endpoints
        .iter()
        .try_for_each(|endpoint| match open(endpoint) {
            Ok(_resolved) => Ok(()),
            Err(error) => Err(Error::unopened(endpoint, &error)),
        })
}

/// What closing an endpoint answered, for the user.
pub(super) fn closed(endpoint: &str, closed: Result<bool, SocketError>) -> Result<(), Error> {
    let reason = match closed {
        Ok(true) => return Ok(()),
        Ok(false) => "there is no such endpoint here".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Error::bad_endpoint(endpoint, reason))
}

/// Methods that publishers and pushers have, over their own method `with`. Only their words differ.
macro_rules! endpoint_methods {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($crate::publish::endpoints::endpoint_methods! { @$name $(#[$doc])* })*

        fn open(&self, text: &str, direction: $crate::socket::Direction) -> Result<String, Error> {
            self.check_process()?;
            let endpoint = $crate::publish::endpoints::parse(text, direction)?;
            if !self.with(|socket| socket.requires_login()) {
                $crate::auth::warn_if_exposed(std::iter::once(&endpoint));
            }
            let opened = self.with(|socket| socket.open(&endpoint));
            opened.map_err(|error| Error::unopened(&endpoint, &error))
        }
    };
    (@endpoints $($doc:tt)*) => {
        $($doc)*
        #[must_use]
        pub fn endpoints(&self) -> Vec<String> {
            if self.check_process().is_err() {
                return Vec::new();
            }
            self.with(|socket| socket.endpoints().map(str::to_owned).collect())
        }
    };
    (@also_bind $($doc:tt)*) => {
        $($doc)*
        pub fn also_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
            self.open(endpoint.as_ref(), $crate::socket::Direction::Bind)
        }
    };
    (@also_connect $($doc:tt)*) => {
        $($doc)*
        pub fn also_connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
            self.open(endpoint.as_ref(), $crate::socket::Direction::Connect)
        }
    };
    (@close $($doc:tt)*) => {
        $($doc)*
        pub fn close(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
            self.check_process()?;
            let endpoint = endpoint.as_ref();
            $crate::publish::endpoints::closed(endpoint, self.with(|socket| socket.close(endpoint)))
        }
    };
}
pub(super) use endpoint_methods;
