//! Only what is published has a topic.

use zmqrpc::zmq_service;

#[zmq_service]
trait Sensor {
    fn reading(&self, number: u64);
}

struct Recorder;

impl Sensor for Recorder {
    fn reading(&self, _: u64) {}
}

fn main() {
    let sensor = SensorClient::local(Recorder);
    let _ = sensor.with_topic("eu.");
}
