//! A method takes `&self` and nothing like it.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn share(self: std::sync::Arc<Self>);
}

fn main() {}
