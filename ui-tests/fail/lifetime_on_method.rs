//! A method has no lifetimes of its own.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn show<'a>(&self, text: &'a str) -> String;
}

fn main() {}
