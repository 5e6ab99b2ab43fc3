//! An option is given once.

use zmqrpc::zmq_service;

#[zmq_service(version = 1, version = 2)]
trait Service {
    #[zmq(name = "a", name = "b")]
    #[zmq(idempotent)]
    #[zmq(idempotent)]
    fn add(&self);
}

fn main() {}
