//! A service is served by itself, in an `Arc` or in a `Box`, whatever else implements the trait.

use std::sync::Arc;

use zmqrpc::zmq_service;
use zmqrpc::service::Service;

#[zmq_service]
pub trait Greeter {
    fn greet(&self, name: &str) -> String;
}

#[zmq_service]
trait Clock {
    async fn now(&self) -> u64;
}

struct English;

impl Greeter for English {
    fn greet(&self, name: &str) -> String {
        format!("hello {name}")
    }
}

impl Clock for English {
    async fn now(&self) -> u64 {
        5
    }
}

/// Everything with a word is a greeter.
trait Word: Send + Sync + 'static {
    fn word(&self) -> String;
}

impl Word for String {
    fn word(&self) -> String {
        self.clone()
    }
}

impl<W: Word> Greeter for W {
    fn greet(&self, name: &str) -> String {
        format!("{} {name}", self.word())
    }
}

fn greeting<S: Service>(server: S) -> String {
    GreeterClient::new(zmqrpc::AsyncClient::local(server))
        .with(|client| zmqrpc::Client::from(client.clone()))
        .greet("Ada")
        .unwrap()
}

fn of_any(service: impl Greeter) -> String {
    greeting(GreeterServer::new(service))
}

fn of_any_shared<S: Greeter + ?Sized>(service: Arc<S>) -> String {
    greeting(GreeterServer::new(service))
}

fn main() {
    let word = || "hallo".to_owned();
    let chosen: [Box<dyn Greeter>; 2] = [Box::new(English), Box::new(word())];
    let greetings: Vec<String> = chosen
        .into_iter()
        .map(GreeterServer::new)
        .map(greeting)
        .collect();
    assert_eq!(greetings, ["hello Ada", "hallo Ada"]);

    let shared: Arc<dyn Greeter> = Arc::new(English);
    assert_eq!(greeting(GreeterServer::new(Arc::clone(&shared))), "hello Ada");
    assert_eq!(greeting(GreeterServer::from(Arc::clone(&shared))), "hello Ada");
    assert_eq!(of_any_shared(shared), "hello Ada");
    assert_eq!(of_any_shared(Arc::new(word())), "hallo Ada");
    assert_eq!(of_any(word()), "hallo Ada");
    assert_eq!(greeting(GreeterServer::new(Arc::new(English))), "hello Ada");
    assert_eq!(greeting(GreeterServer::new(Box::new(English))), "hello Ada");
    assert_eq!(greeting(GreeterServer::<String>::new(word())), "hallo Ada");

    let clock = Arc::new(English);
    assert_eq!(ClockClient::local(Arc::clone(&clock)).now().unwrap(), 5);
    assert_eq!(ClockClient::local(clock).now().unwrap(), 5);
    assert_eq!(ClockClient::local(English).now().unwrap(), 5);
}
