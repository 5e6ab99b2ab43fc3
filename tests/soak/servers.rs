//! Servers, each in a process: every execution is in the ledger before it is answered.

use std::sync::Arc;
use std::time::Duration;

use zmqrpc::{Server, zmq_service};

use crate::ledger::Ledger;
use crate::support::Role;

/// Each takes a number that nobody else uses, and answers it.
#[zmq_service]
pub(crate) trait Clerk {
    fn take(&self, number: u64) -> u64;
    /// Takes so long.
    fn work(&self, number: u64, micros: u64) -> u64;
    #[zmq(idempotent)]
    fn put(&self, number: u64) -> u64;
    async fn take_later(&self, number: u64, micros: u64) -> u64;
    #[zmq(oneway)]
    fn note(&self, number: u64);
    /// What a queue delivers.
    fn store(&self, number: u64);
}

struct Desk(Arc<Ledger>);

impl Desk {
    fn execute(&self, method: &str, number: u64) -> u64 {
        self.0.record(&format!("{number} {method}"));
        number
    }
}

impl Clerk for Desk {
    fn take(&self, number: u64) -> u64 {
        self.execute("take", number)
    }

    fn work(&self, number: u64, micros: u64) -> u64 {
        self.execute("work", number);
        std::thread::sleep(Duration::from_micros(micros));
        number
    }

    fn put(&self, number: u64) -> u64 {
        self.execute("put", number)
    }

    async fn take_later(&self, number: u64, micros: u64) -> u64 {
        self.execute("take_later", number);
        tokio::time::sleep(Duration::from_micros(micros)).await;
        number
    }

    fn note(&self, number: u64) {
        self.execute("note", number);
    }

    fn store(&self, number: u64) {
        self.execute("store", number);
    }
}

/// How long a stop may take.
pub(crate) const STOP: Duration = Duration::from_secs(4);

/// The process's own side: its endpoint and its ledger are its argument.
pub(crate) fn serve() {
    let Some(role) = Role::of("server_process") else {
        return;
    };
    let (endpoint, book) = role.argument.split_once(' ').unwrap();
    let server = Server::builder()
        .service(ClerkServer::new(Desk(Arc::new(Ledger::append(book)))))
        .worker_threads(4)
        .bind(endpoint)
        .start()
        .unwrap();
    role.tell(&server.endpoints()[0]);
    while role.order() != "stop" {}
    let ended = server.shutdown(STOP);
    role.tell(format!("{ended:?}"));
}
