//! A service may be in use elsewhere while it is served, and be served more than once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zmqrpc::zmq_service;
use zmqrpc::service::Service;

#[zmq_service]
trait Counter {
    fn count(&self) -> u64;
}

#[derive(Default)]
struct Counted(AtomicU64);

impl Counter for Counted {
    fn count(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

fn served<S: Service>(_: &S) -> &'static str {
    S::NAME
}

fn main() {
    let counted = Arc::new(Counted::default());
    let server = CounterServer::from_arc(Arc::clone(&counted));
    assert_eq!(served(&server.clone()), "Counter");
    assert_eq!(served(&CounterServer::new(Counted::default())), "Counter");
    assert_eq!(format!("{server:?}"), "CounterServer { .. }");
    assert_eq!(counted.count(), 0);
    assert_eq!(Arc::strong_count(&counted), 2);
}
