//! A service with everything that tests want of one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zmqrpc::{CallContext, Command, ServerBuilder, ServerHandle, zmq_service};

use super::Gate;

#[zmq_service]
pub(crate) trait Probe {
    fn add(&self, a: i64, b: i64) -> i64;
    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError>;
    async fn slow_add(&self, a: i64, b: i64) -> i64;
    fn echo(&self, bytes: Vec<u8>) -> Vec<u8>;
    fn len(&self, bytes: &[u8]) -> u64;
    fn sum(&self, numbers: Vec<u64>) -> u64;
    fn depth(&self, tree: Tree) -> u32;
    /// As many bytes as asked for.
    fn bytes(&self, count: u64) -> Vec<u8>;
    /// Waits at the gate.
    fn hold(&self);
    async fn hold_for_ever(&self);
    #[zmq(oneway)]
    fn note(&self, number: u64);
    /// How many notes there were.
    fn notes(&self) -> u64;
    fn who(&self, cx: &CallContext, key: &str) -> Option<String>;
    fn panics(&self, text: &str);
    async fn panics_later(&self);
    /// Panics with something that panics when it is dropped, `depth` times.
    fn bomb(&self, depth: u32);
    fn answers_with(&self, mood: u8) -> Stubborn;
    fn takes(&self, stubborn: Stubborn) -> bool;
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum DivideError {
    #[error("{dividend} cannot be divided by zero")]
    ByZero { dividend: i64 },
    #[error("overflow")]
    Overflow,
}

/// Something that a hostile peer nests deeply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Tree {
    Leaf,
    Node(Box<Tree>),
}

/// A value that cannot always travel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stubborn {
    Willing,
    /// Its `Serialize` fails.
    Refuses,
    /// Its `Serialize` panics.
    Panics,
    /// Its `Deserialize` panics.
    Explodes,
}

impl Stubborn {
    pub(crate) fn of(mood: u8) -> Self {
        match mood {
            0 => Self::Willing,
            1 => Self::Refuses,
            2 => Self::Panics,
            _ => Self::Explodes,
        }
    }
}

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Willing => serializer.serialize_u8(0),
            Self::Refuses => Err(serde::ser::Error::custom("it does not want to")),
            Self::Panics => panic!("it panics while it is encoded"),
            Self::Explodes => serializer.serialize_u8(3),
        }
    }
}

impl<'de> Deserialize<'de> for Stubborn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            3 => panic!("it panics while it is decoded"),
            mood => Ok(Self::of(mood)),
        }
    }
}

struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            std::panic::panic_any(Bomb(self.0 - 1));
        }
    }
}

#[derive(Default)]
pub(crate) struct Prober {
    pub(crate) gate: Gate,
    notes: AtomicU64,
}

impl Probe for Prober {
    fn add(&self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    fn divide(&self, a: i64, b: i64) -> Result<i64, DivideError> {
        if b == 0 {
            return Err(DivideError::ByZero { dividend: a });
        }
        a.checked_div(b).ok_or(DivideError::Overflow)
    }

    async fn slow_add(&self, a: i64, b: i64) -> i64 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        a + b
    }

    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    fn len(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    fn sum(&self, numbers: Vec<u64>) -> u64 {
        numbers.iter().fold(0, |sum, n| sum.wrapping_add(*n))
    }

    fn depth(&self, mut tree: Tree) -> u32 {
        let mut depth = 0;
        while let Tree::Node(inner) = tree {
            depth += 1;
            tree = *inner;
        }
        depth
    }

    fn bytes(&self, count: u64) -> Vec<u8> {
        vec![7; usize::try_from(count).unwrap()]
    }

    fn hold(&self) {
        self.gate.pass();
    }

    async fn hold_for_ever(&self) {
        std::future::pending::<()>().await;
    }

    fn note(&self, _: u64) {
        self.notes.fetch_add(1, Ordering::SeqCst);
    }

    fn notes(&self) -> u64 {
        self.notes.load(Ordering::SeqCst)
    }

    fn who(&self, cx: &CallContext, key: &str) -> Option<String> {
        match key {
            "user" => cx.user_id(),
            key => cx.metadata(key),
        }
        .map(str::to_owned)
    }

    fn panics(&self, text: &str) {
        panic!("{text}");
    }

    async fn panics_later(&self) {
        tokio::task::yield_now().await;
        panic!("later");
    }

    fn bomb(&self, depth: u32) {
        std::panic::panic_any(Bomb(depth));
    }

    fn answers_with(&self, mood: u8) -> Stubborn {
        Stubborn::of(mood)
    }

    fn takes(&self, stubborn: Stubborn) -> bool {
        stubborn == Stubborn::Willing
    }
}

/// A server of a probe, with the gate that its `hold` waits at.
pub(crate) fn serve(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (ServerHandle, Gate) {
    let prober = Prober::default();
    let gate = prober.gate.clone();
    let builder = zmqrpc::Server::builder().service(ProbeServer::new(prober));
    (settings(builder).start().unwrap(), gate)
}

/// Any free port of this machine.
pub(crate) fn anywhere(builder: ServerBuilder) -> ServerBuilder {
    builder.bind("tcp://127.0.0.1:*")
}

/// The same where another server has just ended: libzmq gives its port free a moment later, on a thread of its own.
pub(crate) fn serve_again(
    settings: impl Fn(ServerBuilder) -> ServerBuilder,
) -> (ServerHandle, Gate) {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let prober = Prober::default();
        let gate = prober.gate.clone();
        let builder = zmqrpc::Server::builder().service(ProbeServer::new(prober));
        match settings(builder).start() {
            Ok(server) => return (server, gate),
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
    }
}

/// A path that no other test uses.
pub(crate) fn ipc(name: &str) -> String {
    let file = format!("zmqrpc-{}-{name}.sock", std::process::id());
    format!("ipc://{}", std::env::temp_dir().join(file).display())
}

/// A command written by hand.
#[derive(Debug, Serialize, Deserialize, Command)]
#[command(reply = bool)]
pub(crate) struct Quit;
