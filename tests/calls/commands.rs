//! Commands without a trait, and calls by name.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::client::Codec;
use zmqrpc::{CallContext, CallError, Client, Command, Error, Executed, Server};

use super::book::{LIMIT, Point, open_book, same};
use super::support::{DivideError, Peer, anywhere, call_by_name, within};

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = String)]
pub(crate) struct Greet {
    pub(crate) name: String,
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

/// Whose fields have names of their own, which are not always those of the struct.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Command)]
#[command(reply = Put)]
struct Put {
    #[serde(rename = "the.key")]
    key: String,
    #[serde(skip)]
    cache: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    note: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = u8)]
struct Ping;

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = u8)]
struct Pong {}

#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = usize)]
struct Lists(Vec<Vec<u8>>);

#[test]
fn hand_written_commands_are_called_by_the_names_of_their_fields() {
    within(LIMIT, || {
        let server = anywhere(Server::builder())
            .handler(|put: Put| put)
            .handler(|_: Ping| 7_u8)
            .handler(|_: Pong| 8_u8)
            .handler(|Lists(lists): Lists| lists.len())
            .start()
            .unwrap();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let put = Put {
            key: "k".into(),
            cache: 0,
            tags: vec![],
            note: Some("n".into()),
        };
        same(client.invoke("Put", &put), put.clone());
        let json = |method, arguments: &str| {
            let reply = client.call_raw(method, Codec::Json, arguments.as_bytes());
            reply.map(|reply| String::from_utf8(reply.result().unwrap().to_vec()).unwrap())
        };
        same(
            json("Put", r#"{"note":"n","the.key":"k"}"#),
            r#"{"the.key":"k","note":"n"}"#.to_owned(),
        );
        // Names that the struct does not have, as serde does.
        same(
            json("Put", r#"{"the.key":"k","later":[1]}"#),
            r#"{"the.key":"k","note":null}"#.to_owned(),
        );
        let error = json("Put", r#"{"key":"k"}"#).unwrap_err();
        assert!(
            error.to_string().contains("missing field `the.key`"),
            "{error}"
        );
        for nothing in ["", "null", "[]", "{}"] {
            same(json("Ping", nothing), "7".to_owned());
            same(json("Pong", nothing), "8".to_owned());
        }
        same(client.invoke("Ping", &()), 7_u8);
        same(client.invoke("Pong", &()), 8_u8);
        // The tuple of one list comes before the list itself.
        same(json("Lists", "[[]]"), "0".to_owned());
        same(json("Lists", "[[[1],[2]]]"), "2".to_owned());
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
            client.invoke::<u64>("lib.Book.checked", &((),)),
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
