//! Commands do not clash with each other.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn slow_add(&self);
    fn slow__add(&self);
    #[zmq(command = "ServiceSlowAdd")]
    fn other(&self);
}

fn main() {}
