//! What an `Arc` holds has to implement the trait as well.

use std::sync::Arc;

use zmqrpc::zmq_service;

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;
}

struct Desk;

fn main() {
    let _ = CalculatorServer::new(Desk);
    let _ = CalculatorServer::new(Arc::new(Desk));
}
