//! The mechanisms of logins, as greetings name them.

/// The mechanism without logins.
pub(super) const NULL: &str = "NULL";

/// The mechanism of logins by password.
#[cfg(feature = "auth")]
pub(super) const PLAIN: &str = "PLAIN";

/// The mechanism of logins by key.
pub(super) const CURVE: &str = "CURVE";
