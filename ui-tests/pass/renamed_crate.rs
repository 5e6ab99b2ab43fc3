//! The runtime is found where `crate = ..` says.

mod rpc {
    pub(crate) mod reexported {
        pub(crate) use zmqrpc::*;
    }
}

use rpc::reexported::zmq_service;

#[zmq_service(crate = crate::rpc::reexported)]
trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;
    fn divide(&self, a: i64, b: i64) -> Result<i64, String>;
    async fn slow_add(&self, text: &str, bytes: Vec<u8>) -> i64;
}

#[derive(rpc::reexported::Command, serde::Serialize, serde::Deserialize)]
#[command(reply = u8, crate = rpc::reexported)]
struct Next(u8);

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }

    fn divide(&self, a: i64, b: i64) -> Result<i64, String> {
        a.checked_div(b)
            .ok_or_else(|| "division by zero".to_owned())
    }

    async fn slow_add(&self, text: &str, bytes: Vec<u8>) -> i64 {
        (text.len() + bytes.len()) as i64
    }
}

fn main() {
    let calculator = CalculatorClient::local(Desk);
    assert_eq!(calculator.add(2, 3).unwrap(), 5);
    assert!(calculator.divide(2, 0).is_err());
    assert_eq!(calculator.slow_add("a", vec![1]).unwrap(), 2);
    assert_eq!(Next(1).0, 1);
}
