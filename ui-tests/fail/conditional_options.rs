//! Options do not depend on a condition.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    #[cfg_attr(unix, zmq(idempotent))]
    fn add(&self);
}

fn main() {}
