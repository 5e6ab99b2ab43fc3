//! A method has no type parameters.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn show<T: ToString>(&self, value: T) -> String;
    fn sound(&self);
}

fn main() {}
