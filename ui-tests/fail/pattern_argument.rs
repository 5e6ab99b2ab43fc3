//! An argument is a plain name.

use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn point(&self, (x, y): (i32, i32)) -> i32 {
        x + y
    }
    fn ignored(&self, _: i32);
}

fn main() {}
