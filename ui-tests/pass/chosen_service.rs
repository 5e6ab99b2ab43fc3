//! A service may be chosen at run time, as a trait object.

use std::sync::Arc;

use zmqrpc::{Client, Server, zmq_service};

#[zmq_service]
pub trait Greeter {
    fn greet(&self, name: &str) -> String;
}

struct English;

impl Greeter for English {
    fn greet(&self, name: &str) -> String {
        format!("hello {name}")
    }
}

struct German;

impl Greeter for German {
    fn greet(&self, name: &str) -> String {
        format!("hallo {name}")
    }
}

fn greeting(greeter: Arc<dyn Greeter>) -> String {
    let server = Server::builder()
        .service(GreeterServer::from_arc(greeter))
        .bind("tcp://127.0.0.1:*")
        .start()
        .unwrap();
    let client = Client::connect(&server.endpoints()[0]).unwrap();
    GreeterClient::new(client).greet("Ada").unwrap()
}

fn main() {
    assert_eq!(greeting(Arc::new(English)), "hello Ada");
    let boxed: Box<dyn Greeter> = Box::new(German);
    assert_eq!(greeting(Arc::from(boxed)), "hallo Ada");
    let server = GreeterServer::<dyn Greeter>::from_arc(Arc::new(German));
    assert_eq!(format!("{:?}", server.clone()), "GreeterServer { .. }");
}
