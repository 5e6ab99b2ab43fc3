//! A method is not `unsafe`.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    unsafe fn peek(&self, address: u64) -> u8;
}

fn main() {}
