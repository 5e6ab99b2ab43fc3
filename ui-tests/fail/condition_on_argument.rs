//! Both ends have the same arguments.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn put(&self, key: String, #[cfg(unix)] mode: u32);
}

fn main() {}
