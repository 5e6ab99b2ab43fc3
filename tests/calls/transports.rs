//! Every method, over every transport.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use zmqrpc::{CallError, Client, Error, Executed, Server};

use super::book::{BookClient, BookServer, LIMIT, Point, Shelf, open_book, same};
use super::support::{self, DivideError, Hub, ProbeClient, ProbeServer, Prober, serve, within};

/// Calls every method that needs nothing else.
fn exercise(book: &BookClient) {
    let point = Point {
        x: -3,
        y: 0.5,
        tags: vec!["a".into(), String::new()],
    };
    same(book.nothing(), ());
    let text = book.borrow("t", &[0, 255], &point, Some("m"), Some(&[]), Some(&point));
    let shown = format!("{point:?}");
    same(
        text,
        format!("t [0, 255] {shown} Some(\"m\") Some([]) Some({shown})"),
    );
    let text = book.borrow("", &[], &point, None, None, None);
    same(text, format!(" [] {shown} None None None"));
    let moved = book.shift(point.clone(), (1, -0.5));
    same(
        moved,
        Point {
            x: -2,
            y: 0.0,
            ..point
        },
    );
    same(book.checked(21), 42);
    let own = book.checked(200).unwrap_err();
    assert_eq!(own, CallError::Service("200 is too much".to_owned()));
    same(book.checked_later(9), vec![9; 3]);
    let own = book.checked_later(0).unwrap_err();
    assert_eq!(own, CallError::Service(DivideError::Overflow));
    same(book.sleep(3), 3);
    same(book.sleep_with("tea"), "tea for nobody".to_owned());
    same(book.r#type(), Some(vec![0, 255]));
    let map = BTreeMap::from([("x".to_owned(), Some(1)), ("y".to_owned(), None)]);
    same(book.many(map), BTreeMap::from([(1, 'x')]));
    same(book.remember("first"), ());
    same(book.remember_later("second"), ());
    // Nobody waits for them, so they may be executed beside what comes later.
    let arrived = |line: &str| book.lines().unwrap().iter().any(|known| known == line);
    while !(arrived("nobody: first") && arrived("second")) {
        thread::yield_now();
    }
}

#[test]
fn every_method_works_over_tcp() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        exercise(&BookClient::connect(&server.endpoints()[0]).unwrap());
    });
}

#[test]
fn every_method_works_over_tcp_with_ipv6() {
    within(LIMIT, || {
        if let Err(error) = TcpListener::bind("[::1]:0") {
            println!("skipped: this machine has no IPv6: {error}");
            return;
        }
        let (server, _gate) = open_book(&["tcp://[::1]:*"]);
        let endpoint = server.endpoints().remove(0);
        assert!(endpoint.starts_with("tcp://[::1]:"), "{endpoint}");
        exercise(&BookClient::connect(&endpoint).unwrap());
    });
}

#[test]
fn every_method_works_over_ipc() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&[&support::ipc("every-method")]);
        exercise(&BookClient::connect(&server.endpoints()[0]).unwrap());
    });
}

#[test]
fn every_method_works_over_inproc() {
    within(LIMIT, || {
        let (_server, _gate) = open_book(&["inproc://calls-book"]);
        exercise(&BookClient::connect("inproc://calls-book").unwrap());
    });
}

#[test]
fn every_method_works_within_the_process() {
    within(LIMIT, || exercise(&BookClient::local(Shelf::default())));
}

#[test]
fn every_method_works_from_a_runtime_of_either_flavor() {
    within(LIMIT, || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (server, _gate) = runtime.block_on(async { open_book(&["tcp://127.0.0.1:*"]) });
        exercise(&BookClient::connect(&server.endpoints()[0]).unwrap());
        runtime.block_on(async {
            let endpoint = server.endpoints().remove(0);
            tokio::task::spawn_blocking(move || exercise(&BookClient::connect(endpoint).unwrap()))
                .await
                .unwrap();
            drop(server);
        });
    });
}

#[test]
fn every_method_works_behind_a_hub() {
    within(LIMIT, || {
        let hub = Hub::start();
        let (shelf, prober) = (Shelf::default(), Prober::default());
        let worker = Server::builder()
            .service(BookServer::new(shelf))
            .service(ProbeServer::new(prober))
            .connect(&hub.back)
            .start()
            .unwrap();
        assert_eq!(worker.endpoints(), [hub.back.as_str()]);
        exercise(&BookClient::connect(&hub.front).unwrap());
        let callers: Vec<_> = (0..4)
            .map(|caller: i64| {
                let client = ProbeClient::connect(&hub.front).unwrap();
                thread::spawn(move || {
                    for n in 0..200 {
                        assert_eq!(client.add(caller * 1_000, n), Ok(caller * 1_000 + n));
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
    });
}

#[test]
fn one_server_serves_several_services_on_several_endpoints() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&[
            "tcp://127.0.0.1:*",
            &support::ipc("several"),
            "inproc://calls-several",
            "tcp://*:*",
        ]);
        let mut endpoints = server.endpoints();
        assert_eq!(endpoints.len(), 4);
        endpoints[3] = endpoints[3].replace("0.0.0.0", "127.0.0.1");
        for endpoint in endpoints {
            let client = Client::connect(&endpoint).unwrap();
            let (book, probe) = (
                BookClient::new(client.clone()),
                ProbeClient::new(client.clone()),
            );
            same(book.checked(4), 8);
            same(probe.add(2, 3), 5);
        }
    });
}

#[test]
fn large_arguments_and_replies_travel_whole() {
    within(LIMIT, || {
        for endpoint in ["tcp://127.0.0.1:*", "inproc://calls-large"] {
            let (server, _gate) = serve(|builder| builder.bind(endpoint));
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            let probe = ProbeClient::new(client.clone());
            for size in [0, 1, 4_000, 4_096, 65_536, 1 << 20, 8 << 20] {
                let bytes: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[1]).collect();
                assert!(probe.echo(bytes.clone()).unwrap() == bytes, "{size} bytes");
            }
            same(probe.len(&vec![1; 8 << 20]), 8 << 20);
            let bytes: Vec<u8> = client.invoke("Probe.bytes", &(1 << 20,)).unwrap();
            assert!(bytes == vec![7; 1 << 20]);
        }
    });
}

#[test]
fn a_local_call_that_took_too_long_says_whether_it_was_executed() {
    within(LIMIT, || {
        let probe = ProbeClient::local(Prober::default());
        let hasty = probe.transport().with_timeout(Duration::from_nanos(1));
        let late = |result: Result<(), Error>| match result.unwrap_err() {
            error @ Error::Timeout { .. } => error.executed(),
            error => panic!("{error:?}"),
        };
        let add = support::ProbeAdd { a: 1, b: 2 };
        assert_eq!(late(hasty.call(&add).map(drop)), Executed::Yes);
        // The service does not have it.
        let other = support::TargetAdd { a: 1, b: 2 };
        assert_eq!(late(hasty.call(&other).map(drop)), Executed::No);
    });
}
