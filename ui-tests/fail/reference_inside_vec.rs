//! An argument borrows at its top level only.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn put(&self, keys: Vec<&str>, pair: (u8, &[u8]));
}

fn main() {}
