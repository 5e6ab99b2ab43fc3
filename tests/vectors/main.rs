//! The protocol from outside: peers whose bytes are built by hand from `PROTOCOL.md`, without any code of the library.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use support::{
    Fake, Peer, call_by_key, call_by_name, failure, head, key, reply, text, varint, within,
};
use zmqrpc::{CallError, Client, Server, ServerHandle, zmq_service};

const LIMIT: Duration = Duration::from_secs(20);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    name: String,
    price: Option<i64>,
    tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Tag {
    Plain,
    Sized(u8),
    Pair(u8, i16),
    Named { a: bool },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum DivideError {
    ByZero { dividend: i64 },
}

#[zmq_service]
pub(crate) trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;
    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;
    fn mirror(&self, item: Item) -> Item;
    fn put(&self, key: &str, value: &[u8]) -> bool;
    fn nothing(&self);
    fn r#type(&self, part: Option<&[u8]>) -> Vec<u8>;
    fn point(&self, at: &support::Tree, scale: (f32, u16, [u8; 2])) -> char;
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError> {
        a.checked_div(b).ok_or(DivideError::ByZero { dividend: a })
    }

    fn mirror(&self, item: Item) -> Item {
        item
    }

    fn put(&self, key: &str, value: &[u8]) -> bool {
        key == "key" && value == [0, 0x80, 0xFF]
    }

    fn nothing(&self) {}

    fn r#type(&self, part: Option<&[u8]>) -> Vec<u8> {
        part.map_or(vec![9], <[u8]>::to_vec)
    }

    fn point(&self, _: &support::Tree, scale: (f32, u16, [u8; 2])) -> char {
        assert_eq!(scale, (1.5, 300, [1, 2]));
        'ü'
    }
}

fn desk() -> (ServerHandle, Peer) {
    let server = Server::builder()
        .service(CalculatorServer::new(Desk))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    let peer = Peer::connect(&server.endpoints()[0]);
    (server, peer)
}

#[test]
fn the_call_of_section_14_is_answered_byte_by_byte() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let call = [
            0xC1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF4, 0x38, 0xF3, 0x2E, 0x58, 0xA1, 0x3F,
            0x19, 0xD0, 0x0F, 0, 4, 6,
        ];
        assert_eq!(
            call_by_key(
                1,
                key("Calculator.add", "(i64, i64) -> i64", 1),
                2_000,
                &[4, 6]
            ),
            call
        );
        let answer = [0xC1, 1, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0A];
        assert_eq!(peer.ask(call), answer);
    });
}

#[test]
fn calls_by_key_are_answered_in_postcard() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let result = "Result<i64, DivideError>";
        for (method, signature, body, status, value) in [
            (
                "divide",
                format!("(i64, i64) -> {result}"),
                vec![14, 4],
                0,
                vec![6],
            ),
            (
                "divide",
                format!("(i64, i64) -> {result}"),
                vec![14, 0],
                1,
                vec![0, 14],
            ),
            ("nothing", "() -> ()".into(), vec![], 0, vec![]),
            (
                "put",
                "(String, Vec<u8>) -> bool".into(),
                vec![3, b'k', b'e', b'y', 3, 0, 0x80, 0xFF],
                0,
                vec![1],
            ),
            (
                "type",
                "(Option<Vec<u8>>) -> Vec<u8>".into(),
                vec![0],
                0,
                vec![1, 9],
            ),
            (
                "type",
                "(Option<Vec<u8>>) -> Vec<u8>".into(),
                vec![1, 2, 5, 6],
                0,
                vec![2, 5, 6],
            ),
            (
                "point",
                "(support::Tree, (f32, u16, [u8; 2])) -> char".into(),
                vec![1, 0, 0, 0, 0xC0, 0x3F, 0xAC, 2, 1, 2],
                0,
                vec![2, 0xC3, 0xBC],
            ),
            (
                "mirror",
                "(Item) -> Item".into(),
                vec![1, b'x', 1, 1, 4, 0, 1, 7, 2, 8, 3, 3, 1],
                0,
                vec![1, b'x', 1, 1, 4, 0, 1, 7, 2, 8, 3, 3, 1],
            ),
        ] {
            let key = key(&format!("Calculator.{method}"), &signature, 1);
            let answer = peer.ask(call_by_key(5, key, 0, &body));
            assert_eq!(answer, reply(5, status, 0, &value), "{method}{signature}");
        }
    });
}

#[test]
fn calls_by_name_are_answered_in_message_pack() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let item_map = [
            &[0x91, 0x83, 0xA4][..],
            b"name",
            &[0xA1, b'x', 0xA5],
            b"price",
            &[0xFF, 0xA4],
            b"tags",
            &[0x94, 0xA5],
            b"Plain",
            &[0x81, 0xA5],
            b"Sized",
            &[7, 0x81, 0xA4],
            b"Pair",
            &[0x92, 8, 0xFE, 0x81, 0xA5],
            b"Named",
            &[0x81, 0xA1, b'a', 0xC3],
        ]
        .concat();
        let item_array = [
            &[0x91, 0x93, 0xA1, b'x', 0xD0, 0xFF, 0x94, 0xA5][..],
            b"Plain",
            &[0x81, 0xA5],
            b"Sized",
            &[0xCC, 7, 0x81, 0xA4],
            b"Pair",
            &[0x92, 8, 0xD1, 0xFF, 0xFE, 0x81, 0xA5],
            b"Named",
            &[0x91, 0xC3],
        ]
        .concat();
        let by_zero = [
            &[0x81, 0xA6][..],
            b"ByZero",
            &[0x81, 0xA8],
            b"dividend",
            &[7],
        ]
        .concat();
        for (method, body, status, value) in [
            ("add", vec![0x92, 2, 3], 0, vec![5]),
            (
                "add",
                vec![0x92, 0xCC, 2, 0xD3, 0, 0, 0, 0, 0, 0, 0, 3],
                0,
                vec![5],
            ),
            ("add", vec![0xDC, 0, 2, 0xFE, 3], 0, vec![1]),
            ("divide", vec![0x92, 7, 0], 1, by_zero),
            ("nothing", vec![0x90], 0, vec![0xC0]),
            ("nothing", vec![0x80], 0, vec![0xC0]),
            ("nothing", vec![0xC0], 0, vec![0xC0]),
            ("nothing", vec![], 0, vec![0xC0]),
            (
                "put",
                vec![0x92, 0xA3, b'k', b'e', b'y', 0xC4, 3, 0, 0x80, 0xFF],
                0,
                vec![0xC3],
            ),
            (
                "put",
                vec![
                    0x92, 0xA3, b'k', b'e', b'y', 0x93, 0, 0xCC, 0x80, 0xCC, 0xFF,
                ],
                0,
                vec![0xC3],
            ),
            ("type", vec![0x91, 0xC0], 0, vec![0xC4, 1, 9]),
            ("type", vec![0x91, 0xC4, 2, 5, 6], 0, vec![0xC4, 2, 5, 6]),
            ("mirror", item_array, 0, item_map[1..].to_vec()),
            ("mirror", item_map.clone(), 0, item_map[1..].to_vec()),
        ] {
            let answer = peer.ask(call_by_name(6, &format!("Calculator.{method}"), 0, &body));
            assert_eq!(answer, reply(6, status, 2, &value), "{method} {body:x?}");
        }
    });
}

#[test]
fn failures_of_calls_are_answered_with_their_status() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let mismatch = call_by_key(3, key("Calculator.add", "(i64, i64) -> i64", 2), 0, &[4, 6]);
        assert_eq!(peer.ask(mismatch), failure(3, 3, 0, "(i64, i64) -> i64"));
        let unknown = peer.ask(call_by_name(3, "Calculator.subtract", 0, &[0x92, 2, 3]));
        assert_eq!((unknown[11], unknown[14]), (2, 0));
        // Postcard by name would be read as whatever the method takes.
        let mut postcard = call_by_name(3, "Calculator.add", 0, &[4, 6]);
        postcard[11] = 0;
        let refused = peer.ask(postcard);
        assert_eq!((refused[11], refused[14]), (14, 0));
        let panicked = peer.ask(call_by_key(
            4,
            key(
                "Calculator.point",
                "(support::Tree, (f32, u16, [u8; 2])) -> char",
                1,
            ),
            0,
            &[0, 0, 0, 0, 0, 0, 1, 2],
        ));
        assert_eq!(panicked, failure(4, 10, 2, ""));
        assert_eq!(peer.ask(head(5, 0)), head(0x85, 0));
    });
}

#[test]
fn metadata_and_deadlines_are_read_in_every_form() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let key = key("Calculator.add", "(i64, i64) -> i64", 1).to_le_bytes();
        let start = [&head(1, 8)[..], &[0, 0], &key].concat();
        for remaining in [
            varint(0),
            varint(1_000),
            varint(u64::MAX),
            vec![0x80, 0x80, 0],
            vec![0xFF, 0xFF, 0x83, 0x80, 0],
        ] {
            for metadata in [
                vec![0],
                [varint(1), text("k"), text("v")].concat(),
                [varint(2), text("k"), text(""), text("k"), text("ü")].concat(),
                vec![0x80, 0],
            ] {
                let frame = [&start[..], &remaining, &metadata, &[4, 6]].concat();
                assert_eq!(peer.ask(&frame), reply(8, 0, 0, &[10]), "{frame:x?}");
            }
        }
    });
}

#[test]
fn a_client_reads_what_a_server_in_another_language_answers() {
    within(LIMIT, || {
        let fake = Fake::start(|frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            assert_ne!(id, 0);
            let key = key(
                "Calculator.divide",
                "(i64, i64) -> Result<i64, DivideError>",
                1,
            );
            assert_eq!(frame[11..21], [&[0, 0][..], &key.to_le_bytes()].concat());
            let mut with_metadata = head(0x81, id);
            with_metadata
                .extend([&[0, 0][..], &varint(1), &text("took"), &text("1 ms"), &[12]].concat());
            vec![
                head(0x86, id),
                match frame[frame.len() - 1] {
                    2 => with_metadata,
                    4 => [
                        &head(0x81, id)[..],
                        &[1, 2, 0, 0x81, 0xA6],
                        b"ByZero",
                        &[0x91, 7],
                    ]
                    .concat(),
                    _ => failure(id, 200, 1, "out of paper"),
                },
            ]
        });
        let client = CalculatorClient::connect(&fake.endpoint).unwrap();
        assert_eq!(client.divide(7, 1), Ok(6));
        assert_eq!(
            client.divide(7, 2),
            Err(CallError::Service(DivideError::ByZero { dividend: 7 }))
        );
        let error = client.divide(7, 3).unwrap_err().rpc().cloned().unwrap();
        assert!(
            error.to_string().contains("status 200: out of paper"),
            "{error}"
        );
    });
}

/// The frames of a file of `tests/vectors`, by name.
fn vectors(file: &str) -> BTreeMap<String, Vec<u8>> {
    let path = format!("{}/tests/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut frames: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut name = String::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        if let Some(vector) = line.strip_prefix("vector: ") {
            vector.trim().clone_into(&mut name);
        } else if let Some(hex) = line.strip_prefix("hex: ") {
            let hex = hex.split('#').next().unwrap();
            let bytes = hex
                .split_whitespace()
                .map(|byte| u8::from_str_radix(byte, 16).unwrap());
            frames.entry(name.clone()).or_default().extend(bytes);
        }
    }
    assert!(frames.len() > 3, "{file}");
    frames
}

#[test]
fn every_vector_is_harmless_to_a_server_and_to_a_client() {
    within(LIMIT, || {
        let (server, peer) = desk();
        let all: Vec<_> = ["requests.txt", "replies.txt", "events.txt", "errors.txt"]
            .into_iter()
            .flat_map(vectors)
            .collect();
        let mut answers = 0;
        for (_, frame) in &all {
            peer.send(frame);
            peer.send(head(5, 424_242));
            // The pong may overtake the reply.
            while peer.answer() != head(0x85, 424_242) {
                answers += 1;
            }
        }
        assert!(answers <= all.len(), "{answers} of {}", all.len());
        let fake = Fake::start(move |frame| {
            let id = u64::from_le_bytes(frame[3..11].try_into().unwrap());
            let vectors = all.iter().map(|(_, frame)| frame.clone());
            vectors.chain([reply(id, 0, 0, &[10])]).collect()
        });
        for endpoint in [&fake.endpoint, &server.endpoints()[0]] {
            let client = Client::connect(endpoint).unwrap();
            assert_eq!(CalculatorClient::new(client).add(2, 3), Ok(5));
        }
    });
}
