//! A server process that tests kill, freeze and replace.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zmqrpc::{Server, ServerHandle, zmq_service};

use super::{Gate, Process, Role};

#[zmq_service]
pub(crate) trait Target {
    fn add(&self, a: u64, b: u64) -> u64;
    /// As many bytes as asked for.
    fn bytes(&self, count: u64) -> Vec<u8>;
    /// As many numbers as asked for, all of them large.
    fn numbers(&self, count: u64) -> Vec<u64>;
    fn len(&self, bytes: &[u8]) -> u64;
    /// The number of the process.
    fn process_id(&self) -> u32;
    /// Tells of its start, then waits at the gate of that number.
    fn hold(&self, gate: u64);
    /// The same; doing it twice does no harm.
    #[zmq(idempotent)]
    fn hold_again(&self, gate: u64);
    async fn never(&self);
    /// How many calls of `never` run.
    fn present(&self) -> u64;
    /// Leaves a trace, then waits at gate 0.
    fn trace(&self, number: u64);
    /// Leaves a trace, then takes so long.
    fn work(&self, number: u64, millis: u64);
    /// Which traces there are, and how often each was left.
    fn traces(&self) -> HashMap<u64, u64>;
    fn counts(&self) -> Counts;
}

/// The server's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) replies: u64,
    pub(crate) refused: u64,
    pub(crate) expired: u64,
    pub(crate) cancelled: u64,
    pub(crate) overloaded: u64,
    pub(crate) dropped: u64,
    pub(crate) unreachable: u64,
}

impl Counts {
    pub(crate) fn of(server: &ServerHandle) -> Self {
        let stats = server.stats();
        Self {
            requests: stats.requests,
            replies: stats.replies,
            refused: stats.refused,
            expired: stats.expired,
            cancelled: stats.cancelled,
            overloaded: stats.overloaded,
            dropped: stats.dropped,
            unreachable: stats.unreachable,
        }
    }
}

/// What the service does its work with.
#[derive(Default)]
pub(crate) struct Desk {
    gates: Mutex<HashMap<u64, Gate>>,
    present: Arc<AtomicU64>,
    traces: Mutex<HashMap<u64, u64>>,
    server: OnceLock<Weak<ServerHandle>>,
    /// Where it runs in a process of its own.
    role: Option<Role>,
}

impl Desk {
    pub(crate) fn gate(&self, number: u64) -> Gate {
        self.gates
            .lock()
            .unwrap()
            .entry(number)
            .or_default()
            .clone()
    }

    fn leave_trace(&self, number: u64) {
        *self.traces.lock().unwrap().entry(number).or_default() += 1;
    }

    pub(crate) fn present(&self) -> u64 {
        self.present.load(Ordering::SeqCst)
    }
}

/// Counts for as long as it lives.
struct Present(Arc<AtomicU64>);

impl Present {
    fn at(place: &Arc<AtomicU64>) -> Self {
        place.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(place))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) struct AtDesk(pub(crate) Arc<Desk>);

impl Target for AtDesk {
    fn add(&self, a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }

    fn bytes(&self, count: u64) -> Vec<u8> {
        vec![7; usize::try_from(count).unwrap()]
    }

    fn numbers(&self, count: u64) -> Vec<u64> {
        vec![u64::MAX; usize::try_from(count).unwrap()]
    }

    fn len(&self, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    fn process_id(&self) -> u32 {
        std::process::id()
    }

    fn hold(&self, gate: u64) {
        if let Some(role) = &self.0.role {
            role.tell(format!("holds {gate}"));
        }
        self.0.gate(gate).pass();
    }

    fn hold_again(&self, gate: u64) {
        self.hold(gate);
    }

    async fn never(&self) {
        let _present = Present::at(&self.0.present);
        std::future::pending::<()>().await;
    }

    fn present(&self) -> u64 {
        self.0.present()
    }

    fn trace(&self, number: u64) {
        self.0.leave_trace(number);
        self.hold(0);
    }

    fn work(&self, number: u64, millis: u64) {
        self.0.leave_trace(number);
        thread::sleep(Duration::from_millis(millis));
    }

    fn traces(&self) -> HashMap<u64, u64> {
        self.0.traces.lock().unwrap().clone()
    }

    fn counts(&self) -> Counts {
        let server = self.0.server.get().and_then(Weak::upgrade);
        server.map(|server| Counts::of(&server)).unwrap_or_default()
    }
}

/// The process, as its test sees it.
pub(crate) struct TargetProcess {
    pub(crate) process: Process,
    pub(crate) endpoint: String,
}

impl TargetProcess {
    /// The role that a test file plays with [`serve_target`].
    pub(crate) const ROLE: &str = "target_process";

    /// Starts a server process at any free port.
    pub(crate) fn start(workers: usize) -> Self {
        Self::start_at("tcp://127.0.0.1:*", workers)
    }

    pub(crate) fn start_at(endpoint: &str, workers: usize) -> Self {
        let process = Process::start(Self::ROLE, &format!("{endpoint} {workers}"));
        let endpoint = process.hear();
        Self { process, endpoint }
    }

    /// Starts one that works for the client that listens at an endpoint.
    pub(crate) fn work_for(endpoint: &str, workers: usize) -> Self {
        Self::start_at(&format!("{WORK_FOR}{endpoint}"), workers)
    }

    /// Waits until a call of `hold` has started.
    #[track_caller]
    pub(crate) fn await_hold(&self, gate: u64) {
        assert_eq!(self.process.hear(), format!("holds {gate}"));
    }

    pub(crate) fn open(&self, gate: u64) {
        self.process.order(&format!("open {gate}"));
    }

    /// Kills the process and puts another one in its place.
    pub(crate) fn replace(&mut self, workers: usize) {
        self.process.kill();
        *self = Self::start_at(&self.endpoint, workers);
    }
}

/// Before an endpoint to connect to as a worker.
const WORK_FOR: &str = "work_for=";

/// The process's own side: serves until it is told to end, or its test ends.
pub(crate) fn serve_target() {
    let Some(role) = Role::of(TargetProcess::ROLE) else {
        return;
    };
    let (endpoint, workers) = role.argument.split_once(' ').unwrap();
    let (endpoint, workers) = (endpoint.to_owned(), workers.parse().unwrap());
    let desk = Arc::new(Desk {
        role: Some(role),
        ..Desk::default()
    });
    let server = Server::builder()
        .service(TargetServer::new(AtDesk(Arc::clone(&desk))))
        .worker_threads(workers);
    let server = match endpoint.strip_prefix(WORK_FOR) {
        Some(binder) => server.work_for(binder),
        None => server.bind(&endpoint),
    };
    let server = Arc::new(server.start().unwrap());
    desk.server.set(Arc::downgrade(&server)).unwrap();
    let role = desk.role.as_ref().unwrap();
    role.tell(server.endpoints().first().unwrap_or(&endpoint));
    loop {
        let order = role.order();
        match order.split_once(' ') {
            Some(("open", gate)) => desk.gate(gate.parse().unwrap()).open(),
            _ => panic!("no such order: {order}"),
        }
    }
}
