//! A method takes `&self`.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn create(name: String) -> u64;
}

fn main() {}
