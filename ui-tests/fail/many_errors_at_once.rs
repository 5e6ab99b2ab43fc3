//! Every mistake is reported, each at its place, and none of their uses.

use zmqrpc::zmq_service;

#[zmq_service(nam = "math.Calculator")]
trait Calculator {
    fn sound(&self, a: i64) -> i64;
    fn nested(&self, items: Vec<&str>, text: &'static str) -> i64;
    #[zmq(timeout = "soon")]
    async fn late(&self) -> i64;
    fn generic<T>(&mut self, value: T);
    fn borrowed(&self) -> &str;
    type Item;
}

struct Desk;

impl Calculator for Desk {
    fn sound(&self, a: i64) -> i64 {
        a
    }

    fn nested(&self, _: Vec<&str>, _: &'static str) -> i64 {
        0
    }

    async fn late(&self) -> i64 {
        0
    }

    fn generic<T>(&mut self, _: T) {}

    fn borrowed(&self) -> &str {
        ""
    }

    type Item = u8;
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    let _: i64 = calculator.sound(1).unwrap();
    let _: i64 = calculator.nested(vec![], "").unwrap();
    let _: i64 = calculator.late().unwrap();
    let _ = CalculatorServer::new(Desk);
}
