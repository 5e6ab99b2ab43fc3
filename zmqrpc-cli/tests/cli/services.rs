//! What the server of these tests offers.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::{CallContext, Server, ServerHandle, zmq_service};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) count: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) customer: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) note: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Mode {
    Any,
    AtLeast { count: u8 },
    Of(Vec<String>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Filter {
    pub(crate) limit: u32,
    pub(crate) mode: Mode,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Unknown(String),
    TooMany { wanted: u32, there: u32 },
}

/// Keeps what is sold.
#[zmq_service]
pub(crate) trait Depot {
    /// Takes an order.
    ///
    /// All of its lines, or none.
    fn place(&self, order: Order) -> Result<u32, Refusal>;
    /// What there is of a product.
    #[zmq(idempotent)]
    fn stock(&self, sku: String) -> Option<u32>;
    fn add(&self, a: i64, b: i64) -> i64;
    #[zmq(oneway)]
    fn scanned(&self, sku: String);
}

/// Odd types.
#[zmq_service(version = 3)]
pub(crate) trait Lab {
    fn add(&self, a: i64, b: i64) -> i64;
    fn half(&self, number: f64) -> f64;
    fn largest(&self, number: u128) -> u128;
    async fn nap(&self, time: Duration) -> String;
    fn search(&self, filter: Filter, by: BTreeMap<u32, String>) -> Vec<String>;
    fn turn(&self, bytes: Vec<u8>) -> Vec<u8>;
    fn metadata(&self, context: &CallContext, key: String) -> Option<String>;
    fn quote(&self, text: String, times: Option<u8>) -> String;
    fn list(&self) -> (bool, char);
}

/// Both services; tells of naps.
pub(crate) struct Worker(pub(crate) Sender<NapEvent>);

impl Depot for Worker {
    fn place(&self, order: Order) -> Result<u32, Refusal> {
        let mut total = 0;
        for line in order.lines {
            match &*line.sku {
                "milk" if line.count > 10 => {
                    return Err(Refusal::TooMany {
                        wanted: line.count,
                        there: 10,
                    });
                }
                "milk" => total += line.count,
                _ => return Err(Refusal::Unknown(line.sku)),
            }
        }
        Ok(total)
    }

    fn stock(&self, sku: String) -> Option<u32> {
        (sku == "milk").then_some(10)
    }

    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn scanned(&self, _: String) {}
}

impl Lab for Worker {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn half(&self, number: f64) -> f64 {
        number / 2.0
    }

    fn largest(&self, number: u128) -> u128 {
        number
    }

    async fn nap(&self, time: Duration) -> String {
        let _nap = Nap::begin(&self.0);
        tokio::time::sleep(time).await;
        format!("slept {} ms", time.as_millis())
    }

    fn search(&self, filter: Filter, by: BTreeMap<u32, String>) -> Vec<String> {
        vec![format!("{filter:?}"), format!("{by:?}")]
    }

    fn turn(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.reverse();
        bytes
    }

    fn metadata(&self, context: &CallContext, key: String) -> Option<String> {
        context.metadata(&key).map(str::to_owned)
    }

    fn quote(&self, text: String, times: Option<u8>) -> String {
        text.repeat(times.unwrap_or(1).into())
    }

    fn list(&self) -> (bool, char) {
        (true, 'ä')
    }
}

/// What becomes of naps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NapEvent {
    Begun,
    Over,
}

struct Nap(Sender<NapEvent>);

impl Nap {
    fn begin(events: &Sender<NapEvent>) -> Self {
        // Nobody listens any more where the test has ended.
        let _ = events.send(NapEvent::Begun);
        Self(events.clone())
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        let _ = self.0.send(NapEvent::Over);
    }
}

/// Serves both, on a port of its own.
pub(crate) fn serve(naps: Sender<NapEvent>) -> ServerHandle {
    Server::builder()
        .service(DepotServer::new(Worker(naps.clone())))
        .service(LabServer::new(Worker(naps)))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap()
}
