//! CURVE: the keys that a server admits.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::watched::Watched;
use super::{KeyPair, PublicKey, admit, is_user_name, z85};
use crate::error::Error;
use crate::socket::{AuthDecision, KEY, LoginAttempt, Verifier};

/// A server's CURVE keys, and the clients that it admits. CURVE encrypts all messages.
///
/// # Examples
///
/// ```no_run
/// use zmqrpc_runtime::Server;
/// use zmqrpc_runtime::auth::{CurveServer, KeyPair};
///
/// let keys = CurveServer::new(KeyPair::load("server.keys")?)
///     .allow("rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7".parse()?, "ada")
///     .allow_file("known.keys")?;
/// let server = Server::builder().authenticate(keys).bind("tcp://*:30000");
/// # let _ = server;
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "pass it to `authenticate`"]
pub struct CurveServer {
    keys: KeyPair,
    allowed: HashMap<PublicKey, String>,
    files: Vec<Arc<Watched<HashMap<PublicKey, String>>>>,
    check: Option<KeyCheck>,
    any: bool,
}

type KeyCheck = Arc<dyn Fn(&PublicKey) -> Option<String> + Send + Sync>;

impl CurveServer {
    /// Creates an authenticator that admits nobody yet. A server at which nobody could log in does not start.
    pub fn new(keys: KeyPair) -> Self {
        Self {
            keys,
            allowed: HashMap::new(),
            files: Vec::new(),
            check: None,
            any: false,
        }
    }

    /// Admits a client, under a user's name of 1 to 255 bytes.
    pub fn allow(mut self, client: PublicKey, user: impl Into<String>) -> Self {
        self.allowed.insert(client, user.into());
        self
    }

    /// Admits the clients whose keys are in a file. Each line has a public key, a space and the user's name. Lines that
    /// begin with `# ` are comments.
    ///
    /// The file is read again after it has changed. A line that is wrong then is left out, as is a last line without a
    /// line feed at its end; while the file is missing, none of its clients is admitted. Established connections stay.
    /// To change the file, write another one and rename it to this one: while a file is written in place, a part of it
    /// is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the file cannot be read, or a line is wrong.
    pub fn allow_file(mut self, path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = Watched::open(path.as_ref(), parse_line)?;
        self.files.push(Arc::new(file));
        Ok(self)
    }

    /// Decides by a function about keys that are in no table: it returns the user's name, or `None` to reject the
    /// client. It is called once for each connection, for one connection after the other, on a thread of its own. It
    /// should return soon: clients wait no longer than their own time limits. If it panics, the client is rejected.
    pub fn check(
        mut self,
        check: impl Fn(&PublicKey) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    /// Admits every client that knows this server's public key, under the client's own key as the user's name. Then
    /// CURVE encrypts, but keeps out nobody who has the server's public key.
    pub fn allow_any(mut self) -> Self {
        self.any = true;
        self
    }

    pub(super) fn check_usable(&self) -> Result<(), Error> {
        let config_error = |reason| Err(Error::bad_setting("authenticate", reason));
        if self.allowed.values().any(|user| !is_user_name(user)) {
            return config_error(
                "a user's name must have 1 to 255 bytes and no control characters",
            );
        }
        if self.allowed.is_empty() && self.files.is_empty() && self.check.is_none() && !self.any {
            return config_error(
                "nobody could log in: use `allow`, `allow_file`, `check` or `allow_any`",
            );
        }
        Ok(())
    }

    pub(super) fn secret(&self) -> Zeroizing<[u8; KEY]> {
        self.keys.secret().clone()
    }

    fn find(&self, key: &PublicKey) -> Option<AuthDecision> {
        let known = self.allowed.get(key).map(|user| admit(user));
        known.or_else(|| {
            let mut files = self.files.iter();
            files.find_map(|file| file.table().get(key).map(|user| admit(user)))
        })
    }

    fn decide_unknown(&self, key: &PublicKey) -> AuthDecision {
        if self.any {
            admit(&key.to_string())
        } else {
            UNKNOWN
        }
    }
}

const UNKNOWN: AuthDecision = AuthDecision::Refused("the key is not known");

impl Verifier for CurveServer {
    fn try_decide(&self, attempt: &LoginAttempt) -> Option<AuthDecision> {
        let LoginAttempt::Curve { key } = attempt else {
            return Some(UNKNOWN);
        };
        let key = PublicKey::from_bytes(*key);
        let known = self.find(&key);
        known.or_else(|| self.check.is_none().then(|| self.decide_unknown(&key)))
    }

    fn decide(&self, attempt: &LoginAttempt) -> AuthDecision {
        let LoginAttempt::Curve { key } = attempt else {
            return UNKNOWN;
        };
        let key = PublicKey::from_bytes(*key);
        let checked = self.check.as_ref().and_then(|check| check(&key));
        checked.map_or_else(|| self.decide_unknown(&key), |user| admit(&user))
    }
}

fn parse_line(
    line: &str,
    table: &mut HashMap<PublicKey, String>,
    _: &HashMap<PublicKey, String>,
) -> Result<(), &'static str> {
    let (key, user) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    // A key may begin with a `#`, too.
    if line.starts_with('#') && key.len() != z85::LEN {
        return Ok(());
    }
    let key = key.parse().map_err(|_| "a public key must come first")?;
    let user = user.trim();
    if !is_user_name(user) {
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
