//! The values of options are checked.

use zmqrpc::zmq_service;

#[zmq_service(name = "", version = "2")]
trait Service {
    #[zmq(name = "math.add")]
    fn dotted(&self);
    #[zmq(name = "a b")]
    fn spaced(&self);
    #[zmq(command = "not an identifier")]
    fn command(&self);
    #[zmq(idempotent = true)]
    fn flag(&self);
    #[zmq(name)]
    fn bare(&self);
    #[zmq]
    fn none(&self);
    #[zmq(name = "add@2")]
    fn versioned(&self);
}

fn main() {}
