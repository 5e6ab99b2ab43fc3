//! Nobody waits for a oneway method.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    #[zmq(oneway)]
    fn log(&self, line: String) -> u64;
    #[zmq(oneway)]
    fn note(&self, line: String) -> Result<(), String>;
}

fn main() {}
