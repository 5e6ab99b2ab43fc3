//! A timeout is a number and a unit.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    #[zmq(timeout = "soon")]
    fn word(&self);
    #[zmq(timeout = "0s")]
    fn zero(&self);
    #[zmq(timeout = "1.5s")]
    fn fraction(&self);
    #[zmq(timeout = 500)]
    fn number(&self);
}

fn main() {}
