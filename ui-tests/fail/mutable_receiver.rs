//! A method does not change the service alone.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn count(&mut self) -> u64;
}

fn main() {}
