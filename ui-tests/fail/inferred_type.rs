//! Nothing is left to be inferred; rustc says so once.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn put(&self, items: Vec<_>);
}

fn main() {}
