//! An argument is no trait object.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn show(&self, value: &dyn ToString) -> String;
}

fn main() {}
