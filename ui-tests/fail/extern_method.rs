//! A method is not `extern`.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    extern "C" fn peek(&self) -> u8;
}

fn main() {}
