//! Calls by name as programs in other languages make them: in JSON and in MessagePack, in order and by the names of the
//! arguments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zmqrpc::client::{Codec, RawMethod};
use zmqrpc::{AsyncClient, Client, Error, Executed, Server, ServerHandle, zmq_service};

use super::book::{LIMIT, same};
use super::support::{
    Peer, anywhere, block_on, call_by_name, call_in_json, failure, reply, within,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    sku: String,
    count: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum StockError {
    OutOfStock { sku: String },
}

#[zmq_service]
trait Shop {
    fn place(&self, number: u64, lines: Vec<Line>, note: Option<&str>) -> Result<u64, StockError>;
    fn label(&self, picture: &[u8]) -> Vec<u8>;
    fn scale(&self, by: f64) -> f64;
    fn close(&self);
}

struct Corner;

impl Shop for Corner {
    fn place(&self, number: u64, lines: Vec<Line>, note: Option<&str>) -> Result<u64, StockError> {
        if let Some(line) = lines.iter().find(|line| line.count > 100) {
            let sku = line.sku.clone();
            return Err(StockError::OutOfStock { sku });
        }
        let items: u64 = lines.iter().map(|line| u64::from(line.count)).sum();
        Ok(number + items + note.map_or(0, |note| note.len() as u64))
    }

    fn label(&self, picture: &[u8]) -> Vec<u8> {
        picture.iter().rev().copied().collect()
    }

    fn scale(&self, by: f64) -> f64 {
        by
    }

    fn close(&self) {}
}

fn shop() -> ServerHandle {
    let server = Server::builder().service(ShopServer::new(Corner));
    anywhere(server).start().unwrap()
}

/// Sends JSON as a script would, and returns what comes back.
fn ask(peer: &Peer, id: u64, method: &str, json: &str) -> Vec<u8> {
    peer.ask(call_in_json(id, method, 5_000, json))
}

#[test]
fn a_script_calls_in_json_in_order_and_by_name() {
    within(LIMIT, || {
        let server = shop();
        let peer = Peer::connect(&server.endpoints()[0]);
        for (id, arguments) in [
            (1, r#"[7, [{"sku": "milk", "count": 2}], "soon"]"#),
            (
                2,
                r#"{"lines": [{"sku": "milk", "count": 2}], "number": 7, "note": "soon"}"#,
            ),
            (
                3,
                r#" { "number":"7","lines":[["milk",2]],"note":"\u0073oon" } "#,
            ),
        ] {
            let answer = ask(&peer, id, "Shop.place", arguments);
            assert_eq!(answer, reply(id, 0, 1, b"13"), "{arguments}");
        }
        let without_note = r#"{"number": 1, "lines": []}"#;
        assert_eq!(
            ask(&peer, 4, "Shop.place", without_note),
            reply(4, 0, 1, b"1")
        );
        for (id, nothing) in [(5, ""), (6, "[]"), (7, "{}"), (8, "null")] {
            assert_eq!(
                ask(&peer, id, "Shop.close", nothing),
                reply(id, 0, 1, b"null")
            );
        }
        let bytes = ask(&peer, 9, "Shop.label", r#"{"picture":"AAEC"}"#);
        assert_eq!(bytes, reply(9, 0, 1, br#""AgEA""#));
        let bytes = ask(&peer, 10, "Shop.label", "[[0,1,2]]");
        assert_eq!(bytes, reply(10, 0, 1, br#""AgEA""#));
        let number = ask(&peer, 11, "Shop.scale", r#"["NaN"]"#);
        assert_eq!(number, reply(11, 0, 1, br#""NaN""#));
        let error = ask(
            &peer,
            12,
            "Shop.place",
            r#"[1,[{"sku":"x","count":101}],null]"#,
        );
        assert_eq!(error, reply(12, 1, 1, br#"{"OutOfStock":{"sku":"x"}}"#));
    });
}

#[test]
fn a_mistake_in_json_is_told_with_its_place_and_executes_nothing() {
    within(LIMIT, || {
        let server = shop();
        let peer = Peer::connect(&server.endpoints()[0]);
        for (id, arguments, detail) in [
            (
                1,
                r#"{"number":1,"lines":[{"sku":"a","count":1},{"sku":"b","count":300}]}"#,
                "lines[1].count: invalid value: integer `300`, expected u8",
            ),
            (
                2,
                r#"[1,[{"sku":"a","cuont":1}],null]"#,
                "lines[0]: missing field `count`",
            ),
            (
                3,
                r#"{"number":1,"lines":[],"nope":1}"#,
                "there is no argument `nope`, only `number`, `lines`, `note`",
            ),
            (4, r#"{"number":1}"#, "lines: the argument is missing"),
            (5, r"[1,[]", "note: it ends in the middle of a value"),
        ] {
            let answer = ask(&peer, id, "Shop.place", arguments);
            assert_eq!(answer, failure(id, 4, 0, detail), "{arguments}");
        }
        assert_eq!(server.stats().requests, 5);
        // A codec that nobody has, and one that cannot be read without a signature.
        let mut unknown = call_in_json(6, "Shop.close", 5_000, "[]");
        unknown[11] = 3;
        let answer = peer.ask(unknown);
        let detail = "codec 3 is unknown here, use 0 (postcard), 1 (JSON) or 2 (MessagePack)";
        assert_eq!(answer, failure(6, 14, 0, detail));
        let mut untyped = call_in_json(7, "Shop.close", 5_000, "");
        untyped[11] = 0;
        let answer = peer.ask(untyped);
        let detail =
            "a call by name needs a codec that carries types: use 1 (JSON) or 2 (MessagePack)";
        assert_eq!(answer, failure(7, 14, 0, detail));
    });
}

#[test]
fn arguments_have_names_in_messagepack_too() {
    within(LIMIT, || {
        let server = shop();
        let peer = Peer::connect(&server.endpoints()[0]);
        // {"lines": [{"count": 2, "sku": "milk"}], "number": 7}
        let body = b"\x82\xA5lines\x91\x82\xA5count\x02\xA3sku\xA4milk\xA6number\x07";
        let answer = peer.ask(call_by_name(1, "Shop.place", 5_000, body));
        assert_eq!(answer, reply(1, 0, 2, &[9]));
        let answer = peer.ask(call_by_name(2, "Shop.place", 5_000, b"\x81\xA6number\xA17"));
        let detail = "number: invalid type: a text, expected u64";
        assert_eq!(answer, failure(2, 4, 0, detail));
    });
}

#[derive(Serialize)]
struct Place<'a> {
    lines: Vec<Line>,
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[test]
fn a_client_calls_by_name_in_the_codec_that_it_is_told() {
    within(LIMIT, || {
        let server = shop();
        for codec in [Codec::Json, Codec::MessagePack] {
            let client = Client::builder()
                .connect(&server.endpoints()[0])
                .codec(codec)
                .build()
                .unwrap();
            let milk = Line {
                sku: "milk".to_owned(),
                count: 2,
            };
            same(client.invoke("Shop.place", &(7, [&milk], "soon")), 13_u64);
            let place = Place {
                lines: vec![milk],
                number: 7,
                note: None,
            };
            same(client.invoke("Shop.place", &place), 9_u64);
            same(
                client.invoke("Shop.label", &BTreeMap::from([("picture", vec![1_u8, 2])])),
                vec![2_u8, 1],
            );
            same(client.invoke("Shop.scale", &(0.1,)), 0.1_f64);
            same(client.invoke("Shop.close", &()), ());
            let too_many = (1, [("x", 101)], None::<&str>);
            let error = client.invoke::<u64>("Shop.place", &too_many).unwrap_err();
            assert!(
                matches!(&error, Error::Service { message, .. } if &**message == r#"{"OutOfStock": {"sku": "x"}}"#),
                "{error}"
            );
            let error = client
                .invoke::<u64>("Shop.place", &(1, [("x", 300)], ()))
                .unwrap_err();
            assert_eq!(error.executed(), Executed::No);
            assert!(
                error
                    .to_string()
                    .contains("lines[0][1]: invalid value: integer `300`, expected u8"),
                "{error}"
            );
            // What is generated is not concerned.
            let shop = ShopClient::new(client.clone());
            assert_eq!(shop.place(1, vec![], None), Ok(1));
            // A reply of another type.
            let error = client.invoke::<String>("Shop.scale", &(1.5,)).unwrap_err();
            assert_eq!(error.executed(), Executed::Yes);
        }
        let error = Client::builder()
            .connect(&server.endpoints()[0])
            .codec(Codec::Postcard)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("setting `codec`"), "{error}");
    });
}

#[test]
fn a_tool_calls_with_bytes_and_gets_bytes() {
    within(LIMIT, || {
        let server = shop();
        let client = Client::connect(&server.endpoints()[0]).unwrap();
        let place = br#"{"number": 7, "lines": [{"sku": "x", "count": 2}]}"#;
        let reply = client.call_raw("Shop.place", Codec::Json, place).unwrap();
        assert_eq!(
            (reply.codec(), reply.result()),
            (Codec::Json, Ok(&b"9"[..]))
        );
        let reply = client
            .call_raw("Shop.place", Codec::Json, br#"[1, [["x", 101]], null]"#)
            .unwrap();
        let error = br#"{"OutOfStock":{"sku":"x"}}"#;
        assert_eq!(reply.result(), Err(&error[..]));
        let nil = client.call_raw("Shop.close", Codec::MessagePack, b"\x90");
        assert_eq!(nil.unwrap().result(), Ok(&b"\xC0"[..]));

        // By key, in postcard: what generated code does.
        let method = &<ShopScale as zmqrpc::Command>::METHOD;
        let by = 1.5_f64.to_le_bytes();
        let reply = client.call_raw(method, Codec::Postcard, &by).unwrap();
        assert_eq!(reply.result(), Ok(&by[..]));
        assert_eq!(reply.codec(), Codec::Postcard);

        let error = client
            .call_raw("Shop.open", Codec::Json, b"[]")
            .unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
        assert_eq!(error.method(), Some("Shop.open"));
        let error = client
            .call_raw(RawMethod::Key(7), Codec::Postcard, b"")
            .unwrap_err();
        assert_eq!(error.method(), Some("key 0000000000000007"));
        let error = client
            .call_raw("Shop.close", Codec::Postcard, b"")
            .unwrap_err();
        assert!(
            error.to_string().contains("a call by name needs a codec"),
            "{error}"
        );
        let large = vec![b' '; 17 << 20];
        let error = client
            .call_raw("Shop.close", Codec::Json, &large)
            .unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");

        let tasks = AsyncClient::from(client);
        let called = tasks.call_raw("Shop.scale", Codec::Json, br#"{"by": 2}"#);
        let reply = block_on(called).unwrap();
        assert_eq!(reply.result(), Ok(&b"2.0"[..]));
    });
}
