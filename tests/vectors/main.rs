//! The protocol from outside: peers whose bytes are built by hand from `PROTOCOL.md`, without any code of the library.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod desk;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use desk::{CalculatorClient, DivideError, desk};
use support::{Fake, call_by_key, call_by_name, failure, head, key, reply, text, varint, within};
use zmqrpc::{CallError, Client};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn the_call_of_section_14_is_answered_byte_by_byte() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let call = [
            0xC1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3A, 0x34, 0xF2, 0xAF, 0x58, 0xA1, 0x3F,
            0x19, 0xD0, 0x0F, 0, 4, 6,
        ];
        assert_eq!(
            call_by_key(1, key("Calculator.add", "i64,i64,->i64", 1), 2_000, &[4, 6]),
            call
        );
        let answer = [0xC1, 1, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0A];
        assert_eq!(peer.ask(call), answer);
    });
}

#[test]
fn failures_of_calls_are_answered_with_their_status() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let mismatch = call_by_key(3, key("Calculator.add", "i64,i64,->i64", 2), 0, &[4, 6]);
        let known = format!("{:016x}", key("Calculator.add", "i64,i64,->i64", 1));
        let refusal = [
            &head(0x81, 3)[..],
            &[3, 0, 2],
            &text("zmqrpc-key"),
            &text(&known),
            &text("zmqrpc-shape"),
            &text("1 i64,i64,->i64"),
            &[0],
            b"(i64, i64) -> i64",
        ];
        assert_eq!(peer.ask(mismatch), refusal.concat());
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
                "[Leaf|Node=#0|],(f32,u16,array<u8,>2,),->char",
                1,
            ),
            0,
            &[0, 0, 0, 0, 0, 0, 1, 2],
        ));
        assert_eq!(panicked, failure(4, 10, 2, ""));
        peer.send(head(5, 0));
        assert_eq!(peer.receive(LIMIT), Some(vec![head(0x85, 0)]));
    });
}

#[test]
fn metadata_and_deadlines_are_read_in_every_form() {
    within(LIMIT, || {
        let (_server, peer) = desk();
        let key = key("Calculator.add", "i64,i64,->i64", 1).to_le_bytes();
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
                "i64,i64,->i64|[ByZero{dividend:i64,}|]",
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
        let all: Vec<_> = [
            "requests.txt",
            "replies.txt",
            "workers.txt",
            "events.txt",
            "errors.txt",
        ]
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
            // What only a client sends ends the connection: there is no server.
            let vectors = all.iter().map(|(_, frame)| frame.clone());
            let vectors = vectors.filter(|frame| !matches!(frame.get(2), Some(1..=5)));
            vectors.chain([reply(id, 0, 0, &[10])]).collect()
        });
        for endpoint in [&fake.endpoint, &server.endpoints()[0]] {
            let client = Client::connect(endpoint).unwrap();
            assert_eq!(CalculatorClient::new(client).add(2, 3), Ok(5));
        }
    });
}
