//! Users and their passwords.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::hashed::Hashed;
use super::watched::Watched;
use super::{admitted, is_name};
use crate::error::Error;
use crate::socket::{AuthDecision, LoginAttempt, Verifier};

/// Users and their passwords: who is let in by a name and a password, ZeroMQ's PLAIN.
///
/// Passwords are kept as argon2id hashes. **They travel as they are, and so does everything after them**: PLAIN is for
/// networks that nobody listens to, for `ipc://`, or within a VPN. [`CurveServer`](crate::CurveServer) encrypts.
///
/// # Examples
///
/// ```
/// use zmqrpc_runtime::{Passwords, Server};
///
/// let passwords = Passwords::new().user("ada", "secret").user("bob", "hidden");
/// let server = Server::builder().authenticate(passwords).bind("tcp://*:30000");
/// # let _ = server;
/// ```
#[derive(Clone, Default)]
#[must_use = "it is to be handed to `authenticate`"]
pub struct Passwords {
    users: Users,
    files: Vec<Arc<Watched<Users>>>,
    check: Option<PasswordCheck>,
    wrong: Option<Error>,
}

type Users = HashMap<String, Arc<Hashed>>;
type PasswordCheck = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Bytes of a password: libzmq's limit.
const MAX: usize = 255;

impl Passwords {
    /// Lets nobody in yet: a server that nobody could log in at does not start.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user, or gives one another password. Both have 1 to 255 bytes; what has not is an [`Error::Config`] at the
    /// start. The password is hashed at once, which takes some 20 ms, and not kept.
    pub fn user(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        let (user, password) = (user.into(), Zeroizing::new(password.into()));
        let hashed = if is_name(&user) && (1..=MAX).contains(&password.len()) {
            Hashed::of(&password)
        } else {
            let reason = "a user and a password must have 1 to 255 bytes each, the user no control characters";
            Err(Error::bad_setting("authenticate", reason))
        };
        match hashed {
            Ok(hashed) => {
                self.users.insert(user, Arc::new(hashed));
            }
            Err(error) => self.wrong = Some(error),
        }
        self
    }

    /// Adds a user by what [`hash_password`](crate::hash_password) made of the password, or by another program's argon2
    /// hash in the same form.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it is no such hash.
    pub fn hashed(mut self, user: impl Into<String>, hash: &str) -> Result<Self, Error> {
        let user = user.into();
        match Hashed::parse(hash) {
            Some(hashed) if is_name(&user) => {
                self.users.insert(user, Arc::new(hashed));
                Ok(self)
            }
            _ => Err(Error::bad_setting(
                "authenticate",
                "a user's name and `$argon2id$..` are needed, as `hash_password` makes it",
            )),
        }
    }

    /// Takes users from a file, one in each line: the name, a colon, and what
    /// [`hash_password`](crate::hash_password) made of the password. Lines that begin with `# ` are comments.
    ///
    /// The file is read again when it has changed, at the next login. A line that is wrong then is left out, as is a last
    /// one without a line feed behind it, and of a file that is gone nobody is let in; the log says so. Connections that
    /// have been made stay. Write another file and rename it to this one: of a file that is written in place, a part is
    /// missing for a moment.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it cannot be read, or a line is wrong.
    pub fn file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let file = Watched::open(path.as_ref(), read_line)?;
        Ok(Self {
            files: vec![Arc::new(file)],
            ..Self::default()
        })
    }

    /// Asks a function: the first text is the user, the second the password. It is called once for each connection, for
    /// one after the other, on a thread of its own, and should return soon: clients wait no longer than their own time
    /// limits. It should take as long for users that it knows as for others, or time tells them apart. If it panics, the
    /// answer is "no". Users that are added by name are not asked for.
    pub fn check(check: impl Fn(&str, &str) -> bool + Send + Sync + 'static) -> Self {
        Self {
            check: Some(Arc::new(check)),
            ..Self::default()
        }
    }

    pub(super) fn check_use(&self) -> Result<(), Error> {
        if let Some(error) = &self.wrong {
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

    /// Some user's password, as long as there is a user.
    fn anybody(&self) -> Option<Arc<Hashed>> {
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
    /// Knows right passwords alone: what is refused is worked out, whatever is wrong. The time that it takes tells nobody
    /// whether there is such a user, though the processor were too busy to keep to the time of refusals.
    fn try_decide(&self, claim: &LoginAttempt) -> Option<AuthDecision> {
        let LoginAttempt::Plain { user, password } = claim else {
            return Some(UNKNOWN);
        };
        let known = self.find(user)?.knows(password);
        known.then(|| admitted(user))
    }

    fn decide(&self, claim: &LoginAttempt) -> AuthDecision {
        let LoginAttempt::Plain { user, password } = claim else {
            return UNKNOWN;
        };
        let right = match (self.find(user), &self.check) {
            (Some(hashed), _) => hashed.verify(password),
            (None, Some(check)) => check(user, password),
            (None, None) => {
                if let Some(other) = self.anybody() {
                    // An effort like any other's; who it is stays out of it.
                    std::hint::black_box(other.works_out(password));
                }
                return UNKNOWN;
            }
        };
        if right { admitted(user) } else { WRONG }
    }
}

fn read_line(line: &str, users: &mut Users, before: &Users) -> Result<(), &'static str> {
    if line.starts_with('#') {
        return Ok(());
    }
    let (user, hash) = line
        .split_once(':')
        .ok_or("it must read `user:$argon2id$..`")?;
    if !is_name(user) {
        return Err("the user's name must have 1 to 255 bytes and no control characters");
    }
    let hashed = Hashed::parse(hash).ok_or("what follows the colon is no argon2 hash")?;
    // What has been found out about a password stays true while its hash stays.
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

    fn claim(user: &str, password: &str) -> LoginAttempt {
        LoginAttempt::Plain {
            user: user.into(),
            password: Zeroizing::new(password.into()),
        }
    }

    /// Ada has been here before, bob has not.
    fn users() -> Passwords {
        let hash = crate::auth::hash_password("hidden").unwrap();
        let users = Passwords::new().user("ada", "secret");
        users.hashed("bob", &hash).unwrap()
    }

    /// Nanoseconds that this thread has had a processor.
    fn spent() -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        let spent = text.split_whitespace().next();
        spent.unwrap().parse().unwrap()
    }

    /// The least of some: what else runs adds to the others.
    fn effort(users: &Passwords, name: &str) -> u64 {
        let efforts = (0..3).map(|_| {
            let before = spent();
            assert_ne!(users.decide(&claim(name, "wrong")), admitted(name));
            spent() - before
        });
        efforts.min().unwrap()
    }

    #[test]
    fn no_refusal_is_known_without_an_effort() {
        let users = users();
        for name in ["ada", "bob", "eve"] {
            assert_eq!(users.try_decide(&claim(name, "wrong")), None, "{name}");
        }
        assert_eq!(
            users.try_decide(&claim("ada", "secret")),
            Some(admitted("ada"))
        );
    }

    #[test]
    fn a_refusal_takes_the_same_effort_whether_or_not_there_is_such_a_user() {
        let users = users();
        let efforts = ["ada", "bob", "eve"].map(|name| effort(&users, name));
        let (least, most) = (efforts.iter().min(), efforts.iter().max());
        assert!(*most.unwrap() < 3 * *least.unwrap(), "{efforts:?}");
    }
}
