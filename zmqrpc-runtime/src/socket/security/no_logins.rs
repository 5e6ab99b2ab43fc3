//! Stands in for `logins` in a build without them: every socket is open.

use crate::socket::mechanism::NULL;
use crate::socket::{Direction, RejectedLogins, SocketError};

/// What a socket does about logins.
#[derive(Clone, Debug, Default)]
pub(crate) enum Security {
    /// Neither presents nor requires a login.
    #[default]
    Open,
}

#[expect(
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "logins are looked at, and may fail"
)]
impl Security {
    pub(in crate::socket) fn mechanism(&self) -> &'static str {
        NULL
    }

    pub(in crate::socket) fn check(&self, _: Direction) -> Result<(), SocketError> {
        Ok(())
    }

    pub(in crate::socket) fn add_endpoint(&self, _: &str) {}

    pub(in crate::socket) fn record_mismatch(&self) {}

    pub(in crate::socket) fn presents_login(&self) -> bool {
        false
    }

    pub(crate) fn requires_login(&self) -> bool {
        false
    }

    pub(crate) fn rejected_logins(&self) -> RejectedLogins {
        RejectedLogins::default()
    }
}
