//! The service that peers built by hand call.

use serde::{Deserialize, Serialize};
use zmqrpc::{Server, ServerHandle, zmq_service};

use crate::support::{self, Peer};

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

pub(crate) fn desk() -> (ServerHandle, Peer) {
    let server = Server::builder()
        .service(CalculatorServer::new(Desk))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    let peer = Peer::connect(&server.endpoints()[0]);
    (server, peer)
}
