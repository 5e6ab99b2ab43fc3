//! A service with a method of every kind.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use zmqrpc::{CallContext, Error, Server, ServerHandle, zmq_service};

use super::support::{DivideError, Gate, ProbeClient, ProbeServer, Prober};

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: f64,
    pub(crate) tags: Vec<String>,
}

/// What a handler saw of its call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) peer: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) remaining: Option<Duration>,
    pub(crate) method: String,
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
pub(crate) struct Shelf {
    pub(crate) gate: Gate,
    pub(crate) lines: Mutex<Vec<String>>,
}

impl Shelf {
    pub(crate) fn call_inward(endpoint: &str) -> (String, Duration) {
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

pub(crate) fn open_book(endpoints: &[&str]) -> (ServerHandle, Gate) {
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
pub(crate) fn same<T: Debug + PartialEq, E: Debug>(got: Result<T, E>, expected: T) {
    assert_eq!(got.unwrap(), expected);
}
