//! The context comes first.

use zmqrpc::CallContext;
use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn who(&self, verbose: bool, cx: &CallContext) -> String;
}

fn main() {}
