//! Nothing travels back but the reply.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn fill(&self, buffer: &mut Vec<u8>);
}

fn main() {}
