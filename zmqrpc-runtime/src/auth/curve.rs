//! Keys that are let in, and the key that a client shows.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::watched::Watched;
use super::{KeyPair, PublicKey, admitted, is_name, z85};
use crate::error::Error;
use crate::socket::{AuthDecision, ClientLogin, KEY, LoginAttempt, Verifier};

/// What a client shows to a server that asks for keys, and what the server has to show. Everything is encrypted.
///
/// # Examples
///
/// ```no_run
/// use zmqrpc_runtime::{Client, CurveClient, KeyPair};
///
/// let client = Client::builder()
///     .connect("tcp://host.example:30000")
///     .curve(CurveClient {
///         server: "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7".parse()?,
///         keys: KeyPair::load("client.keys")?,
///     })
///     .build()?;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CurveClient {
    /// The server's public key. A server without its secret half is not talked to.
    pub server: PublicKey,
    /// The client's own keys. The server must know the public one.
    pub keys: KeyPair,
}

impl CurveClient {
    pub(super) fn login(&self) -> ClientLogin {
        ClientLogin::Curve {
            server: self.server.bytes(),
            public: self.keys.public().bytes(),
            secret: self.keys.secret().clone(),
        }
    }
}

/// A server's keys, and whose keys it lets in. Everything is encrypted.
///
/// # Examples
///
/// ```no_run
/// use zmqrpc_runtime::{CurveServer, KeyPair, Server};
///
/// let keys = CurveServer::new(KeyPair::load("server.keys")?)
///     .allow("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7".parse()?, "ada")
///     .allow_file("known.keys")?;
/// let server = Server::builder().authenticate(keys).bind("tcp://*:30000");
/// # let _ = server;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "it is to be handed to `authenticate`"]
pub struct CurveServer {
    keys: KeyPair,
    allowed: HashMap<PublicKey, String>,
    files: Vec<Arc<Watched<HashMap<PublicKey, String>>>>,
    check: Option<KeyCheck>,
    any: bool,
}

type KeyCheck = Arc<dyn Fn(&PublicKey) -> Option<String> + Send + Sync>;

impl CurveServer {
    /// Lets nobody in yet: a server that nobody could log in at does not start.
    pub fn new(keys: KeyPair) -> Self {
        Self {
            keys,
            allowed: HashMap::new(),
            files: Vec::new(),
            check: None,
            any: false,
        }
    }

    /// Lets a client in, under a name of 1 to 255 bytes.
    pub fn allow(mut self, client: PublicKey, user: impl Into<String>) -> Self {
        self.allowed.insert(client, user.into());
        self
    }

    /// Lets the clients in whose keys are in a file, one in each line: the public key, a space, the user's name. Lines
    /// that begin with `# ` are comments. The file is read again when it has changed; a line that is wrong then is left
    /// out, as is a last one without a line feed behind it, and of a file that is gone nobody is let in. Connections that
    /// have been made stay. Write another file and rename it to this one: of a file that is written in place, a part is
    /// missing for a moment.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot be read, or a line is wrong.
    pub fn allow_file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = Watched::open(path.as_ref(), read_line)?;
        self.files.push(Arc::new(file));
        Ok(self)
    }

    /// Asks a function about keys that are in no table: it answers the user's name, or none for "no". It is called once
    /// for each connection, for one after the other, on a thread of its own, and should return soon: clients wait no
    /// longer than their own time limits. If it panics, the answer is "no".
    pub fn check(
        mut self,
        check: impl Fn(&PublicKey) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    /// Lets everybody in who knows this server's public key, under the text of their own. Then CURVE encrypts, and keeps
    /// out nobody who has that key.
    pub fn allow_any(mut self) -> Self {
        self.any = true;
        self
    }

    pub(super) fn check_use(&self) -> Result<(), Error> {
        let wrong = |reason| Err(Error::bad_setting("authenticate", reason));
        if self.allowed.values().any(|user| !is_name(user)) {
            return wrong("a user's name must have 1 to 255 bytes and no control characters");
        }
        if self.allowed.is_empty() && self.files.is_empty() && self.check.is_none() && !self.any {
            return wrong("nobody could log in: use `allow`, `allow_file`, `check` or `allow_any`");
        }
        Ok(())
    }

    pub(super) fn secret(&self) -> Zeroizing<[u8; KEY]> {
        self.keys.secret().clone()
    }

    fn known(&self, key: &PublicKey) -> Option<AuthDecision> {
        let known = self.allowed.get(key).map(|user| admitted(user));
        known.or_else(|| {
            let mut files = self.files.iter();
            files.find_map(|file| file.table().get(key).map(|user| admitted(user)))
        })
    }

    fn unknown(&self, key: &PublicKey) -> AuthDecision {
        if self.any {
            admitted(&key.to_string())
        } else {
            UNKNOWN
        }
    }
}

const UNKNOWN: AuthDecision = AuthDecision::Refused("the key is not known");

impl Verifier for CurveServer {
    fn try_decide(&self, claim: &LoginAttempt) -> Option<AuthDecision> {
        let LoginAttempt::Curve { key } = claim else {
            return Some(UNKNOWN);
        };
        let key = PublicKey::from_bytes(*key);
        let known = self.known(&key);
        known.or_else(|| self.check.is_none().then(|| self.unknown(&key)))
    }

    fn decide(&self, claim: &LoginAttempt) -> AuthDecision {
        let LoginAttempt::Curve { key } = claim else {
            return UNKNOWN;
        };
        let key = PublicKey::from_bytes(*key);
        let checked = self.check.as_ref().and_then(|check| check(&key));
        checked.map_or_else(|| self.unknown(&key), |user| admitted(&user))
    }
}

fn read_line(
    line: &str,
    table: &mut HashMap<PublicKey, String>,
    _: &HashMap<PublicKey, String>,
) -> Result<(), &'static str> {
    let (key, user) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    // A key may begin with the sign of a comment.
    if line.starts_with('#') && key.len() != z85::LEN {
        return Ok(());
    }
    let key = key.parse().map_err(|_| "a public key must come first")?;
    let user = user.trim();
    if !is_name(user) {
        return Err("the user's name must follow the key");
    }
    table.insert(key, user.to_owned());
    Ok(())
}

impl fmt::Debug for CurveServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurveServer")
            .field("key", &self.keys.public())
            .field("allowed", &self.allowed)
            .field("any", &self.any)
            .finish_non_exhaustive()
    }
}
