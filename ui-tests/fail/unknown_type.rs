//! A type that does not exist is one error, at its place.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn get(&self, key: u8) -> Missing;
}

fn main() {}
