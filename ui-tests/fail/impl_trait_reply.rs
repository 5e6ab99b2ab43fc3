//! A reply has a name for its type.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn items(&self) -> impl Iterator<Item = u8>;
}

fn main() {}
