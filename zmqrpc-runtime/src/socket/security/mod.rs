//! What sockets do about logins; without the feature `auth`, nothing.

#[cfg_attr(not(feature = "auth"), path = "no_logins.rs")]
mod logins;

pub(crate) use self::logins::Security;
