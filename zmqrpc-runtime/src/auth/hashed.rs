//! The hash of one password.

use std::fmt;
use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use blake2::{Blake2b512, Digest};
use rustix::rand::{GetRandomFlags, getrandom};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::sync::{Mutex, MutexGuard};

/// Returns the hash of a password for a file: `$argon2id$..`, with a new salt each time.
///
/// Uses argon2id with 19 MiB of memory and 2 passes, which takes some 20 ms; without optimisation it takes a second,
/// unless the profile has `[profile.dev.package.argon2] opt-level = 3` and the same for `blake2`.
///
/// # Errors
///
/// [`Error::Config`] if the system has no randomness.
///
/// # Examples
///
/// ```
/// let line = format!("ada:{}\n", zmqrpc_runtime::auth::hash_password("secret")?);
/// assert!(line.starts_with("ada:$argon2id$"));
/// # Ok::<(), zmqrpc_runtime::Error>(())
/// ```
pub fn hash_password(password: &str) -> Result<String, Error> {
    hash(password).map(|hash| hash.to_string())
}

fn hash(password: &str) -> Result<PasswordHash, Error> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| Error::bad_setting("password", error.to_string()))
}

/// A password's hash.
///
/// Once verified, the password is remembered by a fast hash with a key that only this process has: so a flood of wrong
/// passwords delays no user who has logged in before. Wrong passwords take the full hash in any case, or the time would
/// reveal which users have logged in before.
pub(super) struct Hashed {
    hash: PasswordHash,
    proof: Mutex<Option<Proof>>,
}

type Proof = Zeroizing<[u8; 64]>;

/// `None` if the system has no randomness: then no password is remembered.
static KEY: LazyLock<Option<Zeroizing<[u8; 32]>>> = LazyLock::new(|| {
    let mut key = Zeroizing::new([0; 32]);
    let got = getrandom(&mut *key, GetRandomFlags::empty());
    (got == Ok(key.len())).then_some(key)
});

impl Hashed {
    pub(super) fn of(password: &str) -> Result<Self, Error> {
        Ok(Self {
            hash: hash(password)?,
            proof: Mutex::new(compute_proof(password)),
        })
    }

    /// Parses a result of [`hash_password`], or another program's argon2 hash; `None` if it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let is_complete = hash.salt.is_some() && hash.hash.is_some();
        (is_complete && hash.algorithm.as_str().starts_with("argon2")).then(|| Self {
            hash,
            proof: Mutex::default(),
        })
    }

    pub(super) fn text(&self) -> String {
        self.hash.to_string()
    }

    /// Returns whether this password has been verified before, without computing its argon2 hash.
    pub(super) fn is_verified(&self, password: &str) -> bool {
        let known = self.proof();
        let known = known.as_ref().zip(compute_proof(password));
        known.is_some_and(|(known, given)| constant_time_eq(&known[..], &given[..]))
    }

    /// Returns whether the password is right. Takes the time of an argon2 hash, unless it has been verified before.
    pub(super) fn verify(&self, password: &str) -> bool {
        if self.is_verified(password) {
            return true;
        }
        let right = self.verify_hash(password);
        if right {
            *self.proof() = compute_proof(password);
        }
        right
    }

    /// Returns whether the password is right, by its argon2 hash alone. Neither uses nor updates the remembered proof.
    pub(super) fn verify_hash(&self, password: &str) -> bool {
        let verified = Argon2::default().verify_password(password.as_bytes(), &self.hash);
        verified.is_ok()
    }

    fn proof(&self) -> MutexGuard<'_, Option<Proof>> {
        self.proof.lock()
    }
}

fn compute_proof(password: &str) -> Option<Proof> {
    let key = KEY.as_ref()?;
    let hash = Blake2b512::new()
        .chain_update(**key)
        .chain_update(password)
        .finalize();
    let mut proof = Zeroizing::new([0; 64]);
    proof.copy_from_slice(&hash);
    Some(proof)
}

/// Compares in a time that does not depend on where the slices differ.
fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differences) == 0
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let text = hash_password("secret").unwrap();
        let hashed = Hashed::parse(&text).unwrap();
        assert!(!hashed.is_verified("secret"));
        assert!(!hashed.verify("wrong"));
        assert!(hashed.verify("secret"));
        assert!(hashed.is_verified("secret") && !hashed.is_verified("wrong"));
        assert_ne!(text, hash_password("secret").unwrap());
        assert_eq!(hashed.text(), text);
    }

    #[test]
    fn once_a_password_is_known_it_costs_nothing() {
        let hashed = Hashed::of("secret").unwrap();
        let begin = Instant::now();
        assert!((0..2000).all(|_| hashed.verify("secret")));
        assert!(
            begin.elapsed() < Duration::from_secs(1),
            "{:?}",
            begin.elapsed()
        );
    }

    #[test]
    fn what_is_no_hash_is_not_taken_for_one() {
        for text in [
            "",
            "secret",
            "$argon2id$",
            "$argon2id$v=19$m=8,t=1,p=1",
            "$scrypt$ln=1$c2FsdHNhbHQ$aGFzaGhhc2g",
        ] {
            assert!(Hashed::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_of_it_is_printed() {
        assert_eq!(format!("{:?}", Hashed::of("secret").unwrap()), "Hashed(..)");
    }
}
