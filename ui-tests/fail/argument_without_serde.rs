//! An argument says what it lacks to travel, at its place.

use zmqrpc::zmq_service;

struct Bare;

#[zmq_service]
trait Service {
    fn put(&self, count: u8, bare: Bare);
}

fn main() {}
