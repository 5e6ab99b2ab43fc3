//! A service has no type parameters and no lifetimes.

use zmqrpc::zmq_service;

#[zmq_service]
trait Generic<T> {
    fn put(&self, value: T);
}

#[zmq_service]
trait Borrowing<'a> {
    fn put(&self, value: &'a str);
}

fn main() {}
