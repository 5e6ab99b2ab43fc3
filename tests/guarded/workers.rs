//! Workers that log in to a client that is bound.

use std::time::Duration;

use zmqrpc::auth::{Authenticator, CurveServer, KeyPair, Passwords};
use zmqrpc::server::Binder;
use zmqrpc::{CallContext, Client, Credentials, Server, ServerHandle};

use crate::keys::curve_is_there;
use crate::support::{await_state, within};
use crate::vault::{Safe, VaultClient, VaultServer};

const LIMIT: Duration = Duration::from_secs(30);

fn bound(by: impl Into<Authenticator>) -> (VaultClient, Client, String) {
    let client = Client::builder()
        .bind("tcp://127.0.0.1:*")
        .authenticate(by)
        .build()
        .unwrap();
    let endpoint = client.endpoints().remove(0);
    (VaultClient::new(client.clone()), client, endpoint)
}

fn worker(binder: impl Into<Binder>, login: Option<Credentials>) -> (ServerHandle, Safe) {
    let safe = Safe::default();
    let server = Server::builder()
        .service(VaultServer::new(safe.clone()))
        .work_for(binder);
    let server = match login {
        Some(login) => server.credentials(login),
        None => server,
    };
    (server.start().unwrap(), safe)
}

#[test]
fn a_bound_client_gives_its_calls_to_nobody_who_has_not_logged_in() {
    within(LIMIT, || {
        let (vault, client, endpoint) = bound(Passwords::new().user("ada", "secret"));
        let login = |password| Some(Credentials::plain("ada", password));
        let (wrong, unpaid) = worker(&*endpoint, login("Secret"));
        let (nobody, unknown) = worker(&*endpoint, None);
        for refused in [&wrong, &nobody] {
            await_state("it is refused", || refused.stats().login_failures > 0);
        }
        assert!(client.workers().is_empty());
        let (_right, safe) = worker(&*endpoint, login("secret"));
        for _ in 0..20 {
            let (user, mechanism, _) = vault.whoami().unwrap();
            assert_eq!((user, mechanism), (None, None), "a worker knows no caller");
        }
        assert_eq!(client.workers().len(), 1);
        let visits = [&safe, &unpaid, &unknown].map(Safe::visits);
        assert_eq!(visits, [20, 0, 0]);
    });
}

#[test]
fn a_worker_works_only_for_the_key_that_it_knows_and_believes_it_who_calls() {
    const TEST: &str = "a_worker_works_only_for_the_key_that_it_knows_and_believes_it_who_calls";
    if !curve_is_there(TEST) {
        return;
    }
    within(LIMIT, || {
        let [ours, other, theirs] = std::array::from_fn(|_| KeyPair::generate().unwrap());
        let guard = CurveServer::new(ours.clone()).allow(theirs.public(), "left arm");
        let (_, client, endpoint) = bound(guard);
        let binder = || Binder::connect(&*endpoint).trust_users();
        let (_deceived, misled) = worker(
            binder(),
            Some(Credentials::curve(other.public(), theirs.clone())),
        );
        let (_right, safe) = worker(binder(), Some(Credentials::curve(ours.public(), theirs)));
        let ann = VaultClient::new(client.with_metadata("zmqrpc-user", "ann"));
        for _ in 0..20 {
            assert_eq!(ann.whoami().unwrap().0.as_deref(), Some("ann"));
        }
        assert_eq!(client.workers().len(), 1);
        assert_eq!([&safe, &misled].map(Safe::visits), [20, 0]);
    });
}

#[test]
fn the_user_whom_a_trusted_client_names_is_who_authorize_asks_about() {
    within(LIMIT, || {
        let client = Client::builder().bind("tcp://127.0.0.1:*").build().unwrap();
        let safe = Safe::default();
        let may = |cx: &CallContext| match cx.user_id() {
            Some("ann") => Ok(()),
            _ => Err("it is not ann"),
        };
        let _worker = Server::builder()
            .service(VaultServer::new(safe.clone()))
            .authorize(may)
            .work_for(Binder::connect(&client.endpoints()[0]).trust_users())
            .start()
            .unwrap();
        let by = |user| VaultClient::new(client.with_metadata("zmqrpc-user", user)).whoami();
        assert_eq!(by("ann").unwrap().0.as_deref(), Some("ann"));
        by("bob").unwrap_err();
        VaultClient::new(client.clone()).whoami().unwrap_err();
        assert_eq!(safe.visits(), 1);
    });
}
