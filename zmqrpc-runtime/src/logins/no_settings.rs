//! Stands in for `settings` in a build without logins: nothing can be set, and every socket is open.

use super::{SecurityByDirection, warn_if_exposed};
use crate::error::Error;
use crate::socket::{Direction, Endpoint, Security};

#[derive(Clone, Debug, Default)]
pub(crate) struct AuthSettings {}

#[expect(
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "settings are looked at, and may be wrong"
)]
impl AuthSettings {
    pub(crate) fn warn_if_exposed<'a>(&self, endpoints: impl Iterator<Item = &'a Endpoint>) {
        warn_if_exposed(endpoints);
    }

    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    pub(crate) fn for_endpoints(
        &self,
        _: impl Iterator<Item = Direction>,
    ) -> Result<SecurityByDirection, Error> {
        Ok(SecurityByDirection::default())
    }

    pub(crate) fn for_socket_and_endpoints(
        &self,
        _: impl Iterator<Item = Direction>,
        _: impl Iterator<Item = Direction>,
    ) -> Result<(Security, SecurityByDirection), Error> {
        Ok((Security::Open, SecurityByDirection::default()))
    }

    pub(crate) fn for_socket(&self, _: impl Iterator<Item = Direction>) -> Result<Security, Error> {
        Ok(Security::Open)
    }
}

macro_rules! credentials_method {
    ($($method:tt)*) => {};
}

macro_rules! authenticate_method {
    ($($method:tt)*) => {};
}
pub(crate) use {authenticate_method, credentials_method};
