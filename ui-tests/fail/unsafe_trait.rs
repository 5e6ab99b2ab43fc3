//! A service is neither `unsafe` nor bounded by a `where` clause.

use zmqrpc::zmq_service;

#[zmq_service]
unsafe trait Unsafe {
    fn put(&self);
}

#[zmq_service]
trait Bounded
where
    Self: Sized,
{
    fn put(&self);
}

fn main() {}
