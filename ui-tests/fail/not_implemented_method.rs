//! A service has all methods of its trait.

use zmqrpc::zmq_service;

#[zmq_service]
trait Calculator {
    fn add(&self, a: i64, b: i64) -> i64;
    async fn slow_add(&self, a: i64, b: i64) -> i64;
}

struct Desk;

impl Calculator for Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }
}

fn main() {}
