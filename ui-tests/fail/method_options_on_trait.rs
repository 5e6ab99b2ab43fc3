//! Options of methods are for methods.

use zmqrpc::zmq_service;

#[zmq_service]
#[zmq(name = "math.Adder")]
trait Adder {
    fn add(&self, #[zmq(name = "left")] a: i64, b: i64) -> i64;
}

fn main() {}
