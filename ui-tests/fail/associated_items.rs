//! A service has methods only.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    type Item;
    const LIMIT: u8;
    fn sound(&self);
}

fn main() {}
