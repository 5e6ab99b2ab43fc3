//! The context is lent.

use zmqrpc::CallContext;
use zmqrpc::zmq_service;

#[zmq_service]
trait Service {
    fn who(&self, cx: CallContext) -> String;
}

fn main() {}
