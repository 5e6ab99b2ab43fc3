//! Logins: what a program presents where it connects, and what it verifies where it is bound.
//!
//! Whoever is bound asks for a login by the method `authenticate` of its builder, whoever connects presents one by
//! `credentials`. PLAIN is a user's name and a password, unencrypted; CURVE is a key, and encrypts everything.
//!
//! | | presents | verifies |
//! |---|---|---|
//! | PLAIN | [`Credentials::plain`] | [`Passwords`], [`hash_password`] |
//! | CURVE | [`Credentials::curve`], [`KeyPair`], [`PublicKey`], [`SecretKey`] | [`CurveServer`] |
//!
//! # Examples
//!
//! ```
//! use zmqrpc_runtime::auth::Passwords;
//! use zmqrpc_runtime::{Client, Credentials, Server};
//!
//! let server = Server::builder().authenticate(Passwords::new().user("ada", "secret"));
//! let client = Client::builder().credentials(Credentials::plain("ada", "secret"));
//! # let _ = (server, client);
//! ```

// Its files:
//
//     credentials    what a client presents: a password or keys
//     authenticator  what a server verifies: passwords or keys
//     passwords      users and their passwords
//     hashed         the hash of one password
//     curve          the keys that a server admits
//     keys           key pairs, and their files
//     z85            keys as texts
//     watched        a file that is read again when it changes

mod authenticator;
mod credentials;
mod curve;
mod hashed;
mod keys;
mod passwords;
mod watched;
mod z85;

pub use authenticator::Authenticator;
pub use credentials::Credentials;
pub use curve::CurveServer;
pub use hashed::hash_password;
pub use keys::{KeyPair, PublicKey, SecretKey};
pub use passwords::Passwords;

use crate::error::Error;
use crate::socket::{AuthDecision, has_curve};

/// Returns whether a text may be a user's name, which goes into log lines and, terminated by a NUL, through libzmq.
fn is_user_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && !name.contains(char::is_control)
}

fn admit(user: &str) -> AuthDecision {
    if is_user_name(user) {
        AuthDecision::Admitted(user.to_owned())
    } else {
        AuthDecision::Refused("the user's name is empty, too long or no text")
    }
}

/// Fails if libzmq has no CURVE: before anything is opened, rather than at the first call.
fn check_curve(setting: &'static str) -> Result<(), Error> {
    if has_curve() {
        return Ok(());
    }
    Err(Error::bad_setting(setting, NO_CURVE))
}

const NO_CURVE: &str = "libzmq was built without CURVE here: install one that has it (Debian: `apt install libzmq3-dev`) \
and build with `cargo --config .cargo/system-libzmq.toml`, as the README's section \"libzmq\" describes";
