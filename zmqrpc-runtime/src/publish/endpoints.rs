//! The endpoints of publishers and pushers, which may be added and closed while their socket is in use.

use std::sync::Arc;

use crate::error::{EndpointCause, Error};
use crate::socket::{Direction, Endpoint, SocketError};

/// Endpoints as the user specified them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints(Vec<(String, Direction)>);

impl Endpoints {
    pub(crate) fn bind(&mut self, endpoint: impl Into<String>) {
        self.0.push((endpoint.into(), Direction::Bind));
    }

    pub(crate) fn connect(&mut self, endpoint: impl Into<String>) {
        self.0.push((endpoint.into(), Direction::Connect));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(feature = "proxy")]
    pub(crate) fn directions(&self) -> impl Iterator<Item = Direction> + Clone + '_ {
        self.0.iter().map(|(_, direction)| *direction)
    }

    pub(crate) fn parse(&self) -> Result<Vec<Endpoint>, Error> {
        let endpoints = self.0.iter();
        endpoints
            .map(|(text, direction)| parse(text, *direction))
            .collect()
    }

    /// Returns the endpoint for errors to name; `None` unless there is exactly one.
    pub(super) fn only(&self) -> Option<Arc<str>> {
        match &*self.0 {
            [(endpoint, _)] => Some(Arc::from(&**endpoint)),
            _ => None,
        }
    }
}

pub(super) fn parse(text: &str, direction: Direction) -> Result<Endpoint, Error> {
    Endpoint::parse(text, direction)
        .map_err(|reason| Error::endpoint_error(text, EndpointCause::Malformed(reason.into())))
}

/// Opens endpoints one after the other by `open`.
pub(crate) fn open_all(
    endpoints: &[Endpoint],
    mut open: impl FnMut(&Endpoint) -> Result<String, SocketError>,
) -> Result<(), Error> {
    endpoints
        .iter()
        .try_for_each(|endpoint| match open(endpoint) {
            Ok(_resolved) => Ok(()),
            Err(error) => Err(Error::endpoint_error(endpoint.as_str(), error)),
        })
}

/// Converts the result of closing an endpoint, where `false` means that there is none, to the user's.
pub(super) fn check_closed(endpoint: &str, closed: Result<bool, SocketError>) -> Result<(), Error> {
    let cause = match closed {
        Ok(true) => return Ok(()),
        Ok(false) => EndpointCause::Unknown,
        Err(error) => error.into(),
    };
    Err(Error::endpoint_error(endpoint, cause))
}

/// Generates the methods of publishers and pushers that differ in their documentation only. They use the type's own `with`.
macro_rules! endpoint_methods {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($crate::publish::endpoints::endpoint_methods! { @$name $(#[$doc])* })*

        fn open(&self, text: &str, direction: $crate::socket::Direction) -> Result<String, Error> {
            self.check_process()?;
            let endpoint = $crate::publish::endpoints::parse(text, direction)?;
            if !self.with(|socket| socket.requires_login()) {
                $crate::logins::warn_if_exposed(std::iter::once(&endpoint));
            }
            let opened = self.with(|socket| socket.open(&endpoint));
            opened.map_err(|error| Error::endpoint_error(endpoint.as_str(), error))
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
    (@add_bind $($doc:tt)*) => {
        $($doc)*
        pub fn add_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
            self.open(endpoint.as_ref(), $crate::socket::Direction::Bind)
        }
    };
    (@add_connect $($doc:tt)*) => {
        $($doc)*
        pub fn add_connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
            self.open(endpoint.as_ref(), $crate::socket::Direction::Connect)
        }
    };
    (@remove_endpoint $($doc:tt)*) => {
        $($doc)*
        pub fn remove_endpoint(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
            self.check_process()?;
            let endpoint = endpoint.as_ref();
            $crate::publish::endpoints::check_closed(endpoint, self.with(|socket| socket.close(endpoint)))
        }
    };
}
pub(super) use endpoint_methods;
