//! Servers spawn `async` methods, so their futures are `Send`.

use std::rc::Rc;

use zmqrpc::zmq_service;

#[zmq_service]
trait Sleeper {
    async fn sleep(&self) -> u8;
}

struct Desk;

impl Sleeper for Desk {
    async fn sleep(&self) -> u8 {
        let number = Rc::new(1);
        std::future::ready(()).await;
        *number
    }
}

fn main() {}
