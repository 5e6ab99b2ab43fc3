//! CURVE: keys on both sides.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use zmqrpc::auth::{CurveServer, KeyPair, Passwords, PublicKey};
use zmqrpc::{ClientBuilder, Credentials, Error, Server};

use crate::support::{await_state, within};
use crate::vault::{
    Safe, Scratch, VaultServer, assert_refused, client, guarded, open, undisturbed,
};

const LIMIT: Duration = Duration::from_secs(30);

/// `false`, and a line that says so, where libzmq has no CURVE; then `settings` tests what is said instead.
pub(crate) fn curve_is_there(test: &str) -> bool {
    let there = zmq::has("curve") == Some(true);
    if !there {
        println!("{test}: NOT RUN, this libzmq has no CURVE");
    }
    there
}

/// A server's keys, a client's, and how that one logs in.
fn pairs() -> (KeyPair, KeyPair) {
    (KeyPair::generate().unwrap(), KeyPair::generate().unwrap())
}

fn with(server: PublicKey, keys: &KeyPair) -> impl FnOnce(ClientBuilder) -> ClientBuilder {
    let keys = keys.clone();
    move |builder| builder.credentials(Credentials::curve(server, keys))
}

#[test]
fn a_known_key_is_known_by_name_to_the_handler() {
    if !curve_is_there("a_known_key_is_known_by_name_to_the_handler") {
        return;
    }
    within(LIMIT, || {
        let (ours, theirs) = pairs();
        let (server, _) = guarded(CurveServer::new(ours.clone()).allow(theirs.public(), "ada"));
        let ada = client(&server, with(ours.public(), &theirs));
        let (user, mechanism, _) = ada.whoami().unwrap();
        assert_eq!(user.as_deref(), Some("ada"));
        assert_eq!(mechanism.as_deref(), Some("CURVE"));
    });
}

#[test]
fn strangers_with_keys_are_told_in_time_and_disturb_nobody() {
    if !curve_is_there("strangers_with_keys_are_told_in_time_and_disturb_nobody") {
        return;
    }
    within(LIMIT, || {
        let (ours, theirs) = pairs();
        let (server, safe) = guarded(CurveServer::new(ours.clone()).allow(theirs.public(), "ada"));
        let ada = client(&server, with(ours.public(), &theirs));
        undisturbed(&ada, &safe, || {
            let other = KeyPair::generate().unwrap();
            let unknown = client(&server, with(ours.public(), &other));
            assert_refused(&unknown, "refused the login");
            let before = server.stats().logins_rejected;
            let misled = client(&server, with(other.public(), &theirs));
            assert_refused(&misled, "its key is not the one");
            await_state("it is counted", || server.stats().logins_rejected > before);
            let nobody = client(&server, |builder| builder);
            assert_refused(&nobody, "asks for a login");
            let plain = client(&server, |builder| {
                builder.credentials(Credentials::plain("ada", "secret"))
            });
            assert_refused(&plain, "another kind of login");
        });
        let (open, safe) = open();
        let visitor = client(&open, |builder| builder);
        undisturbed(&visitor, &safe, || {
            let eager = client(&open, with(ours.public(), &theirs));
            assert_refused(&eager, "or for none");
        });
        let (passwords, safe) = guarded(Passwords::new().user("ada", "secret"));
        let ada = client(&passwords, |builder| {
            builder.credentials(Credentials::plain("ada", "secret"))
        });
        undisturbed(&ada, &safe, || {
            let eager = client(&passwords, with(ours.public(), &theirs));
            assert_refused(&eager, "another kind of login");
        });
    });
}

#[test]
fn a_key_that_one_server_knows_is_a_strangers_at_another() {
    if !curve_is_there("a_key_that_one_server_knows_is_a_strangers_at_another") {
        return;
    }
    within(LIMIT, || {
        let (ours, ada) = pairs();
        let bob = KeyPair::generate().unwrap();
        let (adas, _) = guarded(CurveServer::new(ours.clone()).allow(ada.public(), "ada"));
        let (bobs, safe) = guarded(CurveServer::new(ours.clone()).allow(bob.public(), "bob"));
        assert!(client(&adas, with(ours.public(), &ada)).whoami().is_ok());
        let bob = client(&bobs, with(ours.public(), &bob));
        undisturbed(&bob, &safe, || {
            let astray = client(&bobs, with(ours.public(), &ada));
            assert_refused(&astray, "refused the login");
        });
    });
}

#[test]
fn a_file_of_keys_counts_from_the_next_login_on() {
    if !curve_is_there("a_file_of_keys_counts_from_the_next_login_on") {
        return;
    }
    within(LIMIT, || {
        let (ours, ada) = pairs();
        let bob = KeyPair::generate().unwrap();
        let file = Scratch::new("known");
        file.write(&format!("# known\n{} ada\n", ada.public()));
        let keys = CurveServer::new(ours.clone()).allow_file(&file.0).unwrap();
        let (server, _) = guarded(keys);
        let hers = client(&server, with(ours.public(), &ada));
        assert_eq!(hers.whoami().unwrap().0.as_deref(), Some("ada"));
        let his = client(&server, with(ours.public(), &bob));
        assert_refused(&his, "refused the login");
        file.write(&format!("{} bob\n", bob.public()));
        await_state("bob is let in", || his.whoami().is_ok());
        let late = client(&server, with(ours.public(), &ada));
        assert_refused(&late, "refused the login");
    });
}

#[test]
fn nobody_is_let_in_by_half_a_name() {
    if !curve_is_there("nobody_is_let_in_by_half_a_name") {
        return;
    }
    within(LIMIT, || {
        let (ours, eve) = pairs();
        let file = Scratch::new("half");
        let line = format!("{} admin-trainee\n", eve.public());
        file.write(&line);
        let keys = CurveServer::new(ours.clone()).allow_file(&file.0).unwrap();
        let (server, _) = guarded(keys);
        file.write(&line[..line.rfind("-trainee").unwrap()]);
        let hers = client(&server, with(ours.public(), &eve));
        assert_refused(&hers, "refused the login");
        file.write(&line);
        await_state("she is let in", || hers.whoami().is_ok());
        assert_eq!(hers.whoami().unwrap().0.as_deref(), Some("admin-trainee"));
    });
}

#[test]
fn a_function_decides_over_keys_and_any_key_comes_in_by_that_name_only() {
    if !curve_is_there("a_function_decides_over_keys_and_any_key_comes_in_by_that_name_only") {
        return;
    }
    within(LIMIT, || {
        let (ours, ada) = pairs();
        let stranger = KeyPair::generate().unwrap();
        let known = ada.public();
        let check = move |key: &PublicKey| {
            if *key != known {
                crate::closures::panics();
            }
            Some("ada".to_owned())
        };
        let (server, _) = guarded(CurveServer::new(ours.clone()).check(check));
        let hers = client(&server, with(ours.public(), &ada));
        assert_eq!(hers.whoami().unwrap().0.as_deref(), Some("ada"));
        let other = client(&server, with(ours.public(), &stranger));
        assert_refused(&other, "refused the login");

        let (server, _) = guarded(CurveServer::new(ours.clone()).allow_any());
        let other = client(&server, with(ours.public(), &stranger));
        let (user, ..) = other.whoami().unwrap();
        assert_eq!(user, Some(stranger.public().to_string()));

        let nobody = Server::builder()
            .service(VaultServer::new(Safe::default()))
            .authenticate(CurveServer::new(ours))
            .bind("tcp://127.0.0.1:*");
        assert!(matches!(nobody.start(), Err(Error::Config { .. })));
    });
}

#[test]
fn keys_live_in_a_file_that_only_its_owner_reads() {
    if !curve_is_there("keys_live_in_a_file_that_only_its_owner_reads") {
        return;
    }
    let file = Scratch::new("pair");
    let keys = KeyPair::generate().unwrap();
    keys.save(&file.0).unwrap();
    let mode = std::fs::metadata(&file.0).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        matches!(keys.save(&file.0), Err(Error::Config { .. })),
        "it overwrites"
    );
    let text = std::fs::read_to_string(&file.0).unwrap();
    let secret = text
        .lines()
        .find_map(|line| line.strip_prefix("secret-key "))
        .unwrap();
    assert!(!format!("{keys:?}").contains(secret));
    assert_eq!(
        keys.public().to_string().parse::<PublicKey>().unwrap(),
        keys.public()
    );
    within(LIMIT, move || {
        let again = KeyPair::load(&file.0).unwrap();
        let (server, _) = guarded(CurveServer::new(again).allow_any());
        let visitor = KeyPair::generate().unwrap();
        assert!(
            client(&server, with(keys.public(), &visitor))
                .whoami()
                .is_ok()
        );
    });
}
