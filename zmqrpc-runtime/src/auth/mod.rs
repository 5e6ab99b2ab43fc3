//! Logins: what a client shows, and what a server asks for.
//!
//! ```text
//! settings       what builders keep of both sides
//! credentials    what a program logs in with
//! authenticator  what a server asks for: passwords or keys
//! passwords      users and their passwords
//! hashed         one password, as it is kept
//! curve          keys that are let in
//! keys           pairs of keys, and their files
//! z85            keys as texts
//! watched        a file that is read again when it changes
//! ```

mod authenticator;
mod credentials;
mod curve;
mod hashed;
mod keys;
mod passwords;
mod settings;
mod watched;
mod z85;

pub use authenticator::Authenticator;
pub use credentials::Credentials;
pub use curve::CurveServer;
pub use hashed::hash_password;
pub use keys::{KeyPair, PublicKey, SecretKey};
pub use passwords::Passwords;
pub(crate) use settings::{
    AuthSettings, EachWay, authenticate_method, credentials_method, warn_if_exposed,
};

use crate::socket::AuthDecision;

/// What may be a user's name: it goes into log lines and, with its end marked by a NUL, through libzmq.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && !name.contains(char::is_control)
}

fn admitted(user: &str) -> AuthDecision {
    if is_name(user) {
        AuthDecision::Admitted(user.to_owned())
    } else {
        AuthDecision::Refused("the user's name is empty, too long or no text")
    }
}
