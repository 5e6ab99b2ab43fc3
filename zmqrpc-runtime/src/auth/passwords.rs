//! Users and their passwords.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::hashed::Hashed;
use super::watched::Watched;
use super::{admit, is_user_name};
use crate::error::Error;
use crate::socket::{AuthDecision, LoginAttempt, Verifier};

/// Users and their passwords: verifies logins by name and password, ZeroMQ's PLAIN.
///
/// Passwords are kept as argon2id hashes. **They travel unencrypted, and so does everything after them**: PLAIN is for
/// trusted networks, for `ipc://`, or within a VPN. [`CurveServer`](crate::auth::CurveServer) encrypts.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::Server;
/// use zmqrpc_runtime::auth::Passwords;
///
/// let passwords = Passwords::new().user("ada", "secret").user("bob", "hidden");
/// let server = Server::builder().authenticate(passwords).bind("tcp://*:30000");
/// # let _ = server;
/// ```
#[derive(Clone, Default)]
#[must_use = "pass it to `authenticate`"]
pub struct Passwords {
    users: Users,
    files: Vec<Arc<Watched<Users>>>,
    check: Option<PasswordCheck>,
    error: Option<Error>,
}

type Users = HashMap<String, Arc<Hashed>>;
type PasswordCheck = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// The most bytes of a password, which is libzmq's limit.
const MAX_PASSWORD: usize = 255;

impl Passwords {
    /// Creates an authenticator that admits nobody yet. A server at which nobody could log in does not start.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user, or replaces the user's password. Both texts have 1 to 255 bytes; if not, starting the server fails
    /// with [`Error::Config`]. The password is hashed at once, which takes some 20 ms, and not kept.
    pub fn user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), Zeroizing::new(password.into()));
        let hashed = if is_user_name(&user) && (1..=MAX_PASSWORD).contains(&password.len()) {
            Hashed::of(&password)
        } else {
            let reason = "a user and a password must have 1 to 255 bytes each, the user no control characters";
            Err(Error::bad_setting("authenticate", reason))
        };
        match hashed {
            Ok(hashed) => {
                self.users.insert(user, Arc::new(hashed));
            }
            Err(error) => self.error = Some(error),
        }
        self
    }

    /// Adds a user by the result of [`hash_password`](crate::auth::hash_password), or by another program's argon2 hash in
    /// the same form.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if `hash` is no such hash.
    pub fn hashed(mut self, user: impl Into<String>, hash: &str) -> Result<Self, Error> {
        let user = user.into();
        match Hashed::parse(hash) {
            Some(hashed) if is_user_name(&user) => {
                self.users.insert(user, Arc::new(hashed));
                Ok(self)
            }
            _ => Err(Error::bad_setting(
                "authenticate",
                "a user's name and `$argon2id$..` are needed, as `hash_password` makes it",
            )),
        }
    }

    /// Takes users from a file. Each line has the user's name, a colon, and the result of
    /// [`hash_password`](crate::auth::hash_password). Lines that begin with `# ` are comments.
    ///
    /// The file is read again at the next login after it has changed. A line that is wrong then is left out, as is a
    /// last line without a line feed at its end; while the file is missing, none of its users is admitted. The log says
    /// so. Established connections stay. To change the file, write another one and rename it to this one: while a file
    /// is written in place, a part of it is missing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the file cannot be read, or a line is wrong.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = Watched::open(path.as_ref(), parse_line)?;
        Ok(Self {
            files: vec![Arc::new(file)],
            ..Self::default()
        })
    }

    /// Verifies by a function of the user's name and the password. It is called once for each connection, for one
    /// connection after the other, on a thread of its own. It should return soon: clients wait no longer than their own
    /// time limits. It should take as long for known users as for others, or its time reveals which users exist. If it
    /// panics, the login is rejected. It is not called for users that are added by name.
    pub fn check(check: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            check: Some(Arc::new(check)),
            ..Self::default()
        }
    }

    pub(super) fn check_usable(&self) -> Result<(), Error> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if self.users.is_empty() && self.files.is_empty() && self.check.is_none() {
            let reason = "nobody could log in: add a user";
            return Err(Error::bad_setting("authenticate", reason));
        }
        Ok(())
    }

    fn find(&self, user: &str) -> Option<Arc<Hashed>> {
        let known = self.users.get(user).cloned();
        known.or_else(|| {
            let mut files = self.files.iter();
            files.find_map(|file| file.table().get(user).cloned())
        })
    }

    /// Returns any user's password; `None` if there is no user.
    fn any_user(&self) -> Option<Arc<Hashed>> {
        let known = self.users.values().next().cloned();
        known.or_else(|| {
            let mut files = self.files.iter();
            files.find_map(|file| file.table().values().next().cloned())
        })
    }
}

const UNKNOWN: AuthDecision = AuthDecision::Refused("there is no such user");
const WRONG: AuthDecision = AuthDecision::Refused("the password is wrong");

impl Verifier for Passwords {
    /// Returns a decision only if the password has been verified before: every rejection takes a full hash, whatever is
    /// wrong. So its time does not reveal whether the user exists, even if the processor is too busy for rejections to
    /// keep to their fixed time.
    fn try_decide(&self, attempt: &LoginAttempt) -> Option<AuthDecision> {
        let LoginAttempt::Plain { user, password } = attempt else {
            return Some(UNKNOWN);
        };
        let known = self.find(user)?.is_verified(password);
        known.then(|| admit(user))
    }

    fn decide(&self, attempt: &LoginAttempt) -> AuthDecision {
        let LoginAttempt::Plain { user, password } = attempt else {
            return UNKNOWN;
        };
        let right = match (self.find(user), &self.check) {
            (Some(hashed), _) => hashed.verify(password),
            (None, Some(check)) => check(user, password),
            (None, None) => {
                if let Some(other) = self.any_user() {
                    // Takes as long as for a known user; the result does not matter.
                    std::hint::black_box(other.verify_hash(password));
                }
                return UNKNOWN;
            }
        };
        if right { admit(user) } else { WRONG }
    }
}

fn parse_line(line: &str, users: &mut Users, before: &Users) -> Result<(), &'static str> {
    if line.starts_with('#') {
        return Ok(());
    }
    let (user, hash) = line
        .split_once(':')
        .ok_or("it must read `user:$argon2id$..`")?;
    if !is_user_name(user) {
        return Err("the user's name must have 1 to 255 bytes and no control characters");
    }
    let hashed = Hashed::parse(hash).ok_or("what follows the colon is no argon2 hash")?;
    // A proof of the password stays valid while its hash is the same.
    let hashed = match before.get(user) {
        Some(known) if known.text() == hashed.text() => Arc::clone(known),
        _ => Arc::new(hashed),
    };
    users.insert(user.to_owned(), hashed);
    Ok(())
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut users: Vec<_> = self.users.keys().collect();
        users.sort();
        f.debug_struct("Passwords")
            .field("users", &users)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(user: &str, password: &str) -> LoginAttempt {
        LoginAttempt::Plain {
            user: user.into(),
            password: Zeroizing::new(password.into()),
        }
    }

    /// Returns two users: ada's password has been verified before, bob's has not.
    fn users() -> Passwords {
        let hash = crate::auth::hash_password("hidden").unwrap();
        let users = Passwords::new().user("ada", "secret");
        users.hashed("bob", &hash).unwrap()
    }

    /// Returns the nanoseconds that this thread has run on a processor.
    fn cpu_time() -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        let cpu_time = text.split_whitespace().next();
        cpu_time.unwrap().parse().unwrap()
    }

    /// Returns the least of several measurements: other processes can only add to them.
    fn least_cpu_time(users: &Passwords, name: &str) -> u64 {
        let cpu_times = (0..3).map(|_| {
            let before = cpu_time();
            assert_ne!(users.decide(&attempt(name, "wrong")), admit(name));
            cpu_time() - before
        });
        cpu_times.min().unwrap()
    }

    #[test]
    fn no_refusal_is_known_without_an_effort() {
        let users = users();
        for name in ["ada", "bob", "eve"] {
            assert_eq!(users.try_decide(&attempt(name, "wrong")), None, "{name}");
        }
        assert_eq!(
            users.try_decide(&attempt("ada", "secret")),
            Some(admit("ada"))
        );
    }

    #[test]
    fn a_refusal_takes_the_same_effort_whether_or_not_there_is_such_a_user() {
        let users = users();
        let cpu_times = ["ada", "bob", "eve"].map(|name| least_cpu_time(&users, name));
        let (least, most) = (cpu_times.iter().min(), cpu_times.iter().max());
        assert!(*most.unwrap() < 3 * *least.unwrap(), "{cpu_times:?}");
    }
}
