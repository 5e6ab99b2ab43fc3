//! Endpoints that come and go while their socket is in use.

use crate::error::Error;
use crate::socket::{Direction, Endpoint, SocketError};

pub(super) fn parse(text: &str, direction: Direction) -> Result<Endpoint, Error> {
    Endpoint::parse(text, direction).map_err(|reason| Error::bad_endpoint(text, reason))
}

/// Opens an endpoint by `open`; answers what that answers.
pub(super) fn open(
    endpoint: &Endpoint,
    open: impl FnOnce(&Endpoint) -> Result<String, SocketError>,
) -> Result<String, Error> {
    open(endpoint).map_err(|error| Error::bad_endpoint(endpoint.as_str(), error.to_string()))
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
    };
    (@endpoints $($doc:tt)*) => {
        $($doc)*
        #[must_use]
        pub fn endpoints(&self) -> Vec<String> {
            self.with(|socket| socket.endpoints().map(str::to_owned).collect())
        }
    };
    (@also_bind $($doc:tt)*) => {
        $($doc)*
        pub fn also_bind(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
            use $crate::publish::endpoints::{open, parse};
            let endpoint = parse(endpoint.as_ref(), $crate::socket::Direction::Bind)?;
            self.with(|socket| open(&endpoint, |endpoint| socket.open(endpoint)))
        }
    };
    (@also_connect $($doc:tt)*) => {
        $($doc)*
        pub fn also_connect(&self, endpoint: impl AsRef<str>) -> Result<String, Error> {
            use $crate::publish::endpoints::{open, parse};
            let endpoint = parse(endpoint.as_ref(), $crate::socket::Direction::Connect)?;
            self.with(|socket| open(&endpoint, |endpoint| socket.open(endpoint)))
        }
    };
    (@close $($doc:tt)*) => {
        $($doc)*
        pub fn close(&self, endpoint: impl AsRef<str>) -> Result<(), Error> {
            let endpoint = endpoint.as_ref();
            $crate::publish::endpoints::closed(endpoint, self.with(|socket| socket.close(endpoint)))
        }
    };
}
pub(super) use endpoint_methods;
