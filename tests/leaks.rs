//! What a server and a client leave behind: nothing. In a process of its own, as others open things at the same time.

mod support;

use std::fs;
use std::time::Duration;

use support::{Possessions, ProbeClient, ProbeServer, Prober, anywhere, serve, within};
use zmqrpc::auth::Passwords;
use zmqrpc::proxy::{BufferedProxy, MemoryQueue, Proxy, Pub, Pull, Push, Rep, Req, Sub};
use zmqrpc::{Client, Credentials, Server};

/// Proxies of every kind, with a target and without.
fn through_proxies(target: &str) {
    for target in [target, "tcp://127.0.0.1:1"] {
        let (anywhere, back) = ("tcp://127.0.0.1:*", || Req::new().connect(target));
        let calls = Proxy::new(Rep::new().bind(anywhere), back())
            .start()
            .unwrap();
        let client = ProbeClient::connect(&calls.endpoints()[0]).unwrap();
        let _ = client.with_timeout(Duration::from_millis(50)).add(2, 3);
        let queue = MemoryQueue::new(10, 1 << 20);
        let store = BufferedProxy::new(Rep::new().bind(anywhere), back(), queue);
        let store = store.start().unwrap();
        let client = ProbeClient::connect(&store.endpoints()[0]).unwrap();
        client.hold().unwrap();
        let news = Proxy::new(Rep::new().bind(anywhere), Pub::new().bind(anywhere));
        let news = news.start().unwrap();
        let events = Sub::new().connect(&news.endpoints()[1]);
        let again = Proxy::new(events.clone(), Pub::new().bind(anywhere)).start();
        let called = Proxy::new(events, back()).start();
        let pushed = Proxy::new(Pull::new().bind(anywhere), Push::new().connect(target)).start();
        assert!(again.is_ok() && called.is_ok() && pushed.is_ok());
    }
}

/// A server that asks for logins, one who may come in and two who may not.
fn past_a_guard() {
    let passwords = Passwords::check(|user, _| user == "ada");
    let (server, _gate) = serve(|builder| anywhere(builder).authenticate(passwords));
    let client = |user: Option<&str>| {
        let builder = Client::builder().connect(&server.endpoints()[0]);
        let builder = match user {
            Some(user) => builder.credentials(Credentials::plain(user, "secret")),
            None => builder,
        };
        ProbeClient::new(builder.build().unwrap())
    };
    assert_eq!(client(Some("ada")).add(2, 3), Ok(5));
    for stranger in [client(Some("eve")), client(None)] {
        let hasty = stranger.with_timeout(Duration::from_millis(1));
        assert!(hasty.add(2, 3).is_err());
    }
}

fn cycle(ipc: &str) {
    let (server, gate) = serve(|builder| anywhere(builder).bind("inproc://leaks").bind(ipc));
    for endpoint in server.endpoints() {
        let client = ProbeClient::connect(&endpoint).unwrap();
        assert_eq!(client.add(2, 3), Ok(5));
        assert_eq!(client.slow_add(2, 3), Ok(5));
        client.note(1).unwrap();
        let hasty = client.with_timeout(Duration::from_millis(1));
        let _ = hasty.hold_for_ever();
    }
    gate.open();
    past_a_guard();
    through_proxies(&server.endpoints()[0]);
    let failed = Server::builder()
        .service(ProbeServer::new(Prober::default()))
        .bind("inproc://leaks-too")
        .bind("tcp://256.0.0.1:1")
        .start();
    assert!(failed.is_err());
    let nobody = ProbeClient::connect("tcp://127.0.0.1:1").unwrap();
    let _ = nobody.with_timeout(Duration::from_millis(1)).add(2, 3);
}

#[test]
fn descriptors_and_threads_do_not_leak() {
    within(Duration::from_secs(60), || {
        let ipc = support::ipc("leaks");
        cycle(&ipc);
        // As much as stays open while nothing is served.
        let before = Possessions::settled(Possessions::NONE);
        for _ in 0..50 {
            cycle(&ipc);
        }
        before.assert_kept();
        let _ = fs::remove_file(ipc.trim_start_matches("ipc://"));
    });
}
