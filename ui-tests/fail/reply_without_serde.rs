//! A reply says what it lacks to travel, at its place.

use zmqrpc::zmq_service;

struct Bare;

#[zmq_service]
trait Service {
    fn get(&self) -> Bare;
}

fn main() {}
