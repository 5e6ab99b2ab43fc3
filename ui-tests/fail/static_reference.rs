//! An argument is not borrowed for ever.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn put(&self, key: &'static str);
}

fn main() {}
