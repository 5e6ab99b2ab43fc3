//! A service with something of everything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::{CallContext, Command, Server, ServerBuilder, zmq_service};

use super::support::anywhere;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) lines: Vec<Line>,
    pub(crate) note: Option<String>,
    #[serde(default)]
    pub(crate) within: Duration,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: Sku,
    pub(crate) count: u32,
}

/// An article's number: two digits and no more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Sku(pub(crate) String);

impl TryFrom<String> for Sku {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_one = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_one
            .then_some(Self(text))
            .ok_or("an article has two digits")
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum StockError {
    Unknown(Sku),
    OutOfStock { sku: Sku, on_hand: u32 },
    Closed,
}

/// Keeps stock.
///
/// In one house.
#[zmq_service(name = "house.Warehouse", version = 3)]
pub(crate) trait Warehouse {
    /// Takes all lines of an order out of stock, or none.
    fn place(&self, order: &Order) -> Result<BTreeMap<Sku, u32>, StockError>;
    /// How much there is.
    #[zmq(idempotent, timeout = "1500ms")]
    fn on_hand(&self, cx: &CallContext, sku: Sku, at: Option<&str>) -> Option<u32>;
    #[deprecated(note = "labels are printed elsewhere")]
    async fn label(&self, picture: &[u8], copies: Vec<u8>) -> Vec<u8>;
    #[zmq(oneway)]
    fn close(&self, r#final: bool);
    #[zmq(name = "nothing")]
    fn no_arguments(&self);
}

pub(crate) struct House;

impl Warehouse for House {
    fn place(&self, order: &Order) -> Result<BTreeMap<Sku, u32>, StockError> {
        if order.lines.is_empty() {
            return Err(StockError::Closed);
        }
        Ok(order
            .lines
            .iter()
            .map(|line| (line.sku.clone(), line.count))
            .collect())
    }

    fn on_hand(&self, _: &CallContext, _: Sku, _: Option<&str>) -> Option<u32> {
        Some(7)
    }

    async fn label(&self, picture: &[u8], _: Vec<u8>) -> Vec<u8> {
        picture.to_vec()
    }

    fn close(&self, _: bool) {}

    fn no_arguments(&self) {}
}

/// Says hello.
#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = String, name = "greet", version = 2)]
pub(crate) struct Greet {
    #[serde(rename = "to")]
    name: String,
    loudly: bool,
}

/// A server of all this, without an endpoint.
pub(crate) fn builder() -> ServerBuilder {
    Server::builder()
        .service(WarehouseServer::new(Arc::new(House)))
        .handler(|greet: Greet| format!("hello {}", greet.name))
}

pub(crate) fn bound() -> ServerBuilder {
    anywhere(builder())
}
