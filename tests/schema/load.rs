//! The built-in service where it is asked too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{panic, thread};

use serde::{Deserialize, Deserializer, Serialize};
use zmqrpc::client::Codec;
use zmqrpc::{Client, Server, ServerHandle, schema, zmq_service};

use super::support::{Process, Role, anywhere, within};
use super::warehouse::{self, WarehouseClient};

const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn many_who_ask_all_the_time_hold_nobody_up() {
    const ASKERS: usize = 20;
    const QUESTIONS: usize = 30;

    within(LIMIT, || {
        let server = warehouse::bound().start().unwrap();
        let endpoint = server.endpoints()[0].clone();
        let expected = Client::connect(&endpoint).unwrap().describe().unwrap();
        let asked = AtomicUsize::new(0);
        thread::scope(|scope| {
            for asker in 0..ASKERS {
                let (endpoint, expected, asked) = (&endpoint, &expected, &asked);
                scope.spawn(move || {
                    let codec = [Codec::Json, Codec::MessagePack][asker % 2];
                    let client = Client::builder().connect(endpoint).codec(codec);
                    let client = client.build().unwrap();
                    for _ in 0..QUESTIONS {
                        assert_eq!(&client.describe().unwrap(), expected);
                        let some: schema::Description = client
                            .invoke("zmqrpc.describe", &(Some(["house.Warehouse"]),))
                            .unwrap();
                        assert_eq!(some.services[0], expected.services[0]);
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let client = WarehouseClient::connect(&endpoint).unwrap();
            let mut slowest = Duration::ZERO;
            while asked.load(Ordering::Relaxed) < ASKERS * QUESTIONS {
                let start = Instant::now();
                assert!(client.no_arguments().is_ok());
                slowest = slowest.max(start.elapsed());
            }
            assert!(slowest < Duration::from_secs(5), "{slowest:?}");
        });
    });
}

#[test]
fn a_description_that_is_too_large_is_an_error_and_harms_nobody() {
    within(LIMIT, || {
        let server = warehouse::bound().max_message(1_024).start().unwrap();
        let endpoint = &server.endpoints()[0];
        let client = Client::connect(endpoint).unwrap();
        for _ in 0..3 {
            let error = client.describe().unwrap_err();
            assert!(error.to_string().contains("1024 bytes"), "{error}");
        }
        assert_eq!(client.method_names().unwrap().len(), 6);
        let by_key = WarehouseClient::connect(endpoint).unwrap();
        assert!(by_key.no_arguments().is_ok());
    });
}

#[test]
fn two_servers_of_one_process_describe_themselves_alone() {
    within(LIMIT, || {
        let (house, panicking) = (warehouse::bound().start().unwrap(), panicking());
        let of = |server: &ServerHandle| {
            let client = Client::connect(&server.endpoints()[0]).unwrap();
            client.describe().unwrap()
        };
        let (house, panicking) = (of(&house), of(&panicking));
        assert!(house.service("house.Warehouse").is_some());
        assert!(house.service("Fragile").is_none());
        assert_eq!(panicking, schema::of::<FragileClient>());
    });
}

/// Reads itself by a panic.
#[derive(Serialize)]
struct Bomb;

impl<'de> Deserialize<'de> for Bomb {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("the bomb goes off")
    }
}

#[zmq_service]
trait Fragile {
    fn drop(&self, bomb: Bomb, count: u32) -> u32;
    fn panic(&self) -> u32;
}

struct Shop;

impl Fragile for Shop {
    fn drop(&self, _: Bomb, count: u32) -> u32 {
        count
    }

    fn panic(&self) -> u32 {
        panic!("the shop burns")
    }
}

fn panicking() -> ServerHandle {
    anywhere(Server::builder().service(FragileServer::new(Arc::new(Shop))))
        .start()
        .unwrap()
}

/// Tells what the process's hook is told of.
#[test]
fn fragile_process() {
    let Some(role) = Role::of("load::fragile_process") else {
        return;
    };
    let role = Arc::new(role);
    let told = Arc::clone(&role);
    panic::set_hook(Box::new(move |info| {
        told.tell(format!("hook: {}", info.payload_as_str().unwrap_or("?")));
    }));
    let server = panicking();
    let client = Client::connect(&server.endpoints()[0]).unwrap();
    let description = client.describe().unwrap();
    let method = description.services[0].method("drop").unwrap();
    role.tell(method.arguments[1].shape.to_string());
    FragileClient::connect(&server.endpoints()[0])
        .unwrap()
        .panic()
        .unwrap_err();
    _ = client.describe().unwrap();
    _ = thread::spawn(|| panic!("the thread ends")).join();
    role.tell("end");
}

#[test]
fn panics_while_types_are_tried_out_are_not_printed_and_later_ones_are() {
    let process = Process::start("load::fragile_process", "");
    assert_eq!(process.hear(), "u32");
    assert_eq!(process.hear(), "hook: the shop burns");
    assert_eq!(process.hear(), "hook: the thread ends");
    assert_eq!(process.hear(), "end");
}

/// Fingerprints are what two processes must agree on, whatever they have described before.
#[test]
fn canonical_texts_do_not_depend_on_what_was_described_before() {
    let canonical = || {
        let description = schema::of::<WarehouseClient>();
        let methods = description.services[0].methods.iter();
        let texts: Vec<_> = methods
            .map(|method| description.canonical(method))
            .collect();
        texts.join("\n")
    };
    let alone = canonical();
    _ = schema::of::<FragileClient>();
    let threads = [(); 4].map(|()| thread::spawn(canonical));
    for thread in threads {
        assert_eq!(thread.join().unwrap(), alone);
    }
    assert_eq!(canonical(), alone);
    let process = Process::start("load::describing_process", "");
    for line in alone.lines() {
        assert_eq!(process.hear(), line);
    }
}

#[test]
fn describing_process() {
    let Some(role) = Role::of("load::describing_process") else {
        return;
    };
    _ = schema::of::<FragileClient>();
    let description = schema::of::<WarehouseClient>();
    for method in &description.services[0].methods {
        role.tell(description.canonical(method));
    }
}
