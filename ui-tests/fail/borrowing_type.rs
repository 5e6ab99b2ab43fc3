//! Only `&` borrows.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn put(&self, key: std::borrow::Cow<'_, str>);
}

fn main() {}
