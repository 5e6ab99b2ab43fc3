//! A method does not consume the service.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn close(self);
}

fn main() {}
