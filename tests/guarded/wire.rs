//! What somebody reads who listens on the wire.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use zmqrpc::auth::{CurveServer, KeyPair, Passwords};
use zmqrpc::{Client, ClientBuilder, Credentials, ServerHandle};

use crate::keys::curve_is_there;
use crate::support::{listen, within};
use crate::vault::{VaultClient, guarded};

const LIMIT: Duration = Duration::from_secs(30);

/// Stands in a reply.
const USER: &str = "ada-of-the-wire";

/// All bytes of both directions, each on its own: what is read in pieces is searched as a whole.
#[derive(Clone, Default)]
struct Tap([Arc<Mutex<Vec<u8>>>; 2]);

impl Tap {
    fn has(&self, bytes: &[u8]) -> bool {
        let has = |direction: &Arc<Mutex<Vec<u8>>>| {
            let read = direction.lock().unwrap();
            assert!(read.len() > 100, "something was said");
            read.windows(bytes.len()).any(|window| window == bytes)
        };
        self.0.iter().any(has)
    }
}

/// What is read on the way when somebody logs in and calls.
fn overhear(server: &ServerHandle, login: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Tap {
    let endpoint = server.endpoints().remove(0);
    let address = endpoint["tcp://".len()..].to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let front = format!("tcp://{}", listener.local_addr().unwrap());
    let tap = Tap::default();
    let [questions, answers] = tap.0.clone();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(address).unwrap();
        let (back, forth) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || listen(forth, back, &answers));
        listen(client, server, &questions);
    });
    let client = login(Client::builder().connect(front)).build().unwrap();
    let (user, ..) = VaultClient::new(client).whoami().unwrap();
    assert_eq!(user.as_deref(), Some(USER));
    tap
}

#[test]
fn whoever_listens_reads_passwords_and_everything_else() {
    within(LIMIT, || {
        let (server, _) = guarded(Passwords::new().user(USER, "a secret"));
        let tap = overhear(&server, |builder| {
            builder.credentials(Credentials::plain(USER, "a secret"))
        });
        assert!(tap.has(b"a secret") && tap.has(USER.as_bytes()));
    });
}

#[test]
fn whoever_listens_reads_neither_content_nor_the_clients_key_where_there_are_keys() {
    if !curve_is_there("whoever_listens_reads_neither_content_nor_the_clients_key_..") {
        return;
    }
    within(LIMIT, || {
        let (ours, theirs) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let public = theirs.public();
        let (server, _) = guarded(CurveServer::new(ours.clone()).allow(public, USER));
        let login = Credentials::curve(ours.public(), theirs);
        let tap = overhear(&server, |builder| builder.credentials(login));
        assert!(tap.has(b"CURVE"), "the wire was read");
        let key = zmq::z85_decode(&public.to_string()).unwrap();
        assert!(!tap.has(USER.as_bytes()) && !tap.has(&key));
    });
}
