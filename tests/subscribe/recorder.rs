//! A service that writes down what reaches it.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::pubsub::SubscriptionStats;
use zmqrpc::{CallContext, Server, ServerBuilder, zmq_service};

use super::support::Gate;

#[zmq_service]
pub(crate) trait Sensor {
    fn reading(&self, cx: &CallContext, number: u64);
    async fn later(&self, cx: &CallContext, number: u64);
    fn fails(&self, number: u64) -> Result<u64, Faulty>;
    fn panics(&self, number: u64);
    async fn panics_later(&self, number: u64);
    /// Waits at the gate, then is written down.
    fn slowly(&self, cx: &CallContext, number: u64);
    async fn never(&self, number: u64);
    fn count(&self) -> u64;
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("faulty")]
pub(crate) struct Faulty;

/// What a handler saw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) topic: Option<String>,
    pub(crate) number: u64,
    pub(crate) peer: Option<String>,
    pub(crate) trace: Option<String>,
    pub(crate) has_limit: bool,
}

/// What all handlers saw, in their order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<Vec<Entry>>, Condvar)>);

const PATIENCE: Duration = Duration::from_secs(20);

impl Log {
    fn write(&self, cx: &CallContext, number: u64) {
        let (entries, changed) = &*self.0;
        entries.lock().unwrap().push(Entry {
            topic: cx.topic().map(str::to_owned),
            number,
            peer: cx.peer().map(str::to_owned),
            trace: cx.metadata("trace").map(str::to_owned),
            has_limit: cx.remaining().is_some(),
        });
        changed.notify_all();
    }

    /// Waits until there are so many entries, and answers them.
    #[track_caller]
    pub(crate) fn await_entries(&self, count: usize) -> Vec<Entry> {
        let (entries, changed) = &*self.0;
        let entries = entries.lock().unwrap();
        let (entries, _) = changed
            .wait_timeout_while(entries, PATIENCE, |entries| entries.len() < count)
            .unwrap();
        let few = entries.len().min(20);
        assert!(
            entries.len() >= count,
            "{} of {count} came, at first {:?}",
            entries.len(),
            &entries[..few]
        );
        entries.clone()
    }

    /// The same, of which only the numbers matter.
    #[track_caller]
    pub(crate) fn await_numbers(&self, count: usize) -> Vec<u64> {
        let entries = self.await_entries(count);
        entries.iter().map(|entry| entry.number).collect()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.await_numbers(0)
    }
}

#[derive(Clone, Default)]
pub(crate) struct Recorder {
    pub(crate) log: Log,
    pub(crate) gate: Gate,
}

impl Sensor for Recorder {
    fn reading(&self, cx: &CallContext, number: u64) {
        self.log.write(cx, number);
    }

    async fn later(&self, cx: &CallContext, number: u64) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.log.write(cx, number);
    }

    fn fails(&self, _: u64) -> Result<u64, Faulty> {
        Err(Faulty)
    }

    fn panics(&self, number: u64) {
        panic!("on {number}");
    }

    async fn panics_later(&self, number: u64) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        panic!("on {number}");
    }

    fn slowly(&self, cx: &CallContext, number: u64) {
        self.gate.pass();
        self.log.write(cx, number);
    }

    async fn never(&self, _: u64) {
        std::future::pending::<()>().await;
    }

    fn count(&self) -> u64 {
        self.log.numbers().len() as u64
    }
}

/// A server of a recorder.
pub(crate) fn record(
    settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> (zmqrpc::ServerHandle, Recorder) {
    let recorder = Recorder::default();
    let builder = Server::builder().service(SensorServer::new(recorder.clone()));
    (settings(builder).start().unwrap(), recorder)
}

/// The counters of a server's only subscription.
pub(crate) fn only(server: &zmqrpc::ServerHandle) -> SubscriptionStats {
    let mut all = server.subscriptions();
    assert_eq!(all.len(), 1);
    all.remove(0)
}
