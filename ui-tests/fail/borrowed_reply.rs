//! A reply owns what it holds.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn name(&self) -> &str;
    fn names(&self) -> Result<Vec<&str>, String>;
}

fn main() {}
