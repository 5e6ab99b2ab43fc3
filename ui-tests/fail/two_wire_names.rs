//! Names on the wire do not clash.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn add(&self);
    #[zmq(name = "add")]
    fn sum(&self);
}

fn main() {}
