//! Servers that are replaced one after the other while callers call: nobody notices.
//!
//! `ZMQRPC_ROLLING_ROUNDS` sets how often both are replaced (default 3).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use zmqrpc::proxy::{Proxy, Rep, Req};
use zmqrpc::{AsyncClient, Client, Error, Server, zmq_service};

use crate::support::{Process, Role, alone, await_state};

const LIMIT: Duration = Duration::from_secs(240);
const CALLERS: u64 = 8;

/// Keeps a ledger of what was executed.
#[zmq_service]
pub(crate) trait Ledger {
    fn enter(&self, number: u64);
    async fn enter_later(&self, number: u64);
}

#[derive(Default)]
struct Book(Mutex<Vec<u64>>);

impl Book {
    fn write(&self, number: u64) {
        self.0.lock().unwrap().push(number);
    }
}

impl Ledger for Arc<Book> {
    fn enter(&self, number: u64) {
        self.write(number);
        if number.is_multiple_of(16) {
            thread::sleep(Duration::from_millis(3));
        }
    }

    async fn enter_later(&self, number: u64) {
        self.write(number);
        tokio::time::sleep(Duration::from_millis(number % 4)).await;
    }
}

pub(crate) const REPLICA: &str = "replica_process";

/// The role of a server that ends when it is told to, and then tells what it has executed.
pub(crate) fn replica() {
    let Some(role) = Role::of(REPLICA) else {
        return;
    };
    let book = Arc::new(Book::default());
    let server = Server::builder()
        .service(LedgerServer::new(Arc::clone(&book)))
        .bind(&role.argument)
        .start()
        .unwrap();
    role.tell(&server.endpoints()[0]);
    assert_eq!(role.order(), "end");
    let ended = server.shutdown(Duration::from_secs(10));
    let book = book.0.lock().unwrap();
    let numbers: Vec<_> = book.iter().map(u64::to_string).collect();
    role.tell(format!("{ended:?} {}", numbers.join(",")));
    role.order();
}

struct Replica {
    process: Process,
    endpoint: String,
}

impl Replica {
    fn start(endpoint: &str) -> Self {
        let process = Process::start(REPLICA, endpoint);
        let endpoint = process.hear();
        Self { process, endpoint }
    }

    /// Ends the server in an orderly way. What it has executed is added up in `ledger`.
    fn end(&mut self, ledger: &mut HashMap<u64, u64>) {
        self.process.order("end");
        let told = self.process.hear();
        let (ended, numbers) = told.split_once(' ').unwrap_or((&told, ""));
        assert_eq!(ended, "Ok(())");
        for number in numbers.split(',').filter(|number| !number.is_empty()) {
            *ledger.entry(number.parse().unwrap()).or_default() += 1;
        }
        self.process.kill();
    }

    fn replace(&mut self, ledger: &mut HashMap<u64, u64>) {
        self.end(ledger);
        *self = Self::start(&self.endpoint);
    }
}

/// What callers have done.
#[derive(Default)]
struct Load {
    next: AtomicU64,
    over: AtomicBool,
    errors: Mutex<Vec<Error>>,
}

impl Load {
    fn number(&self) -> Option<u64> {
        let over = self.over.load(Ordering::Relaxed);
        (!over).then(|| self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn note(&self, result: Result<(), Error>) {
        self.errors.lock().unwrap().extend(result.err());
    }

    fn await_calls(&self, count: u64) {
        let enough = self.next.load(Ordering::Relaxed) + count;
        await_state("calls are under way", || {
            self.next.load(Ordering::Relaxed) >= enough
        });
    }
}

/// Ends the load on a panic too, or the scope would wait for it.
struct Over<'a>(&'a Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

fn rounds() -> u64 {
    let rounds = std::env::var("ZMQRPC_ROLLING_ROUNDS");
    rounds.map_or(3, |rounds| rounds.parse().unwrap())
}

/// Replaces both replicas, one after the other, while threads and tasks call over `client`.
fn roll(replicas: &mut [Replica], client: &Client) {
    let load = Arc::new(Load::default());
    let mut ledger = HashMap::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let tasks: Vec<_> = (0..CALLERS)
        .map(|_| {
            let calls = LedgerClient::new(AsyncClient::from(client.clone()));
            let load = Arc::clone(&load);
            runtime.spawn(async move {
                while let Some(number) = load.number() {
                    load.note(calls.enter_later(number).await);
                }
            })
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            let calls = LedgerClient::new(client.clone());
            let load = &load;
            scope.spawn(move || {
                while let Some(number) = load.number() {
                    load.note(calls.enter(number));
                }
            });
        }
        let _over = Over(&load);
        load.await_calls(1_000);
        for _ in 0..rounds() {
            for replica in &mut *replicas {
                replica.replace(&mut ledger);
                load.await_calls(100);
            }
        }
    });
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    for replica in replicas {
        replica.end(&mut ledger);
    }
    let errors = load.errors.lock().unwrap();
    let first = errors.first();
    assert!(first.is_none(), "{} errors: {first:?}", errors.len());
    let made = load.next.load(Ordering::Relaxed);
    eprintln!("{made} calls");
    let missing = (0..made).filter(|number| !ledger.contains_key(number));
    assert_eq!(
        missing.count(),
        0,
        "calls that were answered and not executed"
    );
    let twice = ledger.values().filter(|count| **count > 1);
    assert_eq!(twice.count(), 0, "calls that were executed twice");
}

fn replicas() -> [Replica; 2] {
    [(); 2].map(|()| Replica::start("tcp://127.0.0.1:*"))
}

#[test]
fn a_rolling_restart_of_two_servers_costs_no_call() {
    alone(LIMIT, || {
        let mut replicas = replicas();
        let client = Client::builder()
            .connect(&replicas[0].endpoint)
            .connect(&replicas[1].endpoint)
            .build()
            .unwrap();
        roll(&mut replicas, &client);
    });
}

#[test]
fn a_rolling_restart_behind_a_proxy_costs_no_call() {
    alone(LIMIT, || {
        let mut replicas = replicas();
        let proxy = Proxy::new(
            Rep::new().bind("tcp://127.0.0.1:*"),
            Req::new()
                .connect(&replicas[0].endpoint)
                .connect(&replicas[1].endpoint),
        )
        .start()
        .unwrap();
        let client = Client::connect(&proxy.endpoints()[0]).unwrap();
        roll(&mut replicas, &client);
    });
}

#[test]
fn a_restart_of_the_only_server_costs_time_and_no_call() {
    alone(LIMIT, || {
        let mut replicas = [Replica::start("tcp://127.0.0.1:*")];
        let client = Client::builder()
            .connect(&replicas[0].endpoint)
            .connect_timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        roll(&mut replicas, &client);
    });
}
