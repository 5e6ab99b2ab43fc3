//! Ways to be guarded, who may come in, and who may not; and a service that writes down who came.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zmqrpc::auth::{Authenticator, CurveServer, KeyPair, Passwords, PublicKey};
use zmqrpc::proxy::{Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::pubsub::{PublisherBuilder, Subscription};
use zmqrpc::push::{PusherBuilder, RawPullerBuilder};
use zmqrpc::{
    CallContext, ClientBuilder, Credentials, Server, ServerBuilder, ServerHandle, zmq_service,
};

use crate::support::await_state;

pub(crate) const ANYWHERE: &str = "tcp://127.0.0.1:*";

/// What strangers enter; all others enter less.
pub(crate) const STRANGE: u64 = 1_000_000;

#[zmq_service]
pub(crate) trait Ledger {
    fn enter(&self, cx: &CallContext, number: u64);
}

/// Who came, under which name, and what they entered.
#[derive(Clone, Default)]
pub(crate) struct Book(Arc<Mutex<Vec<Entry>>>);

/// User and number.
type Entry = (Option<String>, u64);

impl Book {
    /// How much was entered by those who may, all of it under their name.
    #[track_caller]
    pub(crate) fn entries(&self, name: Option<&str>) -> usize {
        let entries = self.0.lock().unwrap();
        for (user, number) in &*entries {
            assert_eq!(user.as_deref(), name, "under {number}");
            assert!(*number < STRANGE, "a stranger has entered {number}");
        }
        entries.len()
    }

    #[track_caller]
    pub(crate) fn await_entries(&self, name: Option<&str>, count: usize) {
        await_state("the entries", || self.entries(name) >= count);
    }

    pub(crate) fn service(&self) -> ServerBuilder {
        Server::builder().service(LedgerServer::new(self.clone()))
    }

    pub(crate) fn served(
        &self,
        settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
    ) -> ServerHandle {
        settings(self.service()).start().unwrap()
    }
}

impl Ledger for Book {
    fn enter(&self, cx: &CallContext, number: u64) {
        let user = cx.user_id().map(str::to_owned);
        self.0.lock().unwrap().push((user, number));
    }
}

/// What somebody shows.
#[derive(Clone)]
pub(crate) enum Login {
    Nothing,
    Plain(&'static str, &'static str),
    /// The server's key, and the client's own.
    Curve(PublicKey, KeyPair),
}

impl Login {
    /// A socket of a program that does not use the library.
    pub(crate) fn raw(&self, kind: zmq::SocketType, endpoint: &str) -> zmq::Socket {
        let socket = zmq::Context::new().socket(kind).unwrap();
        socket.set_linger(0).unwrap();
        socket.set_sndtimeo(100).unwrap();
        match self {
            Self::Nothing => {}
            Self::Plain(user, password) => {
                socket.set_plain_username(Some(user)).unwrap();
                socket.set_plain_password(Some(password)).unwrap();
            }
            Self::Curve(server, _) => {
                let own = zmq::CurveKeyPair::new().unwrap();
                let server = zmq::z85_decode(&server.to_string()).unwrap();
                socket.set_curve_serverkey(&server).unwrap();
                socket.set_curve_publickey(&own.public_key).unwrap();
                socket.set_curve_secretkey(&own.secret_key).unwrap();
            }
        }
        if kind == zmq::SUB {
            socket.set_subscribe(b"").unwrap();
        }
        socket.connect(endpoint).unwrap();
        socket
    }
}

/// Everything that can log in.
pub(crate) trait LogIn: Sized {
    fn with(self, login: &Login) -> Self;
}

macro_rules! log_in {
    ($($name:ty),*) => {
        $(impl LogIn for $name {
            fn with(self, login: &Login) -> Self {
                match login.clone() {
                    Login::Nothing => self,
                    Login::Plain(user, password) => self.credentials(Credentials::plain(user, password)),
                    Login::Curve(server, keys) => self.credentials(Credentials::curve(server, keys)),
                }
            }
        })*
    };
}

log_in!(
    ClientBuilder,
    ServerBuilder,
    PublisherBuilder,
    PusherBuilder,
    RawPullerBuilder,
    Subscription,
    Rep,
    Req,
    Pub,
    Sub,
    Pull,
    Push
);

/// A way to be guarded. Who may come in is called Ada.
pub(crate) struct Lock {
    pub(crate) by: Authenticator,
    pub(crate) ada: Login,
    pub(crate) strangers: Vec<(&'static str, Login)>,
    /// One that lets others in, of whom one tries the wrong door.
    _other: ServerHandle,
}

pub(crate) const ADA: Option<&str> = Some("ada");

/// All ways that this libzmq has.
pub(crate) fn locks() -> Vec<Lock> {
    let mut locks = vec![passwords()];
    if zmq::has("curve") == Some(true) {
        let server = KeyPair::generate().unwrap().public();
        let keys = KeyPair::generate().unwrap();
        locks[0]
            .strangers
            .push(("a key", Login::Curve(server, keys)));
        locks.push(self::keys());
    } else {
        println!("with keys: NOT RUN, this libzmq has no CURVE");
    }
    locks
}

pub(crate) fn passwords() -> Lock {
    let bobs = Passwords::new().user("bob", "hidden");
    Lock {
        by: Passwords::new().user("ada", "secret").into(),
        ada: Login::Plain("ada", "secret"),
        strangers: vec![
            ("nothing", Login::Nothing),
            ("a wrong password", Login::Plain("ada", "wrong")),
            ("a user of another server", Login::Plain("bob", "hidden")),
        ],
        _other: other(bobs),
    }
}

fn keys() -> Lock {
    let pair = || KeyPair::generate().unwrap();
    let (server, other_server, ada, bob) = (pair(), pair(), pair(), pair());
    let show = |server: &KeyPair, keys: &KeyPair| {
        let (server, keys) = (server.public(), keys.clone());
        Login::Curve(server, keys)
    };
    let bobs = CurveServer::new(other_server.clone()).allow(bob.public(), "bob");
    Lock {
        by: CurveServer::new(server.clone())
            .allow(ada.public(), "ada")
            .into(),
        ada: show(&server, &ada),
        strangers: vec![
            ("nothing", Login::Nothing),
            ("an unknown key", show(&server, &pair())),
            ("a key of another server's friend", show(&server, &bob)),
            ("another server's key", show(&other_server, &ada)),
            ("a password", Login::Plain("ada", "secret")),
        ],
        _other: other(bobs),
    }
}

fn other(by: impl Into<Authenticator>) -> ServerHandle {
    let book = Book::default();
    book.served(|server| server.authenticate(by).bind(ANYWHERE))
}

/// Logins that an open side knows nothing of.
pub(crate) fn eager() -> Vec<Login> {
    let mut logins = vec![Login::Plain("ada", "secret")];
    if zmq::has("curve") == Some(true) {
        let (server, keys) = (KeyPair::generate().unwrap().public(), KeyPair::generate());
        let keys = keys.unwrap();
        logins.push(Login::Curve(server, keys));
    }
    logins
}

/// Waits until something is known, which must be within a second.
#[track_caller]
pub(crate) fn soon(what: &str, reached: impl Fn() -> bool) {
    let begin = Instant::now();
    await_state(what, reached);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(1), "{what}: {took:?}");
}
