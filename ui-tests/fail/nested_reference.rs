//! An argument borrows once.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn put(&self, key: &&str, keys: &[&str], deep: Option<Option<&str>>);
}

fn main() {}
