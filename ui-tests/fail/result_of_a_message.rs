//! What is published gives nothing back.

use zmqrpc::zmq_service;
use zmqrpc::pubsub::Publisher;

#[zmq_service]
trait Sensor {
    fn reading(&self, number: u64) -> u64;
}

fn main() {
    let sensor = SensorClient::new(Publisher::bind("tcp://127.0.0.1:*").unwrap());
    let _: u64 = sensor.reading(1).unwrap();
}
