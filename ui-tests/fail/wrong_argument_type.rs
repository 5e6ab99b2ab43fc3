//! The client has the argument types of the trait.

use zmqrpc::zmq_service;

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, text: &str) -> i64;
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, _: &str) -> i64 {
        a
    }
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    let _ = calculator.add("one", "two");
}
