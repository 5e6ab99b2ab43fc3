//! A service does not call macros for its methods.

use zmqrpc::zmq_service;

macro_rules! methods {
    () => {};
}

#[zmq_service]
trait Service {
    methods!();
}

fn main() {}
