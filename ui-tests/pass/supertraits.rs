//! Supertraits of the user's stay, and those that a server needs may be among them.

use std::fmt::Display;

use zmqrpc::zmq_service;

trait Named {
    fn name(&self) -> String;
}

#[zmq_service]
trait Greeter: Named + Display + Send + 'static {
    fn greet(&self) -> String {
        format!("{self} is {}", self.name())
    }
}

struct Ada;

impl Named for Ada {
    fn name(&self) -> String {
        "Ada".to_owned()
    }
}

impl Display for Ada {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("she")
    }
}

impl Greeter for Ada {}

fn main() {
    let greeter = GreeterClient::local(Ada);
    assert_eq!(greeter.greet().unwrap(), "she is Ada");
}
