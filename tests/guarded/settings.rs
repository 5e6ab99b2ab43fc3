//! What cannot work is told at the start.

use zmqrpc::auth::{CurveServer, KeyPair, Passwords};
use zmqrpc::error::EndpointCause;
use zmqrpc::proxy::{Proxy, Pull, Rep, Req, Sub};
use zmqrpc::pubsub::{Publisher, Subscription};
use zmqrpc::push::Pusher;
use zmqrpc::{Client, Credentials, Error, Server, ServerBuilder};

use crate::vault::{Safe, VaultServer, guarded};

fn server() -> ServerBuilder {
    Server::builder().service(VaultServer::new(Safe::default()))
}

#[track_caller]
fn assert_config<T>(result: Result<T, Error>, why: &str) {
    match result.err().expect("an error") {
        error @ Error::Config { .. } => assert!(error.to_string().contains(why), "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_that_nobody_could_log_in_at_does_not_start() {
    let nobody = server()
        .authenticate(Passwords::new())
        .bind("tcp://127.0.0.1:*");
    assert_config(nobody.start(), "nobody could log in");
    let long = "x".repeat(256);
    for (user, password) in [
        ("", "secret"),
        ("ada", ""),
        ("a\nb", "secret"),
        ("ada", &long),
    ] {
        let wrong = Passwords::new().user(user, password);
        let wrong = server().authenticate(wrong).bind("tcp://127.0.0.1:*");
        assert_config(wrong.start(), "1 to 255 bytes");
    }
    assert_config(Passwords::new().hashed("ada", "secret"), "$argon2id$");
}

#[test]
fn a_client_with_a_login_that_cannot_travel_is_not_built() {
    let long = "x".repeat(256);
    for (user, password) in [("", "secret"), ("ada", ""), ("ada", &long), ("ada", "a\0b")] {
        let client = Client::builder()
            .connect("tcp://127.0.0.1:1")
            .credentials(Credentials::plain(user, password));
        assert_config(client.build(), "1 to 255 bytes");
    }
}

#[test]
fn a_server_behind_a_hub_cannot_ask_for_logins() {
    let passwords = || Passwords::new().user("ada", "secret");
    let worker = server()
        .authenticate(passwords())
        .connect("tcp://127.0.0.1:1");
    assert_config(worker.start(), "bind");
    let (server, _) = guarded(passwords());
    let error = server.add_connect("tcp://127.0.0.1:1").unwrap_err();
    assert!(
        matches!(
            error,
            Error::Endpoint {
                cause: EndpointCause::Malformed(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(!error.is_transient());
    assert!(error.to_string().contains("can only be bound"), "{error}");
}

#[test]
fn one_socket_either_asks_or_shows_and_each_has_something_to_do_it_at() {
    let (bound, there) = ("tcp://127.0.0.1:*", "tcp://127.0.0.1:1");
    let ada = || Passwords::new().user("ada", "secret");
    let bind = || Publisher::builder().bind(bound);
    assert_config(
        bind()
            .credentials(Credentials::plain("ada", "secret"))
            .build(),
        "is bound",
    );
    let both = bind()
        .credentials(Credentials::plain("ada", "secret"))
        .authenticate(ada());
    assert_config(both.build(), "use two");
    let mixed = bind().connect(there).authenticate(ada());
    assert_config(mixed.build(), "cannot ask");
    let connect = Pusher::builder().connect(there);
    assert_config(connect.clone().authenticate(ada()).build(), "cannot ask");
    assert_config(
        connect.credentials(Credentials::plain("ada", "")).build(),
        "1 to 255 bytes",
    );

    let bad = Subscription::connect(there).authenticate(ada());
    assert_config(server().subscribe(bad).start(), "cannot ask");
    let bad = Subscription::bind(bound).credentials(Credentials::plain("ada", "secret"));
    assert_config(server().subscribe(bad).start(), "is bound");
    let nothing = server()
        .credentials(Credentials::plain("ada", "secret"))
        .bind(bound);
    assert_config(nothing.start(), "nothing connects");

    let req = || Req::new().connect(there);
    let rep = Rep::new().connect(there).authenticate(ada());
    assert_config(Proxy::new(rep, req()).start(), "cannot ask");
    let rep = Rep::new()
        .bind(bound)
        .credentials(Credentials::plain("ada", "secret"));
    assert_config(Proxy::new(rep, req()).start(), "is bound");
    let sub = Sub::new().connect(there).authenticate(ada());
    assert_config(Proxy::new(sub, req()).start(), "nothing is bound");
    let pull = Pull::new()
        .bind(bound)
        .credentials(Credentials::plain("ada", "secret"));
    assert_config(Proxy::new(pull, req()).start(), "nothing connects");
    let pull = Pull::new().connect(there).authenticate(ada());
    assert_config(Proxy::new(pull, req()).start(), "nothing is bound");
}

#[test]
fn no_secret_is_printed() {
    let passwords = Passwords::new().user("ada", "sesame");
    let server = server()
        .authenticate(passwords.clone())
        .bind("tcp://127.0.0.1:*");
    let client = Client::builder()
        .connect("tcp://127.0.0.1:1")
        .credentials(Credentials::plain("ada", "sesame"));
    let subscription =
        Subscription::connect("tcp://127.0.0.1:1").credentials(Credentials::plain("ada", "sesame"));
    let publisher = Publisher::builder().authenticate(passwords.clone());
    let pusher = Pusher::builder().credentials(Credentials::plain("ada", "sesame"));
    let rep = Rep::new()
        .bind("tcp://127.0.0.1:*")
        .authenticate(passwords.clone());
    let proxy = Proxy::new(
        rep,
        Req::new()
            .connect("tcp://127.0.0.1:1")
            .credentials(Credentials::plain("ada", "sesame")),
    );
    for text in [
        format!("{passwords:?}"),
        format!("{server:?}"),
        format!("{client:?}"),
        format!("{subscription:?}"),
        format!("{publisher:?}"),
        format!("{pusher:?}"),
        format!("{proxy:?}"),
    ] {
        assert!(
            !text.contains("sesame") && !text.contains("argon2"),
            "{text}"
        );
    }
}

#[test]
fn without_curve_it_is_said_at_the_start_what_to_install() {
    if zmq::has("curve") == Some(true) {
        println!("this libzmq has CURVE: the tests of keys run for real");
        return;
    }
    println!("this libzmq has no CURVE: that it says so is all that can be tested of keys");
    assert_config(KeyPair::generate(), "libzmq3-dev");
    // Keys that come from elsewhere.
    let file = crate::vault::Scratch::new("keys-without-curve");
    file.write(
        "public-key Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n\
         secret-key D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n",
    );
    let keys = KeyPair::load(&file.0).unwrap();
    let guarded = CurveServer::new(keys.clone()).allow_any();
    let guarded = server().authenticate(guarded).bind("tcp://127.0.0.1:*");
    assert_config(guarded.start(), "libzmq3-dev");
    let client = Client::builder().connect("tcp://127.0.0.1:1");
    let client = client.credentials(zmqrpc::Credentials::curve(keys.public(), keys));
    assert_config(client.build(), ".cargo/system-libzmq.toml");
}
