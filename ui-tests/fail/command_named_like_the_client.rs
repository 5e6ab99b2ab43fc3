//! Commands do not clash with what else is made.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn client(&self);
    fn server(&self);
}

fn main() {}
