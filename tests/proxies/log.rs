//! A service that keeps what it is given, and files for queues of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use zmqrpc::proxy::DiskQueue;
use zmqrpc::{Server, ServerBuilder, ServerHandle, zmq_service};

use crate::support::Gate;

/// Keeps what it is given.
#[zmq_service]
pub(crate) trait Log {
    fn take(&self, client: u32, number: u64);
    /// Fails, with an error of its own.
    fn refuse(&self, number: u64) -> Result<(), String>;
    fn panic(&self);
    /// Waits at the gate, then takes.
    fn wait(&self, number: u64);
    /// Takes when it begins, waits at the gate, and takes again when it ends.
    async fn linger(&self, number: u64);
    /// Takes a number that comes with many bytes.
    fn fill(&self, number: u64, bytes: &[u8]);
}

/// Whose numbers are those of lingering methods that have begun, and that have ended.
pub(crate) const BEGUN: u32 = 1001;
pub(crate) const ENDED: u32 = 1002;
/// Whose numbers are those that came with many bytes.
const FILLED: u32 = 1003;

#[derive(Clone, Default)]
pub(crate) struct Taken {
    entries: Arc<Mutex<Vec<(u32, u64)>>>,
    pub(crate) gate: Gate,
}

impl Taken {
    pub(crate) fn count(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    /// How often each number came with many bytes.
    pub(crate) fn filled(&self) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        for number in self.by_client().remove(&FILLED).unwrap_or_default() {
            *counts.entry(number).or_default() += 1;
        }
        counts
    }

    /// Per client, in order.
    pub(crate) fn by_client(&self) -> BTreeMap<u32, Vec<u64>> {
        let mut clients: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (client, number) in self.entries.lock().unwrap().iter() {
            clients.entry(*client).or_default().push(*number);
        }
        clients
    }
}

impl Log for Taken {
    fn take(&self, client: u32, number: u64) {
        self.entries.lock().unwrap().push((client, number));
    }

    fn refuse(&self, number: u64) -> Result<(), String> {
        self.take(u32::MAX, number);
        Err("not this one".into())
    }

    fn panic(&self) {
        self.take(u32::MAX, 0);
        panic!("on purpose");
    }

    fn wait(&self, number: u64) {
        self.gate.pass();
        self.take(0, number);
    }

    fn fill(&self, number: u64, _: &[u8]) {
        self.take(FILLED, number);
    }

    async fn linger(&self, number: u64) {
        self.take(BEGUN, number);
        let gate = self.gate.clone();
        tokio::task::spawn_blocking(move || gate.pass())
            .await
            .unwrap();
        self.take(ENDED, number);
    }
}

pub(crate) fn log(place: &str, taken: &Taken) -> ServerHandle {
    log_with(place, taken, |builder| builder)
}

pub(crate) fn log_with(
    place: &str,
    taken: &Taken,
    settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> ServerHandle {
    let builder = Server::builder()
        .service(LogServer::new(taken.clone()))
        .bind(place);
    settings(builder).start().unwrap()
}

/// A queue file that no other test uses, gone when the value is.
pub(crate) struct File(pub(crate) std::path::PathBuf);

impl File {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("zmqrpc-{}-{name}.queue", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    pub(crate) fn open(&self) -> DiskQueue {
        DiskQueue::open(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
