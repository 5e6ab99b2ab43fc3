//! What a program shows where it connects.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{KeyPair, PublicKey, check_curve, is_user_name};
use crate::error::Error;
use crate::socket::{ClientLogin, Security};

/// What a program logs in with where it connects: a user's name and password, or keys.
///
/// For the method `credentials` of every builder that connects. The other side asks for them by its `authenticate`.
/// `Debug` shows no secret.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::{Client, Credentials};
///
/// let client = Client::builder()
///     .connect("tcp://127.0.0.1:30000")
///     .credentials(Credentials::plain("ada", "secret"))
///     .build()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "they are to be handed to a builder's `credentials`"]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Plain(Arc<ClientLogin>),
    Curve(Arc<ClientLogin>),
    /// A user or a password that cannot travel: the builder's error, which names the setting.
    Invalid(&'static str),
}

/// The bytes that libzmq takes of a user's name or a password.
const MAX: usize = 255;

impl Credentials {
    /// Creates credentials of a user's name and a password, of 1 to 255 bytes each, for peers that ask for
    /// [`Passwords`](super::Passwords): ZeroMQ's PLAIN. Both travel unencrypted.
    ///
    /// A name or a password that cannot travel is an [`Error::Config`] of the builder.
    pub fn plain(user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), Zeroizing::new(password.into()));
        Self(if !is_user_name(&user) {
            Kind::Invalid("the user's name must have 1 to 255 bytes and no control characters")
        } else if password.is_empty() || password.len() > MAX || password.contains('\0') {
            Kind::Invalid("the password must have 1 to 255 bytes, and none of them zero")
        } else {
            Kind::Plain(Arc::new(ClientLogin::Plain { user, password }))
        })
    }

    /// Creates credentials of keys, for peers that ask for them by a [`CurveServer`](super::CurveServer): ZeroMQ's CURVE,
    /// which encrypts everything.
    ///
    /// `server` is the peer's public key: a peer without its secret half is not talked to. `keys` are one's own; the peer
    /// must know the public one.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use zmqrpc_runtime::auth::KeyPair;
    /// use zmqrpc_runtime::{Client, Credentials};
    ///
    /// let server = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7".parse()?;
    /// let client = Client::builder()
    ///     .connect("tcp://host.example:30000")
    ///     .credentials(Credentials::curve(server, KeyPair::load("client.keys")?))
    ///     .build()?;
    /// # Ok::<(), zmqrpc_runtime::Error>(())
    /// ```
    #[expect(
        clippy::needless_pass_by_value,
        reason = "they are the program's own, and kept"
    )]
    pub fn curve(server: PublicKey, keys: KeyPair) -> Self {
        Self(Kind::Curve(Arc::new(ClientLogin::Curve {
            server: server.bytes(),
            public: keys.public().bytes(),
            secret: keys.secret().clone(),
        })))
    }

    /// Returns what sockets that connect do about logins.
    pub(crate) fn security(credentials: Option<&Self>) -> Result<Security, Error> {
        match credentials.map(|credentials| &credentials.0) {
            None => Ok(Security::Open),
            Some(Kind::Invalid(reason)) => Err(Error::bad_setting("credentials", *reason)),
            Some(Kind::Plain(login)) => Ok(Security::Client(Arc::clone(login))),
            Some(Kind::Curve(login)) => {
                check_curve("credentials")?;
                Ok(Security::Client(Arc::clone(login)))
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mechanism = match &self.0 {
            Kind::Plain(_) => "plain",
            Kind::Curve(_) => "curve",
            Kind::Invalid(_) => "invalid",
        };
        f.debug_tuple("Credentials").field(&mechanism).finish()
    }
}
