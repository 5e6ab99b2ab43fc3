//! The attribute is for traits.

use zmqrpc::zmq_service;

#[zmq_service]
struct Desk;

#[zmq_service]
impl Desk {
    fn add(&self, a: i64, b: i64) -> i64 {
        a + b
    }
}

fn main() {
    // The items are still there.
    Desk.add(1, 2);
}
