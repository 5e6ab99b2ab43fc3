//! What all roles share: the service, and logins in words, as a process can be told them.

use std::fs::{create_dir, remove_dir_all};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zmqrpc::auth::{Authenticator, CurveServer, KeyPair, Passwords};
use zmqrpc::{CallContext, Credentials, zmq_service};

#[zmq_service]
pub(crate) trait House {
    /// Who the server says that calls: user, mechanism, address.
    fn whoami(&self, cx: &CallContext) -> [String; 3];
    #[zmq(oneway)]
    fn leave(&self);
    fn event(&self, number: u64);
}

/// Counts all that gets in.
#[derive(Clone, Default)]
pub(crate) struct Visits(pub(crate) Arc<AtomicU64>);

impl House for Visits {
    fn whoami(&self, cx: &CallContext) -> [String; 3] {
        self.0.fetch_add(1, Ordering::SeqCst);
        [cx.user_id(), cx.mechanism(), cx.peer()].map(|text| text.unwrap_or("nobody").to_owned())
    }

    fn leave(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn event(&self, _: u64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A key pair in a directory that the test has made.
fn keys(directory: &str, name: &str) -> KeyPair {
    KeyPair::load(Path::new(directory).join(name)).unwrap()
}

/// An endpoint, and who may come in there: `plain`, or `curve` and a directory of keys.
pub(crate) fn guard(argument: &str) -> (&str, Authenticator) {
    match *words(argument) {
        [endpoint, "plain"] => {
            let passwords = Passwords::new().user("ada", "secret");
            (endpoint, passwords.user("bob", "hidden").into())
        }
        [endpoint, "curve", keys_at] => {
            let known = CurveServer::new(keys(keys_at, "server"));
            let known = known.allow(keys(keys_at, "ada").public(), "ada");
            (endpoint, known.into())
        }
        _ => panic!("{argument}"),
    }
}

pub(crate) enum Login {
    Nothing,
    Plain(String, String),
    Curve(Credentials),
}

/// An endpoint and a login: `none`, `plain` and two words, or `curve` with a directory, the name of the server's keys and
/// that of its own.
pub(crate) fn login(argument: &str) -> (&str, Login) {
    match *words(argument) {
        [endpoint, "none"] => (endpoint, Login::Nothing),
        [endpoint, "plain", user, password] => {
            (endpoint, Login::Plain(user.into(), password.into()))
        }
        [endpoint, "curve", keys_at, server, own] => {
            let (server, keys) = (keys(keys_at, server).public(), keys(keys_at, own));
            (endpoint, Login::Curve(Credentials::curve(server, keys)))
        }
        _ => panic!("{argument}"),
    }
}

pub(crate) fn anywhere(address: &str) -> String {
    if address.contains(':') {
        format!("tcp://[{address}]:*")
    } else {
        format!("tcp://{address}:*")
    }
}

pub(crate) fn numbers<const N: usize>(text: &str) -> [u64; N] {
    let numbers: Vec<u64> = words(text)
        .iter()
        .map(|word| word.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}

pub(crate) fn words(text: &str) -> Vec<&str> {
    text.split(' ').collect()
}

/// A directory with the key pairs that roles [load](keys); it is deleted in the end.
pub(crate) struct Keys(PathBuf);

impl Keys {
    pub(crate) fn of(names: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("zmqrpc-hosts-{}", std::process::id()));
        create_dir(&directory).unwrap();
        let directory = Self(directory);
        for name in names {
            let keys = KeyPair::generate().unwrap();
            keys.save(directory.0.join(name)).unwrap();
        }
        directory
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = remove_dir_all(&self.0);
    }
}
