//! A method is not `const`.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    const fn limit(&self) -> u8;
}

fn main() {}
