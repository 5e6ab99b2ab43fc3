//! The client has methods of its own.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn connect(&self, peer: String);
    #[zmq(name = "with")]
    fn with(&self);
}

fn main() {}
