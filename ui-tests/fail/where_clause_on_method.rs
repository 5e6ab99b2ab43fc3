//! A method has no `where` clause.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn show(&self) -> String
    where
        Self: Sized;
}

fn main() {}
