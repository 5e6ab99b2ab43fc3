//! A client publishes, or pushes, over a transport that gives nothing back.

use std::time::Duration;

use zmqrpc::{Command, Error, zmq_service};
use zmqrpc::pubsub::{Publisher, WithTopic};
use zmqrpc::push::{AsyncPusher, Pusher};
use zmqrpc::service::Transport;

#[zmq_service]
trait Sensor {
    fn reading(&self, number: u64);
    fn divide(&self, a: i64, b: i64) -> Result<i64, String>;
    async fn note(&self, text: &str) -> String;
}

/// Tells under which topic it would publish.
#[derive(Clone, Default)]
struct Topical(String);

impl Transport for Topical {
    type Call<R, F> = String;

    fn call<C: Command>(&self, _: &C) -> String {
        self.0.clone()
    }
}

impl WithTopic for Topical {
    fn with_topic(&self, topic: &str) -> Self {
        Self(topic.to_owned())
    }
}

fn publish(publisher: Publisher) -> Result<(), Error> {
    let sensor = SensorClient::new(publisher).with_topic("eu.");
    sensor.reading(1)?;
    sensor.divide(1, 0)?;
    sensor.with_topic("us.").note("text")
}

fn push(pusher: Pusher) -> Result<(), Error> {
    SensorClient::new(pusher)
        .with_timeout(Duration::from_millis(5))
        .divide(1, 0)
}

async fn push_later(pusher: AsyncPusher) -> Result<(), Error> {
    let sensor = SensorClient::new(pusher).with_timeout(Duration::from_millis(5));
    sensor.note("text").await
}

fn main() {
    let sensor = SensorClient::new(Topical::default());
    assert_eq!(sensor.reading(1), "");
    assert_eq!(sensor.with_topic("eu.").reading(1), "eu.");
    assert_eq!(sensor.with_topic("eu.").with_topic("us.").note("text"), "us.");

    publish(Publisher::bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    push(Pusher::bind("tcp://127.0.0.1:*").unwrap()).unwrap_err();
    let _ = push_later;
}
