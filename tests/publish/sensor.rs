//! A service that passes on what is published to it, and publishers of its events.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use zmqrpc::pubsub::Publisher;
use zmqrpc::{Server, ServerBuilder, ServerHandle, zmq_service};

use super::support::Peer;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);
pub(crate) const SOON: Duration = Duration::from_secs(10);

#[zmq_service]
pub(crate) trait Sensor {
    fn reading(&self, number: u64);
    fn blob(&self, bytes: &[u8]) -> Result<u64, String>;
    async fn checked(&self, number: u64) -> bool;
}

/// Passes on what it gets.
struct Recorder(Mutex<Sender<u64>>);

impl Sensor for Recorder {
    fn reading(&self, number: u64) {
        let _ = self.0.lock().unwrap().send(number);
    }

    fn blob(&self, bytes: &[u8]) -> Result<u64, String> {
        let _ = self.0.lock().unwrap().send(bytes.len() as u64);
        Err("nobody hears this".into())
    }

    async fn checked(&self, number: u64) -> bool {
        self.0.lock().unwrap().send(number).is_ok()
    }
}

/// A server of this library, and what it has got.
pub(crate) fn server(
    settings: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> (ServerHandle, Receiver<u64>) {
    let (sender, receiver) = channel();
    let service = SensorServer::new(Recorder(Mutex::new(sender)));
    let server = settings(Server::builder().service(service));
    (server.start().unwrap(), receiver)
}

pub(crate) fn publisher() -> (SensorClient<Publisher>, String) {
    let publisher = Publisher::bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().remove(0);
    (SensorClient::new(publisher), endpoint)
}

pub(crate) fn subscriber(out: &SensorClient<Publisher>, endpoint: &str, topics: &[&str]) -> Peer {
    let before = out.transport().subscribers();
    let peer = Peer::subscribed(endpoint, topics);
    let waited = out.transport().wait_subscribers(before + 1, SOON);
    waited.unwrap();
    peer
}

pub(crate) static BLOB: [u8; 32 * 1024] = [7; 32 * 1024];
