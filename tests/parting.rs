//! What a server answers last, its callers still get.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use support::{Gate, within};
use zmqrpc::{Client, Server, zmq_service};

#[zmq_service]
trait Ledger {
    fn book(&self, amount: u64) -> u64;
}

struct Book {
    booked: Arc<AtomicU64>,
    gate: Gate,
}

impl Ledger for Book {
    fn book(&self, amount: u64) -> u64 {
        self.gate.pass();
        self.booked.fetch_add(1, Ordering::SeqCst);
        amount
    }
}

/// Under load too: what was executed was answered, and the answer arrived. libzmq loses what it has not written when an
/// endpoint is left, and on the other side what has not been taken from it.
#[test]
fn what_was_executed_before_the_end_is_answered() {
    within(Duration::from_secs(120), || {
        let callers = 4;
        for cycle in 0..15 {
            let gate = Gate::default();
            let booked = Arc::new(AtomicU64::new(0));
            let book = Book {
                booked: Arc::clone(&booked),
                gate: gate.clone(),
            };
            let server = Server::builder()
                .service(LedgerServer::new(book))
                .bind("tcp://127.0.0.1:*")
                .start()
                .unwrap();
            let endpoint = server.endpoints().remove(0);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let calling: Vec<_> = (0..callers)
                .map(|_| {
                    let client = Client::builder().connect(&endpoint);
                    // After the end nobody listens there any more.
                    let client = client.connect_timeout(Duration::from_millis(100));
                    let client = client.build_async().unwrap();
                    let _entered = runtime.enter();
                    let tasks: Vec<_> = (0..64)
                        .map(|_| {
                            let ledger = LedgerClient::new(client.clone());
                            tokio::spawn(async move {
                                let mut answered = 0_u64;
                                while ledger.book(answered).await.is_ok() {
                                    answered += 1;
                                }
                                answered
                            })
                        })
                        .collect();
                    tasks
                })
                .collect();
            gate.await_arrivals(4);
            gate.open();
            gate.await_arrivals(20_000);
            server.shutdown(Duration::from_secs(10)).unwrap();
            let mut answered = 0;
            for task in calling.into_iter().flatten() {
                answered += runtime.block_on(task).unwrap();
            }
            assert_eq!(answered, booked.load(Ordering::SeqCst), "in cycle {cycle}");
        }
    });
}
