//! An argument has a name for its type.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn show(&self, value: impl ToString) -> String;
}

fn main() {}
