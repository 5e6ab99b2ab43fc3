//! `Self` means nothing at the other end.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service: Sized {
    fn join(&self, other: Self) -> Option<Self>;
}

fn main() {}
