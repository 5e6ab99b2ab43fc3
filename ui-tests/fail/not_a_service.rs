//! Only what implements the trait can be served.

use zmqrpc::zmq_service;

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;
}

struct Desk;

fn main() {
    let _ = CalculatorClient::local(Desk);
}
