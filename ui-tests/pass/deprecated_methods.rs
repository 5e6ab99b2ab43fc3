//! Only who calls a deprecated method is warned, not who declares it.

#![deny(warnings)]

use zmqrpc::zmq_service;

#[zmq_service]
trait Calculator {
    #[deprecated(note = "use `sum`")]
    fn add(&self, a: i64, b: i64) -> i64;
    #[deprecated]
    async fn slow_add(&self, text: &str);
    #[cfg_attr(not(any()), deprecated)]
    fn older(&self);
}

#[zmq_service]
#[deprecated]
trait Old {
    fn add(&self, a: i64) -> i64;
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    async fn slow_add(&self, _: &str) {}

    fn older(&self) {}
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    #[expect(deprecated)]
    let sum = calculator.add(2, 3);
    assert_eq!(sum.unwrap(), 5);
}
