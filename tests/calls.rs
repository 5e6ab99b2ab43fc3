//! Every kind of method, over every transport, by every way to call it.

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use support::{
    DivideError, Gate, Hub, Peer, ProbeAdd, ProbeClient, ProbeNote, ProbeServer, Prober, anywhere,
    call_by_name, serve, within,
};
use zmqrpc::{
    CallContext, CallError, Client, Command, Error, Executed, Failure, Server, ServerHandle,
    Transport, zmq_service,
};

const LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    x: i32,
    y: f64,
    tags: Vec<String>,
}

/// What a handler saw of its call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    peer: Option<String>,
    user: Option<String>,
    metadata: Vec<(String, String)>,
    remaining: Option<Duration>,
    method: String,
}

#[zmq_service(name = "lib.Book", version = 2)]
pub(crate) trait Book {
    fn nothing(&self);
    fn borrow(
        &self,
        text: &str,
        bytes: &[u8],
        point: &Point,
        maybe_text: Option<&str>,
        maybe_bytes: Option<&[u8]>,
        maybe_point: Option<&Point>,
    ) -> String;
    fn shift(&self, point: Point, by: (i32, f64)) -> Point;
    fn checked(&self, n: u8) -> Result<u8, String>;
    async fn checked_later(&self, n: u8) -> Result<Vec<u8>, DivideError>;
    async fn sleep(&self, millis: u64) -> u64;
    async fn sleep_with(&self, cx: &CallContext, text: &str) -> String;
    fn seen(&self, cx: &CallContext) -> Seen;
    #[zmq(timeout = "150ms")]
    fn hold(&self);
    #[zmq(oneway)]
    fn remember(&self, cx: &CallContext, line: &str);
    #[zmq(oneway)]
    async fn remember_later(&self, line: &str);
    fn lines(&self) -> Vec<String>;
    #[zmq(name = "type")]
    fn r#type(&self) -> Option<Vec<u8>>;
    fn many(&self, map: BTreeMap<String, Option<u64>>) -> BTreeMap<u64, char>;
    /// Calls `hold` of another server and tells how that ended.
    fn nested(&self, endpoint: &str) -> (String, Duration);
    async fn nested_later(&self, endpoint: &str) -> (String, Duration);
}

#[derive(Default)]
struct Shelf {
    gate: Gate,
    lines: Mutex<Vec<String>>,
}

impl Shelf {
    fn call_inward(endpoint: &str) -> (String, Duration) {
        let start = Instant::now();
        let error = ProbeClient::connect(endpoint).unwrap().hold().unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
        (error.to_string(), start.elapsed())
    }
}

impl Book for Shelf {
    fn nothing(&self) {}

    fn borrow(
        &self,
        text: &str,
        bytes: &[u8],
        point: &Point,
        maybe_text: Option<&str>,
        maybe_bytes: Option<&[u8]>,
        maybe_point: Option<&Point>,
    ) -> String {
        format!("{text} {bytes:?} {point:?} {maybe_text:?} {maybe_bytes:?} {maybe_point:?}")
    }

    fn shift(&self, point: Point, by: (i32, f64)) -> Point {
        Point {
            x: point.x + by.0,
            y: point.y + by.1,
            ..point
        }
    }

    fn checked(&self, n: u8) -> Result<u8, String> {
        n.checked_mul(2).ok_or_else(|| format!("{n} is too much"))
    }

    async fn checked_later(&self, n: u8) -> Result<Vec<u8>, DivideError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if n == 0 {
            Err(DivideError::Overflow)
        } else {
            Ok(vec![n; 3])
        }
    }

    async fn sleep(&self, millis: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        millis
    }

    async fn sleep_with(&self, cx: &CallContext, text: &str) -> String {
        tokio::time::sleep(Duration::from_millis(1)).await;
        format!("{text} for {}", cx.metadata("user").unwrap_or("nobody"))
    }

    fn seen(&self, cx: &CallContext) -> Seen {
        Seen {
            peer: cx.peer().map(str::to_owned),
            user: cx.user_id().map(str::to_owned),
            metadata: cx
                .metadata_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            remaining: cx.remaining(),
            method: cx.method().to_string(),
        }
    }

    fn hold(&self) {
        self.gate.pass();
    }

    fn remember(&self, cx: &CallContext, line: &str) {
        let user = cx.metadata("user").unwrap_or("nobody");
        self.lines.lock().unwrap().push(format!("{user}: {line}"));
    }

    async fn remember_later(&self, line: &str) {
        let line = line.to_owned();
        tokio::task::yield_now().await;
        self.lines.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn r#type(&self) -> Option<Vec<u8>> {
        Some(vec![0, 255])
    }

    fn many(&self, map: BTreeMap<String, Option<u64>>) -> BTreeMap<u64, char> {
        map.iter()
            .filter_map(|(key, value)| Some(((*value)?, key.chars().next()?)))
            .collect()
    }

    fn nested(&self, endpoint: &str) -> (String, Duration) {
        Self::call_inward(endpoint)
    }

    async fn nested_later(&self, endpoint: &str) -> (String, Duration) {
        let endpoint = endpoint.to_owned();
        tokio::task::yield_now().await;
        Self::call_inward(&endpoint)
    }
}

fn open_book(endpoints: &[&str]) -> (ServerHandle, Gate) {
    let shelf = Shelf::default();
    let gate = shelf.gate.clone();
    let builder = Server::builder()
        .service(BookServer::new(shelf))
        .service(ProbeServer::new(Prober::default()));
    let builder = endpoints
        .iter()
        .fold(builder, |builder, endpoint| builder.bind(*endpoint));
    (builder.start().unwrap(), gate)
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // values are written in place
fn same<T: Debug + PartialEq, E: Debug>(got: Result<T, E>, expected: T) {
    assert_eq!(got.unwrap(), expected);
}

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

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = String)]
struct Greet {
    name: String,
}

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = u64, error = DivideError, name = "half.of")]
struct Half(u64);

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(oneway)]
struct Count;

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = Option<String>)]
struct WhoAmI;

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = u32)]
struct Later {
    millis: u64,
}

fn half(Half(n): Half) -> Result<u64, DivideError> {
    if n % 2 == 0 {
        Ok(n / 2)
    } else {
        Err(DivideError::Overflow)
    }
}

#[test]
fn functions_and_closures_execute_hand_written_commands() {
    static COUNTED: AtomicU64 = AtomicU64::new(0);
    within(LIMIT, || {
        let server = anywhere(Server::builder())
            .handler(|greet: Greet| format!("hello {}", greet.name))
            .handler(half)
            .handler(|_: Count| {
                COUNTED.fetch_add(1, Ordering::SeqCst);
            })
            .handler(|cx: &CallContext, _: WhoAmI| cx.metadata("user").map(str::to_owned))
            .handler_async(|later: Later| async move {
                tokio::time::sleep(Duration::from_millis(later.millis)).await;
                7_u32
            })
            .start()
            .unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        same(
            client.call(&Greet { name: "Ada".into() }),
            "hello Ada".into(),
        );
        same(client.call(&Half(8)), 4);
        assert_eq!(
            client.call(&Half(7)),
            Err(CallError::Service(DivideError::Overflow))
        );
        client.call(&Count).unwrap();
        client.notify(&Count).unwrap();
        let ada = client.with_metadata("user", "ada");
        same(ada.call(&WhoAmI), Some("ada".to_owned()));
        same(client.call(&WhoAmI), None);
        same(client.call(&Later { millis: 2 }), 7);
        assert_eq!(COUNTED.load(Ordering::SeqCst), 2);
        same(client.invoke("Greet", &("Bob",)), "hello Bob".to_owned());
    });
}

#[test]
fn hand_written_commands_take_a_tuple_by_name_whatever_their_shape() {
    within(LIMIT, || {
        let server = anywhere(Server::builder())
            .handler(half)
            .handler(|_: WhoAmI| Some("me".to_owned()))
            .start()
            .unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        same(client.invoke("WhoAmI", &()), Some("me".to_owned()));
        // As the protocol says and its client in Python sends it: `[]` and `[10]`.
        let peer = Peer::connect(&server.endpoints()[0]);
        let answer = peer.ask(call_by_name(1, "WhoAmI", 0, &[0x90]));
        assert_eq!(answer[11..], [0, 2, 0, 0xA2, b'm', b'e'], "{answer:x?}");
        let answer = peer.ask(call_by_name(2, "half.of", 0, &[0x91, 10]));
        assert_eq!(answer[11..], [0, 2, 0, 5], "{answer:x?}");
        same(client.invoke("half.of", &(10,)), 5_u64);
    });
}

/// A point with its fields in another order and of other types.
#[derive(Serialize)]
struct Loose {
    tags: [String; 0],
    y: f64,
    x: i8,
}

#[test]
fn methods_are_called_by_name_without_generated_code() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        same(client.invoke("Probe.add", &(2, 3)), 5_i64);
        same(client.invoke("Probe.add", &[2_u8, 3]), 5_u8);
        same(client.invoke("Probe.add", &(i64::MAX, -1_i8)), i64::MAX - 1);
        same(client.invoke("lib.Book.nothing", &()), ());
        same(client.invoke("lib.Book.nothing", &[0_u8; 0]), ());
        same(client.invoke("lib.Book.checked", &(4,)), 8_u64);
        same(client.invoke("lib.Book.type", &()), Some(vec![0_u8, 255]));
        same(client.invoke("Probe.len", &(vec![1_u8, 2, 3],)), 3_u64);
        same(client.invoke("Probe.len", &("text",)), 4_u64);
        same(
            client.invoke("Probe.echo", &(vec![9_u8; 300],)),
            vec![9_u8; 300],
        );
        let moved = Point {
            x: 2,
            y: 1.5,
            tags: vec![],
        };
        let map = BTreeMap::from([("x", 1.0), ("y", 0.5)]);
        let error = client
            .invoke::<Point>("lib.Book.shift", &(map, (1, 1.0)))
            .unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "{error:?}");
        let loose = Loose {
            tags: [],
            y: 0.5,
            x: 1,
        };
        same(
            client.invoke("lib.Book.shift", &(loose, (1, 1.0))),
            moved.clone(),
        );
        let positional = (1, 0.5, [""; 0]);
        same(
            client.invoke("lib.Book.shift", &(positional, (1, 1.0))),
            moved,
        );
        same(client.invoke("Probe.note", &(1,)), ());
        same(client.invoke("Probe.notes", &()), 1_u64);
        // What does not fit the type is refused, not bent.
        for result in [
            client.invoke::<u64>("lib.Book.checked", &(256,)),
            client.invoke::<u64>("lib.Book.checked", &(-1,)),
            client.invoke::<u64>("lib.Book.checked", &(1.5,)),
            client.invoke::<u64>("lib.Book.checked", &(Some(()),)),
        ] {
            let error = result.unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Decode {
                        what: "the arguments",
                        ..
                    }
                ),
                "{error:?}"
            );
        }
        let error = client.invoke::<String>("Probe.add", &(2, 3)).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Decode {
                    what: "the reply",
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(error.executed(), Executed::Yes);
    });
}

#[test]
fn a_handler_sees_who_calls_and_what_travels_beside_the_arguments() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*", &support::ipc("context")]);
        let book = BookClient::connect(&server.endpoints()[0]).unwrap();
        let traced = book.with(|client| {
            client
                .with_metadata("trace", "1")
                .with_metadata("user", "ada")
                .with_metadata("trace", "\u{20ac}")
        });
        let seen = traced.with_timeout(Duration::from_secs(7)).seen().unwrap();
        let remaining = seen.remaining.unwrap();
        assert!(
            remaining <= Duration::from_secs(7) && remaining > Duration::from_secs(4),
            "{remaining:?}"
        );
        assert_eq!(
            seen,
            Seen {
                peer: Some("127.0.0.1".into()),
                user: None,
                metadata: vec![
                    ("user".into(), "ada".into()),
                    ("trace".into(), "\u{20ac}".into())
                ],
                remaining: Some(remaining),
                method: "lib.Book.seen".into(),
            }
        );
        same(traced.sleep_with("tea"), "tea for ada".into());
        traced.remember("mine").unwrap();
        assert_eq!(traced.lines().unwrap(), ["ada: mine"]);
        let seen = book.seen().unwrap();
        assert_eq!(seen.metadata, [], "settings belong to their own handle");
        let ipc = BookClient::connect(&server.endpoints()[1]).unwrap();
        assert_eq!(ipc.seen().unwrap().peer, None);
        // A raw caller that sets no limit.
        let peer = Peer::connect(&server.endpoints()[0]);
        let answer = peer.ask(call_by_name(3, "lib.Book.lines", 0, &[0x90]));
        assert_eq!(answer[11], 0);
    });
}

#[test]
fn metadata_over_the_limits_is_refused_before_anything_is_sent() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let with = |entries: usize| {
            (0..entries).fold(client.clone(), |client, n| {
                client.with_metadata(n.to_string(), "x")
            })
        };
        same(with(64).call(&ProbeAdd { a: 2, b: 3 }), 5);
        let error = with(65).call(&ProbeAdd { a: 2, b: 3 }).unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        let error = client
            .with_metadata("k", "x".repeat(8_192))
            .call(&ProbeAdd { a: 2, b: 3 })
            .unwrap_err();
        assert!(matches!(error, Error::Encode { .. }), "{error:?}");
        assert_eq!(error.executed(), Executed::No);
        assert_eq!(client.stats().in_flight, 0);
    });
}

#[test]
fn the_tightest_setting_decides_how_long_a_call_may_take() {
    within(LIMIT, || {
        let (server, gate) = open_book(&["tcp://127.0.0.1:*"]);
        let client = Client::builder()
            .connect(&server.endpoints()[0])
            .timeout(Duration::from_millis(300))
            .build()
            .unwrap();
        let (book, probe) = (BookClient::new(client.clone()), ProbeClient::new(client));
        same(book.checked(1), 2);
        let limit_of = |result: Result<(), Error>| match result {
            Err(Error::Timeout { limit, .. }) => limit.as_millis(),
            other => panic!("{other:?}"),
        };
        // The attribute goes before the builder, the handle before both.
        assert_eq!(limit_of(book.hold()), 150);
        assert_eq!(
            limit_of(book.with_timeout(Duration::from_millis(40)).hold()),
            40
        );
        gate.open();
        assert_eq!(limit_of(probe.hold()), 300);
        assert_eq!(limit_of(probe.with_timeout(Duration::ZERO).hold()), 0);
    });
}

/// What a call may take beyond its limit.
const LATE: Duration = Duration::from_millis(100);

#[test]
fn a_nested_call_inherits_the_deadline() {
    within(LIMIT, || {
        let (inner, gate) = serve(anywhere);
        let inward = inner.endpoints().remove(0);
        let (outer, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let book = BookClient::connect(&outer.endpoints()[0]).unwrap();
        same(book.checked(1), 2);
        let limit = Duration::from_millis(400);
        for result in [
            book.with_timeout(limit).nested(&inward),
            book.with_timeout(limit).nested_later(&inward),
        ] {
            // The inner call may end just in time, or the outer one is over with it.
            match result {
                // A call may end a little after its time, when threads have to wait for a processor.
                Ok((text, took)) => assert!(took <= limit + LATE, "{took:?} {text}"),
                Err(Error::Timeout { limit: had, .. }) => assert_eq!(had, limit),
                Err(error) => panic!("{error:?}"),
            }
        }
        // Afterwards the worker's thread has no deadline left over.
        gate.open();
        same(book.sleep(500), 500);
    });
}

#[test]
fn ten_thousand_calls_are_on_their_way_at_once() {
    within(LIMIT, || {
        for endpoint in [
            "tcp://127.0.0.1:*",
            &support::ipc("pipelining"),
            "inproc://calls-pipelining",
        ] {
            let (server, _gate) = serve(|builder| builder.bind(endpoint));
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            let calls: Vec<_> = (0..10_000)
                .map(|a| (a, client.begin(&ProbeAdd { a, b: 1 }).unwrap()))
                .collect();
            assert_eq!(client.stats().in_flight, 10_000);
            for (a, call) in calls.into_iter().rev() {
                same(call.wait(), a + 1);
            }
            assert_eq!(client.stats().in_flight, 0);
            assert_eq!(client.stats().late_replies, 0);
            // Half of them are given up.
            let calls: Vec<_> = (0..2_000)
                .map(|a| (a, client.begin(&ProbeAdd { a, b: 1 }).unwrap()))
                .collect();
            for (a, call) in calls {
                if a % 2 == 0 {
                    drop(call);
                } else {
                    same(call.wait(), a + 1);
                }
            }
            assert_eq!(client.stats().in_flight, 0);
        }
    });
}

#[test]
fn calls_that_were_begun_are_executed_before_anybody_waits() {
    within(LIMIT, || {
        let (server, gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        ProbeClient::new(client.clone()).add(1, 1).unwrap();
        let call = client.begin(&support::ProbeHold).unwrap();
        gate.await_arrivals(1);
        gate.open();
        call.wait().unwrap();
    });
}

#[test]
fn many_threads_share_one_client() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let callers: Vec<_> = (0..8)
            .map(|caller: i64| {
                let client = client.clone();
                thread::spawn(move || {
                    let probe = ProbeClient::new(client.clone());
                    for n in 0..300 {
                        match n % 5 {
                            0 => probe.note(1).unwrap(),
                            1 => drop(client.begin(&ProbeAdd { a: n, b: 1 }).unwrap()),
                            2 => same(probe.slow_add(caller, n), caller + n),
                            _ => same(probe.add(caller, n), caller + n),
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(client.stats().in_flight, 0);
        same(ProbeClient::new(client).notes(), 8 * 60);
    });
}

#[test]
fn notifications_are_executed_and_never_answered() {
    within(LIMIT, || {
        let (server, _gate) = serve(anywhere);
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let probe = ProbeClient::new(client.clone());
        for number in 0..1_000 {
            client.notify(&ProbeNote { number }).unwrap();
        }
        // A failure is not answered either.
        client
            .notify(&Greet {
                name: "nobody".into(),
            })
            .unwrap();
        client.notify(&ProbeAdd { a: 1, b: 2 }).unwrap();
        let mut asked = 1;
        while probe.notes().unwrap() < 1_000 {
            asked += 1;
        }
        same(probe.notes(), 1_000);
        assert_eq!(client.stats().in_flight, 0);
        server.shutdown(LIMIT).unwrap();
        assert_eq!(server.stats().replies, asked + 1);
        assert_eq!(client.stats().late_replies, 0);
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

/// A layer of a user's: counts calls and tries those again that were surely not executed.
#[derive(Clone)]
struct Layer {
    inner: Client,
    calls: std::sync::Arc<AtomicU64>,
}

impl Transport for Layer {
    type Call<R, F> = Result<R, F>;

    fn call<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        let first = self.once(command);
        match &first {
            Err(failure)
                if failure
                    .rpc()
                    .is_some_and(|error| error.executed() == Executed::No) =>
            {
                self.once(command)
            }
            _ => first,
        }
    }
}

impl Layer {
    fn once<C: Command>(&self, command: &C) -> Result<C::Reply, C::Failure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.inner.call(command)
    }
}

#[test]
fn a_stub_works_over_a_layer_of_the_users() {
    within(LIMIT, || {
        let (server, _gate) = open_book(&["tcp://127.0.0.1:*"]);
        let layer = Layer {
            inner: Client::connect(&server.endpoints()[0]).unwrap(),
            calls: std::sync::Arc::default(),
        };
        let book = BookClient::new(layer.clone());
        same(book.checked(4), 8);
        assert_eq!(
            book.checked(255),
            Err(CallError::Service("255 is too much".to_owned()))
        );
        assert_eq!(layer.calls.load(Ordering::SeqCst), 2);
        assert!(layer.call(&Greet { name: "x".into() }).is_err());
        assert_eq!(layer.calls.load(Ordering::SeqCst), 4);
        same(BookClient::new(&layer).checked(1), 2);
    });
}

#[test]
fn calls_are_dealt_out_among_the_endpoints() {
    within(LIMIT, || {
        let servers: Vec<_> = (0..3).map(|_| serve(anywhere).0).collect();
        let client = servers
            .iter()
            .fold(Client::builder(), |builder, server| {
                builder.connect(server.endpoints().remove(0))
            })
            .build()
            .unwrap();
        let probe = ProbeClient::new(client);
        for n in 0..300 {
            same(probe.add(n, 1), n + 1);
        }
        let shares: Vec<_> = servers
            .iter()
            .map(|server| server.stats().requests)
            .collect();
        assert_eq!(shares.iter().sum::<u64>(), 300);
        assert!(
            shares.iter().all(|share| *share >= 80),
            "of 300 calls: {shares:?}"
        );
    });
}

#[test]
fn no_call_goes_to_an_endpoint_that_is_gone_while_another_is_there() {
    within(LIMIT, || {
        let (first, _gate) = serve(anywhere);
        let (second, _gate) = serve(anywhere);
        let client = Client::builder()
            .connect(first.endpoints().remove(0))
            .connect(second.endpoints().remove(0))
            .build()
            .unwrap();
        let probe = ProbeClient::new(client);
        for n in 0..20 {
            same(probe.add(n, 1), n + 1);
        }
        // Whichever it is that has served so far goes; nobody looks at its link meanwhile.
        let (gone, left) = if first.stats().requests > 0 {
            (first, second)
        } else {
            (second, first)
        };
        drop(gone);
        let before = left.stats().requests;
        let mut lost = 0;
        for n in 0..20 {
            let start = Instant::now();
            match probe.add(n, 1) {
                Ok(sum) => assert_eq!(sum, n + 1),
                // The one that was sent before the end of the connection was known.
                Err(error) if error.executed() == Executed::Maybe => lost += 1,
                Err(error) => panic!("call {n}: {error}"),
            }
            assert!(start.elapsed() < Duration::from_secs(2));
        }
        assert!(lost <= 1, "{lost} calls were lost");
        assert_eq!(left.stats().requests - before, 20 - lost);
    });
}

/// Ends a server and starts another one on the same endpoint, under a client that stays.
fn restart(endpoint: &str) {
    let (server, _gate) = serve(|builder| builder.bind(endpoint));
    let resolved = server.endpoints().remove(0);
    let client = Client::connect(&resolved).unwrap();
    let probe = ProbeClient::new(client.with_timeout(Duration::from_secs(4)));
    for _ in 0..5 {
        same(probe.add(2, 3), 5);
    }
    drop(server);
    let (server, _gate) = support::serve_again(|builder| builder.bind(&resolved));
    let mut sum = probe.add(2, 3);
    if matches!(&sum, Err(error) if error.executed() == Executed::Maybe) {
        // Sent before the end of the old connection was known.
        sum = probe.add(2, 3);
    }
    same(sum, 5);
    assert_eq!(server.stats().requests, 1);
}

#[test]
fn a_client_finds_a_server_again_over_tcp() {
    within(LIMIT, || restart("tcp://127.0.0.1:*"));
}

#[test]
fn a_client_finds_a_server_again_over_ipc() {
    within(LIMIT, || restart(&support::ipc("again")));
}

#[test]
fn a_client_finds_a_server_again_over_inproc() {
    within(LIMIT, || restart("inproc://calls-again"));
}
