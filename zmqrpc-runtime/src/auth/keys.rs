//! CURVE key pairs, and their files.

use std::fmt::{self, Write as _};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::{check_curve, z85};
use crate::error::Error;
use crate::log;
use crate::socket::{KEY, new_keys};

/// The public CURVE key of a server or a client, which everybody may know. Its text has 40 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; KEY]);

/// The secret half of a CURVE key pair, which only its owner knows. It is never printed, and is wiped when it is
/// dropped.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY]>);

/// A public CURVE key and its secret key.
#[derive(Clone, Debug)]
pub struct KeyPair {
    public: PublicKey,
    secret: SecretKey,
}

impl KeyPair {
    /// Generates a new pair.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if libzmq has no CURVE; the message says what to install.
    pub fn generate() -> Result<Self, Error> {
        check_curve("curve")?;
        let (public, secret) = new_keys().map_err(|error| config_error(error.to_string()))?;
        Ok(Self {
            public: PublicKey(public),
            secret: SecretKey(secret),
        })
    }

    /// Returns the public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    pub(super) fn secret(&self) -> &Zeroizing<[u8; KEY]> {
        &self.secret.0
    }

    /// Writes both keys to a new file that only its owner may read (mode 0600).
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the file cannot be written, or exists already.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let failed = |error| config_error(format!("{} cannot be written: {error}", path.display()));
        let secret = Zeroizing::new(z85::encode(self.secret()));
        let mut text = Zeroizing::new(String::with_capacity(200));
        let written = write!(
            text,
            "# CURVE keys of zmqrpc. The second one is a secret.\n{PUBLIC} {}\n{SECRET} {}\n",
            self.public, *secret
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(failed)
    }

    /// Reads a file that [`save`](Self::save) wrote. Logs a warning if others may read the file too.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the file cannot be read, or is no such file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| config_error(format!("{} cannot be read: {error}", path.display())))?;
        if fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
            log::here!(warn, path = log::text(path.display()); "other users may read a file of secret keys");
        }
        let field = |name| {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            let (_, key) = lines.find(|(field, _)| *field == name)?;
            z85::decode(key.trim())
        };
        match (field(PUBLIC), field(SECRET)) {
            (Some(public), Some(secret)) => Ok(Self {
                public: PublicKey(public),
                secret: SecretKey(Zeroizing::new(secret)),
            }),
            _ => Err(config_error(format!(
                "{} is no file of keys",
                path.display()
            ))),
        }
    }
}

const PUBLIC: &str = "public-key";
const SECRET: &str = "secret-key";

impl PublicKey {
    pub(super) fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> [u8; KEY] {
        self.0
    }
}

impl FromStr for PublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let reason = "a public key is a text of 40 characters, in the encoding Z85";
        z85::decode(text)
            .map(Self)
            .ok_or_else(|| config_error(reason))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&z85::encode(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

fn config_error(reason: impl Into<Box<str>>) -> Error {
    Error::bad_setting("keys", reason)
}
