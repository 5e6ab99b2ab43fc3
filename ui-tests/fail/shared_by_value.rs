//! What is behind a pointer is served by `from_arc`.

use std::sync::Arc;

use zmqrpc::zmq_service;

#[zmq_service]
trait Greeter {
    fn greet(&self) -> String;
}

struct English;

impl Greeter for English {
    fn greet(&self) -> String {
        "hello".to_owned()
    }
}

fn main() {
    let english = Arc::new(English);
    let _ = GreeterServer::new(english);
    let chosen: Box<dyn Greeter> = Box::new(English);
    let _ = GreeterServer::new(chosen);
}
