//! An unknown option is no typo that goes unnoticed.

use zmqrpc::zmq_service;

#[zmq_service(nme = "Adder", version = 2)]
trait Service {
    #[zmq(nam = "sum", idempotent)]
    fn add(&self);
}

fn main() {}
